// An image that is revealed pixel by pixel, and p(y | x_<=i) of every class at each i: the whole path came with the
// page, so that the slider answers at once. First the viewer taps the class that it is; then the model's mind is shown.
const UNKNOWN = [70, 78, 90, 255], ON = [255, 255, 255, 255], OFF = [0, 0, 0, 255], NEXT = [213, 94, 0, 255];
const LEAD = "#d55e00", OTHER = "#8a94a0";

function fill(text, facts) {
  return text.replace(/\{(\w+)\}/g, (gap, name) => facts[name] ?? gap);
}

function element(name, className, text = "") {
  return Object.assign(document.createElement(name), { className, textContent: text });
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".reveal"), find = (selector) => root.querySelector(selector);
  const { bits, ordering, path, names, truth, words } = data, n = ordering.length;
  const state = (root.state ??= { timer: null });
  const range = find("input"), fresh = state.image !== data.image;
  if (fresh) stop();
  if (fresh || (data.i !== state.told && data.i !== state.heard)) state.i = data.i;
  state.heard = data.i;
  if (fresh || data.guess !== state.answered) state.guess = data.guess;
  state.answered = data.guess;
  state.image = data.image;

  const rows = names.map((name, k) => {
    const row = element("button", "row"), well = element("span", "well"), bar = element("div", "fill");
    const parts = [element("span", "name", name), well, element("span", "value")];
    row.type = "button";
    well.append(bar);
    row.append(...parts);
    row.onclick = () => guess(k);
    return { row, bar, name: parts[0], value: parts[2] };
  });
  find(".classes").replaceChildren(...rows.map(({ row }) => row));
  find(".classes").setAttribute("aria-label", words.classes);

  function draw() {
    const context = find(".image").getContext("2d"), pixels = context.createImageData(28, 28);
    ordering.forEach((at, j) => pixels.data.set(j < state.i ? (bits[at] === "1" ? ON : OFF) : j === state.i ? NEXT : UNKNOWN, 4 * at));
    context.putImageData(pixels, 0, 0);
    find(".image").setAttribute("aria-label", fill(words.known, { i: state.i, n }));
  }
  function show() {
    const open = state.guess >= 0, p = path[state.i], lead = p.indexOf(Math.max(...p));
    draw();
    range.value = state.i;
    range.setAttribute("aria-valuetext", fill(words.known, { i: state.i, n }));
    find("output").textContent = `i = ${state.i}`;
    rows.forEach(({ row, bar, name, value }, k) => {
      row.disabled = open;
      row.classList.toggle("lead", open && k === lead && state.i > 0);
      bar.style.width = open ? `${100 * p[k]}%` : "0";
      value.textContent = open ? p[k].toFixed(3) : "?";
      const marks = [k === state.guess ? words.you : "", open && k === truth ? words.truth : ""].filter(Boolean);
      name.textContent = names[k] + (open && marks.length ? ` ${(k === state.guess ? "\u25C6" : "") + (k === truth ? "\u2713" : "")}` : "");
      row.setAttribute("aria-label", [names[k], ...marks, open ? `p = ${p[k].toFixed(3)}` : words.choose].join(", "));
    });
    find(".lines").hidden = !open;
    if (open) lines(lead);
    find(".told").textContent = open ? words.legend : words.ask;
  }
  function lines() {
    const canvas = find(".lines"), scale = devicePixelRatio || 1, wide = canvas.clientWidth, tall = canvas.clientHeight;
    if (canvas.width !== Math.round(wide * scale)) [canvas.width, canvas.height] = [Math.round(wide * scale), Math.round(tall * scale)];
    const look = getComputedStyle(root), ink = look.color, size = Math.max(12, parseFloat(look.getPropertyValue("--least")) || 0);
    const c = canvas.getContext("2d"), left = 18 + size, x = (i) => left + ((wide - left - 6) * i) / n, y = (p) => 6 + (tall - 12 - size) * (1 - p);
    const last = path[n].indexOf(Math.max(...path[n]));
    c.setTransform(scale, 0, 0, scale, 0, 0);
    c.clearRect(0, 0, wide, tall);
    Object.assign(c, { font: `${size}px ${look.fontFamily}`, fillStyle: ink, strokeStyle: ink, lineWidth: 1 });
    for (const p of [0, 1]) c.fillText(String(p), 12, y(p) + size / 3);
    for (const i of [0, 196, 392, 588, 784]) {
      c.textAlign = i === n ? "right" : "center";
      c.fillText(String(i), x(i), tall - 2);
    }
    c.textAlign = "left";
    c.strokeRect(x(0), y(1), x(n) - x(0), y(0) - y(1));
    const stroke = (k, colour, width, dash = []) => {
      c.beginPath();
      Object.assign(c, { strokeStyle: colour, lineWidth: width });
      c.setLineDash(dash);
      path.forEach((p, i) => c.lineTo(x(i), y(p[k])));
      c.stroke();
    };
    names.forEach((_, k) => { if (k !== last && k !== truth) stroke(k, OTHER, 1); });
    if (truth !== last) stroke(truth, "#0072b2", 2.5, [6, 4]);
    stroke(last, LEAD, 2.5);
    c.setLineDash([]);
    c.beginPath();
    Object.assign(c, { strokeStyle: ink, lineWidth: 2 });
    c.moveTo(x(state.i), y(1));
    c.lineTo(x(state.i), y(0));
    c.stroke();
    canvas.setAttribute("aria-label", fill(words.lines, { name: names[last] }));
  }
  function tell() {
    if (state.told === state.i) return;
    state.told = state.i;
    setTriggerValue("at", state.i);
  }
  function guess(k) {
    if (state.guess >= 0) return;
    stop();
    state.guess = k;
    show();
    label();
    setTriggerValue("guess", { k, i: state.i });
  }
  function label() {
    find(".play").textContent = state.timer === null ? "\u25B6" : "\u275A\u275A";
    find(".play").setAttribute("aria-label", state.timer === null ? words.play : words.pause);
  }
  function stop() {
    cancelAnimationFrame(state.timer);
    state.timer = null;
  }
  function play() {
    if (state.i >= n) state.i = 0;
    let last = performance.now(), owed = 0;
    const tick = (now) => {
      if (!root.isConnected) return stop();
      owed += ((now - last) / 1000) * 110;
      last = now;
      const whole = Math.floor(owed);
      owed -= whole;
      state.i = Math.min(n, state.i + whole);
      if (whole) state.show();
      if (state.i < n) state.timer = requestAnimationFrame(tick);
      else { stop(); state.label(); state.tell(); }
    };
    state.timer = requestAnimationFrame(tick);
  }

  Object.assign(state, { show, label, tell }); // what is playing goes on with the words of this run
  range.setAttribute("aria-label", words.slider);
  range.oninput = () => { stop(); state.i = Number(range.value); show(); label(); };
  range.onchange = tell;
  find(".play").onclick = () => {
    if (state.timer === null) play();
    else { stop(); tell(); }
    label();
  };
  show();
  label();
}
