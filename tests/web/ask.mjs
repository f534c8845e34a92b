/** Questions to the engine as JSON, and its answers: what Node and Chromium both run for the tests. */

import { Nade, NadeFault } from "../../web/nade.js";
import * as strokes from "../../web/strokes.js";
import { likelier, walked } from "../../web/walks.js";

const largest = (a, b) => a.reduce((most, value, k) => Math.max(most, Math.abs(value - b[k])), 0);

const CALLS = {
  /** A method of a fresh session on x. */
  session: (model, x, y, name, ...args) => model.session(x, y)[name](...args),
  /** The steps of the walk from x to what is likelier, {x, logProb, erased} each, and what is told of it. */
  async likelier(model, x) {
    const session = model.session(x), now = () => ({ x: session.x.slice(), logProb: session.logProb }), steps = [now()];
    const own = { logProb: (x) => model.logProb(x), flip: (i) => (session.flip(i), now()) };
    const call = async (name, ...args) => (own[name] ?? session[name].bind(session))(...args);
    for await (const step of likelier(call, steps[0])) steps.push(step);
    return { steps: steps.slice(1), told: walked(steps) };
  },
  /** How far a session that follows the images one by one is from a fresh one at each, at most. */
  follow(model, images, y) {
    const session = model.session(images[0], y);
    return Math.max(...images.map((x) => differ(session.set(x, y), model.session(x, y))));
  },
  /** The same for a draw, and a flip after it. */
  drawn(model, u, y) {
    const session = model.session().draw(u, y), drawn = differ(session, model.session(session.x.slice(), y));
    return Math.max(drawn, differ(session.flip(model.dims - 1), model.session(session.x.slice(), y)));
  },
  /** The same for flips of single pixels. */
  flips(model, x, y, pixels) {
    const session = model.session(x, y);
    return Math.max(...pixels.map((i) => differ(session.flip(i), model.session(session.x.slice(), y))));
  },
};

function differ(one, other) {
  const parts = [largest(one.logits, other.logits), largest(one.logConditionals, other.logConditionals)];
  return Math.max(...parts, largest(one.x, other.x), Math.abs(one.logProb - other.logProb));
}

const plain = (value) => {
  if (ArrayBuffer.isView(value) || Array.isArray(value)) return Array.from(value, plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
};

async function attempt(task) {
  try {
    return plain(await task());
  } catch (error) {
    if (!(error instanceof NadeFault)) throw error;
    return { fault: error.id, facts: error.facts, message: error.message };
  }
}

/** One answer a question [call, ...args]; where the model cannot be read, its fault alone. */
export async function ask(bytes, questions) {
  const model = await attempt(() => ({ read: Nade.read(bytes) && null }));
  if (model.fault) return [model];
  const read = Nade.read(bytes);
  const answer = ([call, ...args]) => (CALLS[call] ? CALLS[call](read, ...args) : read[call](...args));
  const answers = [];
  for (const question of questions) answers.push(await attempt(() => answer(question)));
  return answers;
}

/** What a History holds after the acts, each [method, ...args]. */
function remember(acts, most) {
  const history = new strokes.History(strokes.blank(), most);
  for (const [name, cells] of acts) history[name](cells && Uint8Array.from(cells.flat()));
  const { canUndo, canRedo } = history;
  return { on: history.cells.reduce((sum, value) => sum + value), canUndo, canRedo };
}

/** What the last of the steps gives, each a function of strokes.js and its arguments. */
export async function draw(steps) {
  const calls = { ...strokes, remember };
  const asCells = (value) => (Array.isArray(value) && value.length === 784 ? Uint8Array.from(value) : value);
  const answers = steps.map(([name, ...args]) => attempt(() => calls[name](...args.map(asCells))));
  return (await Promise.all(answers)).at(-1);
}
