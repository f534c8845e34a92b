// Where one is among the chapters, what was touched (kept in this browser), and the keys of a lecturer.
const KEPT = "nade-lab-touched";

function touched() {
  try {
    return new Set(JSON.parse(localStorage.getItem(KEPT) ?? "[]"));
  } catch {
    return new Set(); // private windows may keep nothing
  }
}

function touch(id) {
  const all = touched().add(id);
  try {
    localStorage.setItem(KEPT, JSON.stringify([...all]));
  } catch {
    return;
  }
}

function typing(node) {
  return node?.closest?.("input, textarea, select, [contenteditable], [role=slider], [role=combobox], [role=radiogroup], [role=listbox]");
}

function blank() {
  const old = document.getElementById("nade-blank");
  if (old) return old.remove();
  const sheet = document.createElement("div");
  sheet.id = "nade-blank";
  sheet.style.cssText = "position:fixed;inset:0;background:#000;z-index:1000000";
  sheet.onclick = () => sheet.remove();
  document.body.append(sheet);
}

let listening = new AbortController(); // called again with new data, a component's cleanup is not called before

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { chapters, chapter, steps, step, words } = data;
  const find = (selector) => parentElement.querySelector(selector);
  const place = chapters.findIndex((one) => one.id === chapter), seen = touched();
  const go = (to) => setTriggerValue("go", to);
  const where = words.where.replace("{n}", chapters[place].place).replace("{all}", chapters.length)
    .replace("{step}", step + 1).replace("{steps}", steps);
  find("nav").setAttribute("aria-label", `${words.lesson}: ${where}`);
  find(".back").textContent = `\u2190 ${words.back}`;
  find(".next").textContent = `${words.next} \u2192`;
  find(".back").disabled = place === 0 && step === 0;
  find(".next").disabled = place === chapters.length - 1 && step === steps - 1;
  find(".back").onclick = () => go("back");
  find(".next").onclick = () => go("next");
  find("ol").replaceChildren(...chapters.map((one, i) => {
    const item = document.createElement("li"), button = document.createElement("button");
    const dot = document.createElement("span"), name = document.createElement("span");
    button.type = "button";
    button.title = one.title;
    button.setAttribute("aria-label", `${one.place}. ${one.title}${seen.has(one.id) ? `, ${words.touched}` : ""}`);
    dot.className = "dot";
    dot.textContent = seen.has(one.id) && i !== place ? "\u2713" : one.place;
    name.className = "name";
    name.textContent = one.short;
    button.append(dot, name);
    item.classList.toggle("touched", seen.has(one.id));
    if (i === place) {
      item.className = "here";
      button.setAttribute("aria-current", "step");
      const marks = document.createElement("span");
      marks.className = "steps";
      marks.append(...Array.from({ length: steps }, (_, k) => Object.assign(document.createElement("i"), { className: k <= step ? "on" : "" })));
      if (steps > 1) button.append(marks);
    }
    button.onclick = () => { if (i !== place) go(one.id); };
    item.append(button);
    return item;
  }));

  const main = document.querySelector('[data-testid="stMain"]') ?? document.body;
  const used = (event) => { if (!event.composedPath().includes(find("nav"))) touch(chapter); };
  const keys = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || typing(event.composedPath()[0])) return;
    const actions = {
      ArrowRight: () => go("next"), PageDown: () => go("next"), ArrowLeft: () => go("back"), PageUp: () => go("back"),
      p: () => go("present"), b: blank, ".": blank,
      f: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
      "?": () => { find(".keys").textContent = words.keys; find(".keys").hidden = !find(".keys").hidden; },
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  listening.abort();
  const mine = (listening = new AbortController()), { signal } = mine;
  document.addEventListener("keydown", keys, { signal });
  main.addEventListener("change", used, { capture: true, signal });
  main.addEventListener("click", used, { capture: true, signal });
  return () => mine.abort();
}
