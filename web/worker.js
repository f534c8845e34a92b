/**
 * A module worker that owns one engine. A message {call, args, number} is answered by {number, value}, or by
 * {number, fault: {id, facts}}: see remote.js for the page's side. `load` comes first, then `set`.
 */

import { checkSize, Nade, NadeFault } from "./nade.js";

let model = null;
let session = null;
const OF_SESSION = new Set(["given", "bestFlip", "flipLogProb", "flipLogProbs", "classLogProb", "hidden", "flipEffects", "contributions"]);
const OF_MODEL = new Set(["row", "sample", "logProb"]);

const OWN = {
  /** Read a model from an ArrayBuffer or an address; what it is. */
  async load(source) {
    model = Nade.read(source instanceof ArrayBuffer ? source : await fetched(source));
    session = model.session();
    const { header, dims, units, classes, ordering } = model;
    return { header, dims, units, classes, ordering };
  },
  /** Move to x and class y: {x, logProb, logits, logConditionals}, as Session says. */
  set: (x, y) => now(session.set(x, y)),
  /** Flip pixel i: as set. */
  flip: (i) => now(session.flip(i)),
  /** Gibbs sampling: draw each of these pixels in turn from p(x_i | all others), by a uniform number each: as set. */
  resample(pixels, uniforms) {
    pixels.forEach((i, k) => { if (+(uniforms[k] < session.given(i)) !== session.x[i]) session.flip(i); });
    return now(session);
  },
};

const now = ({ x, logProb, logits, logConditionals }) => ({ x, logProb, logits, logConditionals });

async function fetched(address) {
  const unreached = (status) => new NadeFault("The model did not arrive (status {status}).", { status });
  const response = await fetch(address).catch(() => { throw unreached(0); });
  if (!response.ok) throw unreached(response.status);
  checkSize(Number(response.headers.get("content-length"))); // before the bytes come, not after
  return response.arrayBuffer().catch(() => { throw unreached(response.status); });
}

function answer(call, args) {
  if (Object.hasOwn(OWN, call) && (session || call === "load")) return OWN[call](...args);
  if (session && OF_SESSION.has(call)) return session[call](...args);
  if (session && OF_MODEL.has(call)) return model[call](...args);
  throw new NadeFault("The engine does not know {call}, or has no model yet.", { call });
}

self.onmessage = async ({ data: { call, args, number } }) => {
  try {
    self.postMessage({ number, value: await answer(call, args) });
  } catch (error) {
    self.postMessage({ number, fault: { id: error.id ?? String(error), facts: error.facts ?? {} } });
  }
};
