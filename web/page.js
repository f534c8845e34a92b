/** What the components of a page share: one engine for the tab, pictures of 28 x 28 cells, and words with gaps. */

import { NadeFault } from "./nade.js";
import { connect } from "./remote.js";

const engines = new Map(); // by the address of the model: the weights come once

/**
 * {call, card} of the model at an address, where call asks the worker as remote.js says; NadeFault where the engine or
 * the model does not come.
 */
export function engine(address) {
  if (!engines.has(address)) {
    const starting = start(address);
    starting.catch(() => engines.delete(address)); // the next one tries again
    engines.set(address, starting);
  }
  return engines.get(address);
}

async function start(address) {
  if (typeof Worker === "undefined") throw new NadeFault("The engine does not start in this browser.");
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const call = connect(worker);
  try {
    return { call, card: await call("load", new URL(address, location.href).href) };
  } catch (fault) {
    worker.terminate();
    throw fault;
  }
}

const CIVIDIS = [[0, 34, 78], [53, 69, 108], [124, 123, 120], [188, 175, 111], [254, 232, 56]];
export const ON = [255, 255, 255], OFF = [0, 0, 0], UNKNOWN = [70, 78, 90], HERE = [213, 94, 0];

/** The colour of a value from 0 to 1. */
export function heat(value) {
  const at = Math.min(Math.max(value, 0), 0.9999) * (CIVIDIS.length - 1), i = Math.floor(at), f = at - i;
  return CIVIDIS[i].map((v, k) => Math.round(v + f * (CIVIDIS[i + 1][k] - v)));
}

/** The colour of a signed value, with that of 0 in the middle of the scale, which ends at -most and most. */
export const signed = (value, most) => heat(0.5 + (0.5 * value) / most);

/** Fill a canvas, as many pixels wide and high as it says, by the colour of each. */
export function paint(canvas, colour) {
  const { width, height } = canvas, context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  for (let k = 0; k < width * height; k++) pixels.data.set([...colour(k), 255], 4 * k);
  context.putImageData(pixels, 0, 0);
}

/** A text with its gaps filled. */
export const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (gap, name) => facts[name] ?? gap);

/** A number with its sign; a minus as long as a plus. */
export const number = (value, digits) => value.toFixed(digits).replace(/^-(?=[0.]+$)/, "").replace("-", "\u2212"); // no minus zero

/** A fault in the reader's words, `faults` by id; one that nobody wrote is told as the engine's own. */
export const tell = (fault, faults) => fill(faults[fault.id] ?? fault.message, fault.facts ?? {});

/** The share of the sorted reference below the value, ties counted half, in percent. */
export function percentile(value, reference) {
  let below = 0, equal = 0;
  for (const other of reference) other < value ? below++ : other === value && equal++;
  return (100 * (below + equal / 2)) / reference.length;
}

/** Whether the reader asks for less motion. */
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The cell [row, column] of 28 x 28 under a pointer over a canvas. */
export function cellAt(canvas, event) {
  const box = canvas.getBoundingClientRect(), at = (k) => Math.floor(28 * k);
  return [at((event.clientY - box.top) / box.height), at((event.clientX - box.left) / box.width)];
}

/**
 * A hand (mouse, pen or finger) that draws on a canvas of 28 x 28 cells: begin(place) where it comes down,
 * along([[from, to], ...]) as it moves, end() where it is lifted, and lose() where the browser takes it away.
 */
export function hand(canvas, { begin, along, end, lose }) {
  let last = null;
  canvas.onpointerdown = (event) => {
    if (event.button > 0) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true, focusVisible: false });
    canvas.setPointerCapture(event.pointerId);
    begin((last = cellAt(canvas, event)));
  };
  canvas.onpointermove = (event) => {
    if (!last) return;
    along((event.getCoalescedEvents?.() ?? [event]).map((part) => [last, (last = cellAt(canvas, part))]));
  };
  canvas.onpointerup = () => {
    if (!last) return;
    last = null;
    end();
  };
  canvas.onpointercancel = () => {
    last = null;
    lose();
  };
}

/** Keys on a canvas of 28 x 28 cells whose place is asked for: `step` is a move of strokes.js, space presses. */
export function keys(canvas, step, place, move, press = () => {}) {
  canvas.onkeydown = (event) => {
    if (!/^(Arrow|Home|End)/.test(event.key) && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation(); // arrows turn the page elsewhere
    if (event.key === " ") return press();
    const [row, column] = step([Math.floor(place() / 28), place() % 28], event.key);
    move(28 * row + column);
  };
}

/** A new element at the end of its parent. */
export function add(parent, tag, text = "", about = {}) {
  const node = Object.assign(document.createElement(tag), { textContent: text }, about);
  parent.append(node);
  return node;
}

/** n uniform numbers of a seed (mulberry32), of 24 bits each as a float32 holds them. */
export function uniforms(seed, n) {
  let state = seed + 1;
  return Float32Array.from({ length: n }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 8) / 2 ** 24;
  });
}
