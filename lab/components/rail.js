// Where one is among the chapters, what was touched and where one left (kept in this browser), and a lecturer's keys.
const TOUCHED = "nade-lab-touched", LAST = "nade-lab-last";

function remembered(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise; // private windows may keep nothing
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    return;
  }
}

const TEXT = "textarea, select, [contenteditable], [role=combobox], [role=listbox], input:not([type=range], [type=radio], [type=checkbox])";
const MOVED = "input, [role=slider], [role=radiogroup], [role=application]";

function typing(node) {
  return node?.closest?.(`${TEXT}, ${MOVED}`);
}

function blank(label) {
  const old = document.getElementById("nade-blank");
  if (old) return old.remove();
  const sheet = document.createElement("div");
  sheet.id = "nade-blank";
  sheet.setAttribute("role", "img");
  sheet.setAttribute("aria-label", label);
  sheet.style.cssText = "position:fixed;inset:0;background:#000;z-index:1000000";
  sheet.onclick = () => sheet.remove();
  document.body.append(sheet);
}

function list(keys) {
  return keys.flatMap(([key, meaning]) => [["kbd", key], ["span", meaning]].map(([tag, text]) => {
    const node = document.createElement(tag);
    node.textContent = text;
    return node;
  }));
}

let arrived = true; // until the first step is left, one may go on from where one left
let listening = new AbortController(); // called again with new data, a component's cleanup is not called before

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const { chapters, chapter, steps, step, words, hall } = data;
  const find = (selector) => parentElement.querySelector(selector);
  const place = chapters.findIndex((one) => one.id === chapter), seen = new Set(remembered(TOUCHED, []));
  const go = (to) => setStateValue("go", [to, Date.now()]); // a trigger would be lost with a run that is broken off
  const where = words.where.replace("{n}", chapters[place].place).replace("{all}", chapters.length)
    .replace("{step}", step + 1).replace("{steps}", steps);
  const first = place === 0 && step === 0, last = place === chapters.length - 1 && step === steps - 1;
  find("nav").setAttribute("aria-label", `${words.lesson}: ${where}`);
  find("nav").classList.toggle("hall", hall);
  for (const [name, ends] of [["back", first], ["next", last && hall]]) {
    const button = find(`.${name}`), said = name === "next" && last && !hall ? words.lab : words[name];
    button.querySelector(".said").textContent = said;
    button.setAttribute("aria-label", said);
    button.disabled = ends;
    button.onclick = () => go(name);
  }
  goOn();
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

  // At the beginning of the lesson: on from where one left, by one touch. Everywhere else: where one is, for later.
  function goOn() {
    const left = remembered(LAST, null), one = chapters.find(({ id }) => id === left?.chapter);
    const offered = arrived && first && one && (one.id !== chapter || left.step > 0);
    find(".onward").hidden = !offered;
    if (offered) {
      find(".onward").textContent = words.on.replace("{place}", one.place).replace("{title}", one.title);
      find(".onward").onclick = () => go(`${one.id}:${left.step}`);
    } else {
      arrived = false;
      remember(LAST, { chapter, step });
    }
  }

  function close() {
    const open = document.getElementById("nade-blank") ?? (find(".keys").hidden ? null : find(".keys"));
    if (open?.id) open.remove();
    else if (open) open.hidden = true;
    return open;
  }

  const main = document.querySelector('[data-testid="stMain"]') ?? document.body;
  const used = (event) => {
    if (event.composedPath().includes(find("nav"))) return;
    remember(TOUCHED, [...new Set(remembered(TOUCHED, [])).add(chapter)]);
  };
  // Before a hall, what was moved by hand gives the keys back: the presenter's clicker goes on to the next step.
  const released = (event) => {
    const node = event.composedPath()[0];
    if (hall && !node.closest?.(TEXT)) setTimeout(() => {
      let at = document.activeElement;
      while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
      if (at?.closest?.(MOVED) && !at.closest(TEXT)) at.blur();
    });
  };
  const keys = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || typing(event.composedPath()[0])) return;
    if (document.querySelector('[role="dialog"]') || (event.buttons ?? 0)) return;
    const actions = {
      ArrowRight: () => go("next"), PageDown: () => go("next"), ArrowLeft: () => go("back"), PageUp: () => go("back"),
      p: () => go("present"), b: () => blank(words.blank), ".": () => blank(words.blank), Escape: close,
      f: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
      "?": () => { find(".keys").replaceChildren(...list(words.keys)); find(".keys").hidden = !find(".keys").hidden; },
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || (event.key !== "Escape" && document.getElementById("nade-blank") && close())) return;
    event.preventDefault();
    action();
  };
  listening.abort();
  const mine = (listening = new AbortController()), { signal } = mine;
  document.addEventListener("keydown", keys, { signal });
  document.addEventListener("pointerup", released, { signal });
  main.addEventListener("change", used, { capture: true, signal });
  main.addEventListener("click", used, { capture: true, signal });
  return () => mine.abort();
}
