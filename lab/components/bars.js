// Probabilities as bars that one drags, with mouse, finger or keys; they always sum to 1. What is dragged is shown at
// once by the rule of the page, and sent when it is let go: the page answers with its own numbers.
function dragged(values, i, value, free) {
  const p = [...values], others = p.map((_, j) => j).filter((j) => j !== i && j < free);
  const last = free < p.length ? p.length - 1 : -1;
  const total = others.reduce((sum, j) => sum + p[j], 0);
  if (last >= 0) {
    if (total > 1 - value) for (const j of others) p[j] *= (1 - value) / total;
    p[i] = value;
    p[last] = Math.max(0, 1 - p.reduce((sum, v, j) => (j === last ? sum : sum + v), 0));
  } else {
    for (const j of others) p[j] = total > 0 ? (p[j] * (1 - value)) / total : (1 - value) / others.length;
    p[i] = value;
  }
  return p;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { names, free, marks, top, colours, label, tall, decimals, locked } = data;
  const root = parentElement.querySelector(".bars");
  root.setAttribute("aria-label", label);
  root.style.setProperty("--tall", tall);
  let values = data.values;
  const bars = values.map((_, i) => {
    const bar = document.createElement("div"), well = document.createElement("div");
    const fill = document.createElement("div"), value = document.createElement("div"), name = document.createElement("div");
    const still = i >= free;
    bar.className = "bar";
    bar.classList.toggle("still", still);
    bar.style.setProperty("--bar", colours[i % colours.length]);
    [well.className, fill.className, value.className, name.className] = ["well", "fill", "value", "name"];
    name.textContent = names[i];
    well.append(fill);
    for (const { values: at, colour, title } of marks) {
      const mark = document.createElement("div");
      mark.className = "mark";
      mark.title = title;
      mark.style.setProperty("--mark", colour);
      mark.style.bottom = `${(100 * at[i]) / top}%`;
      well.append(mark);
    }
    bar.append(value, well, name);
    if (locked) bar.classList.add("locked");
    else if (!still) {
      well.tabIndex = 0;
      well.setAttribute("role", "slider");
      well.setAttribute("aria-valuemin", 0);
      well.setAttribute("aria-valuemax", 1);
      well.setAttribute("aria-label", names[i]);
      const at = (event) => {
        const box = well.getBoundingClientRect();
        return Math.min(1, Math.max(0, (top * (box.bottom - event.clientY)) / box.height));
      };
      let from = null;
      well.onpointerdown = (event) => { well.setPointerCapture(event.pointerId); from = data.values; show(dragged(from, i, at(event), free)); };
      well.onpointermove = (event) => { if (from) show(dragged(from, i, at(event), free)); };
      well.onpointerup = (event) => { if (from) { from = null; send(i, at(event)); } };
      well.onpointercancel = () => { from = null; show(data.values); };
      well.onkeydown = (event) => {
        const step = { ArrowUp: 0.01, ArrowDown: -0.01, PageUp: 0.1, PageDown: -0.1 }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        const to = Math.min(1, Math.max(0, values[i] + step));
        show(dragged(values, i, to, free));
        send(i, to);
      };
    }
    return { bar, well, fill, value };
  });
  function send(i, value) {
    setTriggerValue("drag", { i, value: Math.round(value * 1000) / 1000 });
  }
  function show(next) {
    values = next;
    bars.forEach(({ well, fill, value }, i) => {
      fill.style.height = `${Math.min(100, (100 * next[i]) / top)}%`;
      value.textContent = next[i].toFixed(decimals);
      if (i < free) well.setAttribute("aria-valuenow", next[i].toFixed(decimals));
    });
  }
  const focused = [...root.querySelectorAll(".well")].indexOf(parentElement.activeElement ?? root.getRootNode().activeElement);
  root.replaceChildren(...bars.map(({ bar }) => bar));
  if (focused >= 0) bars[focused]?.well.focus();
  show(values);
}
