// Every chart can be taken along: on its bar stand PNG, SVG and CSV. Plotly's own button for a PNG does the drawing.
const MARK = "\uFEFF"; // so that spreadsheets read Hangul

const NEAR = 3; // pixels that the boxes of two names may share: there are no letters at a box's edge
const QUOTE = String.fromCharCode(34);

function titleOf(axis, letter) {
  return (axis?.title?.text ?? "").replace(/<[^>]*>/g, " ").trim() || letter;
}

function quoted(value) {
  const text = value === undefined || value === null ? "" : String(value);
  return [QUOTE, ",", "\n"].some((mark) => text.includes(mark)) ? ["", text.replaceAll(QUOTE, QUOTE + QUOTE), ""].join(QUOTE) : text;
}

// The rows of a trace: a grid has a value for each pair of x and y, anything else for each place along them.
function rowsOf(trace) {
  const { name = "", x, y, z, text } = trace;
  if (z) return [...z].flatMap((row, i) => [...row].map((value, j) => [name, x?.[j] ?? j, y?.[i] ?? i, value]));
  const length = Math.max(x?.length ?? 0, y?.length ?? 0);
  return Array.from({ length }, (_, i) => [name, x?.[i], y?.[i] ?? trace.y0, Array.isArray(text) ? text[i] : ""]);
}

export function csv(plot) {
  const { xaxis, yaxis } = plot._fullLayout, traces = plot._fullData.filter((trace) => trace.visible === true);
  const head = ["", titleOf(xaxis, "x"), titleOf(yaxis, "y"), ""];
  return [head, ...traces.flatMap(rowsOf)].map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

function save(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "text/csv" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function take(plot, native, kind) {
  const options = plot._context.toImageButtonOptions;
  if (kind === "csv") return save(`${options.filename}.csv`, MARK + csv(plot));
  options.format = kind;
  native.click();
}

function furnish(bar, label) {
  const native = bar.querySelector(".modebar-btn:not(.nade-take)"), plot = bar.closest(".js-plotly-plot");
  if (!native || !plot?._context) return;
  for (const old of bar.querySelectorAll(".nade-take")) old.remove();
  native.style.display = "none";
  for (const kind of ["png", "svg", "csv"]) {
    const button = document.createElement("button");
    button.type = "button";
    button.classList.add("modebar-btn", "nade-take");
    button.textContent = kind.toUpperCase();
    button.setAttribute("aria-label", label.replace("{kind}", kind.toUpperCase()));
    button.onclick = () => take(plot, native, kind);
    native.parentNode.append(button);
  }
  if (!bar.dataset.label) plot.on("plotly_afterplot", () => clear(plot));
  clear(plot);
  bar.dataset.label = label;
}

// Of names that cover each other one is left, the last drawn: the others are said where one points.
export function clear(plot) {
  const kept = [];
  for (const name of [...plot.querySelectorAll(".textpoint>text")].reverse()) {
    const box = name.getBoundingClientRect();
    const wide = (other) => Math.min(box.right, other.right) - Math.max(box.left, other.left);
    const high = (other) => Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
    const covered = kept.some((other) => wide(other) > NEAR && high(other) > NEAR);
    name.style.visibility = covered ? "hidden" : "";
    if (!covered) kept.push(box);
  }
}

function furnishAll(label) {
  for (const bar of document.querySelectorAll(".js-plotly-plot .modebar")) {
    if (bar.dataset.label !== label || !bar.querySelector(".nade-take")) furnish(bar, label);
  }
}

function isDark(app) {
  const [red, green, blue] = getComputedStyle(app).backgroundColor.match(/\d+/g).map(Number);
  return red + green + blue < 384;
}

let observing, waiting, next; // called again with new data, a component's cleanup is not called before

export default function (component) {
  const { data, setTriggerValue } = component, app = document.querySelector('[data-testid="stApp"]');
  let asked = data.dark;
  const look = () => {
    clearTimeout(waiting);
    next = 0;
    furnishAll(data.label);
    if (isDark(app) === asked) return;
    if (!window.wordKeeper?.calm()) return (waiting = setTimeout(look, 100));
    asked = !asked; // light and dark were switched in the browser, and charts are coloured on the server
    setTriggerValue("dark", asked);
  };
  const soon = () => { next ||= requestAnimationFrame(look); }; // once a frame: it asks for a style, which is computed anew
  observing?.disconnect();
  cancelAnimationFrame(next);
  const observer = (observing = new MutationObserver(soon));
  observer.observe(document.body, { subtree: true, childList: true });
  observer.observe(app, { attributes: true, attributeFilter: ["class"] });
  app.ontransitionend = soon; // where colours fade, they are the new ones only then
  look();
  return () => {
    app.ontransitionend = null;
    clearTimeout(waiting);
    cancelAnimationFrame(next);
    observer.disconnect();
  };
}
