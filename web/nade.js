/**
 * NADE in plain JavaScript: exact densities, conditionals and samples of binary images (Larochelle & Murray, 2011).
 *
 *     a_0 = c + U_y,   a_{t+1} = a_t + x_t W_t        t counts in generation order: pixel ordering[t] is the t-th
 *     h_t = act(a_t)
 *     p(x_t = 1 | x_<t, y) = sigmoid(b_t + V_t . h_t)
 *
 * With classes, p(x) is the exact mixture of p(x | y) over uniform p(y). Log-probabilities are in nats; weights are
 * float32, sums float64. It is fast because h changes at pixels that are on and nowhere else, because an edit leaves
 * all that comes before it in the ordering as it was, and because sigmoid(a + d) = 1 / (1 + e(a) e(d)) with
 * e(a) = exp(-a), so a class or a flipped pixel moves a known state without one more exponential.
 *
 * Throughout, x is an array of D values 0 or 1 in the order of the pixels, i a place in it, y a class (none: null).
 */

const FORMAT_VERSION = 3; // and 1 and 2, which differ in words alone
/** Bytes that a model may take, as a file and unpacked. */
const MAX_BYTES = 2 ** 28;
const NEGLIGIBLE = 40; // nats: exp(-40) is below the rounding of a sum of float64

/** What is wrong: `id`, a sentence with gaps under which a translation is found, and the `facts` that fill them. */
export class NadeFault extends Error {
  constructor(id, facts = {}) {
    super(id.replace(/\{(\w+)\}/g, (gap, name) => facts[name] ?? gap));
    Object.assign(this, { name: "NadeFault", id, facts });
  }
}

const sigmoid = (a) => 1 / (1 + Math.exp(-a));
const logSigmoid = (a) => Math.min(a, 0) - Math.log1p(Math.exp(-Math.abs(a)));

/**
 * How a hidden state is kept. `state` turns pre-activations (or what is added to them) into it, `join` gives
 * act(a + d) from the states of a and d, and `shift` adds sign * W_t to every row of states.
 */
const ODDS = {
  state(a, from, out, at, n) {
    for (let k = 0; k < n; k++) out[at + k] = Math.exp(-a[from + k]);
  },
  join(A, at, F, from, h) {
    for (let k = 0; k < h.length; k++) h[k] = 1 / (1 + A[at + k] * F[from + k]);
  },
  shift(F, W, at, sign, n, out) {
    for (let k = 0; k < F.length; k++) out[k] = F[k] * Math.exp(-sign * W[at + (k % n)]);
  },
};
const sums = (act) => ({
  state(a, from, out, at, n) {
    for (let k = 0; k < n; k++) out[at + k] = a[from + k];
  },
  join(A, at, F, from, h) {
    for (let k = 0; k < h.length; k++) h[k] = act(A[at + k] + F[from + k]);
  },
  shift(F, W, at, sign, n, out) {
    for (let k = 0; k < F.length; k++) out[k] = F[k] + sign * W[at + (k % n)];
  },
});
const RELU = sums((a) => Math.max(a, 0));
const STEEP = sums(sigmoid); // for pre-activations that exp(-a) does not hold

/** V_t . h; the length of h is a multiple of four. */
function dot(V, at, h) {
  let p = 0, q = 0, r = 0, s = 0;
  for (let k = 0; k < h.length; k += 4, at += 4) {
    p += V[at] * h[k];
    q += V[at + 1] * h[k + 1];
    r += V[at + 2] * h[k + 2];
    s += V[at + 3] * h[k + 3];
  }
  return p + q + (r + s);
}

function addRow(a, W, at) {
  for (let k = 0; k < a.length; k++) a[k] += W[at + k];
}

/** log sum_j exp(values[from + j step]) over n values. */
function logSumExp(values, from, step, n) {
  if (n === 1) return values[from];
  let top = -Infinity, sum = 0;
  for (let j = 0; j < n; j++) top = Math.max(top, values[from + j * step]);
  if (top === -Infinity) return top;
  for (let j = 0; j < n; j++) sum += Math.exp(values[from + j * step] - top);
  return top + Math.log(sum);
}

/** A NADE read from a file; immutable. Faults are NadeFaults. */
export class Nade {
  #scratch = null;

  /** The model of a safetensors file with float32 or float16 weights, an ArrayBuffer. */
  static read(buffer) {
    return new Nade(unpack(buffer));
  }

  /** header: what the file says of itself; dims D, units H, classes K; width: H padded to fours. */
  constructor({ header, dims, units, classes, activation, ordering, width, W, V, b, c, U }) {
    Object.assign(this, { header, dims, units, classes, ordering, width, W, V, b, c });
    this.place = new Int32Array(dims); // the inverse of the ordering
    ordering.forEach((pixel, t) => (this.place[pixel] = t));
    this.kernel = activation === "relu" ? RELU : steepest(W, c, U, width) < 700 ? ODDS : STEEP;
    this.states = new Float64Array(U.length); // of U_y; one row of none where there are no classes
    this.kernel.state(U, 0, this.states, 0, U.length);
  }

  /** A session on x, which follows edits: see Session. */
  session(x = new Uint8Array(this.dims), y = null) {
    return new Session(this).set(x, y);
  }

  /** log p(x | y), or log p(x) where y is null. */
  logProb(x, y = null) {
    return this.#at(x, y).logProb;
  }

  /** Logits of p(x_i = 1 | x_<i): Float64Array (D). */
  logits(x, y = null) {
    return this.#at(x, y).logits.slice();
  }

  /** log p(x_i | x_<i), the surprise map with its sign turned: Float64Array (D). */
  logConditionals(x, y = null) {
    return this.#at(x, y).logConditionals.slice();
  }

  /** log p(y | the first n pixels in generation order), all by default, by Bayes' rule: Float64Array (K). */
  classLogProb(x, n = this.dims) {
    return this.#at(x, null).classLogProb(n);
  }

  /** The hidden units before pixel i: Float64Array (H). A model with classes needs y. */
  hidden(x, i, y = null) {
    return this.#at(x, y).hidden(i);
  }

  /** The exact change of p(x_i = 1 | x_<i) when each earlier pixel is flipped: Float64Array (D), 0 at later ones. */
  flipEffects(x, i, y = null) {
    return this.#at(x, y).flipEffects(i);
  }

  /** What each earlier pixel has added to unit k, W_jk x_j, or along V_i, where k is null: Float64Array (D). */
  contributions(x, i, k = null) {
    return this.#at(x, this.classes ? 0 : null).contributions(i, k);
  }

  /** The weights of pixel i: V and W, Float32Array (H), and b. */
  row(i) {
    const t = this.step(i), row = (weights) => weights.slice(t * this.width, t * this.width + this.units);
    return { V: row(this.V), W: row(this.W), b: this.b[t] };
  }

  /**
   * n images from uniforms (n, D + 1), the first of a row for the class: Uint8Array (n D). `prefix` fixes the first
   * pixels in generation order; `temperature` divides every logit, of the mixture itself where y is null and it is
   * not 1. The same uniforms give the library's images.
   */
  sample(uniforms, y = null, temperature = 1, prefix = []) {
    const { dims } = this, n = isRow(uniforms) ? uniforms.length / (dims + 1) : NaN;
    this.label(y);
    if (!Number.isInteger(n)) {
      const facts = { width: dims + 1, length: isRow(uniforms) ? uniforms.length : named(uniforms) };
      throw new NadeFault("Expected rows of {width} random numbers; got {length}.", facts);
    }
    const odd = uniforms.findIndex((u) => !(typeof u === "number" && u >= 0 && u <= 1));
    if (odd >= 0) throw new NadeFault("Random numbers lie between 0 and 1; got {value}.", { value: named(uniforms[odd]) });
    if (!(typeof temperature === "number" && temperature > 0))
      throw new NadeFault("Expected a temperature above 0; got {temperature}.", { temperature: named(temperature) });
    if (!isRow(prefix) || prefix.length > dims || !isBinary(prefix))
      throw new NadeFault("Expected a prefix of at most {dims} values, 0 and 1 only.", { dims });
    const images = new Uint8Array(n * dims), session = (this.#scratch ??= new Session(this));
    for (let j = 0, at = 0; j < n; j++, at += dims + 1) {
      const byClass = y === null && this.classes > 0 && temperature === 1;
      const label = byClass ? this.#drawLabel(uniforms[at], prefix) : y;
      images.set(session.draw(uniforms.slice(at + 1, at + 1 + dims), label, temperature, prefix).x, j * dims);
    }
    return images;
  }

  /** The class that a uniform number u chooses from p(y | prefix), by its quantiles. */
  #drawLabel(u, prefix = []) {
    if (!prefix.length) return Math.min(Math.floor(Math.fround(u * this.classes)), this.classes - 1);
    const x = new Uint8Array(this.dims);
    prefix.forEach((value, t) => (x[this.ordering[t]] = value));
    const posterior = this.classLogProb(x, prefix.length);
    let y = 0;
    for (let passed = Math.exp(posterior[0]); y < this.classes - 1 && u > passed; passed += Math.exp(posterior[y])) y++;
    return y;
  }

  #at(x, y) {
    this.#scratch ??= new Session(this);
    return this.#scratch.set(x, y);
  }

  /** The step t at which pixel i is generated. */
  step(i) {
    if (!isIndex(i, this.dims))
      throw new NadeFault("Expected a pixel from 0 to {last}; got {pixel}.", { last: this.dims - 1, pixel: named(i) });
    return this.place[i];
  }

  /** y itself, or a fault where it names no class. */
  label(y) {
    if (y === null) return y;
    if (!this.classes) throw new NadeFault("This model was trained without classes: leave the label out.");
    if (!isIndex(y, this.classes))
      throw new NadeFault("Expected a class from 0 to {last}; got {label}.", { last: this.classes - 1, label: named(y) });
    return y;
  }

  /** x itself, or a fault where it is no image of this model. */
  image(x) {
    const { dims } = this;
    if (!isRow(x)) throw new NadeFault("Expected an array of {dims} pixels, 0 and 1 only; got {value}.", { dims, value: named(x) });
    if (x.length !== dims)
      throw new NadeFault("Expected {dims} pixels, 0 and 1 only; got {length} values.", { dims, length: x.length });
    if (!isBinary(x)) {
      const pixel = x.findIndex((value) => value !== 0 && value !== 1);
      throw new NadeFault("Expected pixels of 0 and 1 only; pixel {pixel} is {value}.", { pixel, value: named(x[pixel]) });
    }
    return x;
  }
}

/**
 * One image under the hand. After `set`, `flip` or `draw` these hold, in place until the next: x (Uint8Array (D)),
 * logProb (a number), logits and logConditionals (Float64Array (D), as in Nade). Only what comes after the first
 * changed pixel is computed again: the states before it are kept, one for every pixel that is on.
 */
export class Session {
  #F; #F2; #states; #rank; #lanes = 0; #y; #logits; #past; #logits2; #past2; #h; #a; #on; #off;

  constructor(model) {
    const { dims, width } = model, lanes = Math.max(model.classes, 1);
    Object.assign(this, { model, x: new Uint8Array(dims), logProb: 0 });
    this.bits = new Uint8Array(dims); // x in generation order
    [this.logits, this.logConditionals] = [new Float64Array(dims), new Float64Array(dims)];
    this.#rank = new Int32Array(dims + 1); // pixels that are on before step t: the row of its state
    this.#states = new Float64Array((dims + 1) * width);
    [this.#logits, this.#logits2] = [new Float64Array(lanes * dims), new Float64Array(lanes * dims)];
    [this.#past, this.#past2] = [new Float64Array(lanes * (dims + 1)), new Float64Array(lanes * (dims + 1))];
    [this.#a, this.#h] = [new Float64Array(width), Array.from({ length: lanes }, () => new Float64Array(width))];
    [this.#on, this.#off] = [new Float64Array(lanes), new Float64Array(lanes)];
  }

  /** Move to x (and class y); returns this. */
  set(x, y = null) {
    const { dims, ordering } = this.model;
    this.model.image(x);
    const fresh = this.#choose(y);
    let t = 0;
    if (!fresh) while (t < dims && this.bits[t] == x[ordering[t]]) t++;
    for (let s = t; s < dims; s++) this.bits[s] = x[ordering[s]];
    return t < dims ? this.#update(t) : this;
  }

  /** Move to an image made pixel by pixel from uniforms u (D), as Nade.sample says; returns this. */
  draw(u, y = null, temperature = 1, prefix = []) {
    const { dims, width, V, b, kernel } = this.model, [logits, past] = [this.#logits, this.#past];
    this.#choose(y);
    this.#start(0);
    for (let t = 0, moved = true; t < dims; t++) {
      for (let lane = 0; lane < this.#lanes; lane++) {
        const h = this.#h[lane];
        if (moved) kernel.join(this.#states, this.#rank[t] * width, this.#F, lane * width, h);
        logits[lane * dims + t] = b[t] + dot(V, t * width, h);
      }
      const p = sigmoid(this.#mix(logits, past, t) / temperature);
      this.bits[t] = +(moved = t < prefix.length ? prefix[t] == 1 : u[t] < p);
      for (let lane = 0, at = t; lane < this.#lanes; lane++, at += dims)
        past[at + lane + 1] = past[at + lane] + logSigmoid(moved ? logits[at] : -logits[at]);
      this.#step(t);
    }
    return this.#tell(0);
  }

  /** Flip pixel i; returns this. */
  flip(i) {
    const t = this.model.step(i);
    this.bits[t] ^= 1;
    return this.#update(t);
  }

  /** log p of the image with pixel i flipped. */
  flipLogProb(i) {
    return this.#flipped(this.model.step(i), -Infinity);
  }

  /** p(x_i = 1 | all other pixels), by Bayes' rule from the densities of both images. */
  given(i) {
    const gain = this.flipLogProb(i) - this.logProb;
    return sigmoid(this.x[i] ? -gain : gain);
  }

  /** The flip of one of these pixels that leaves log p highest, {pixel, logProb, gain}; null where none gains above `least`. */
  bestFlip(pixels = this.model.ordering, least = 1e-9) {
    let best = null, highest = this.logProb + least;
    for (let k = pixels.length - 1; k >= 0; k--) {
      const pixel = pixels[k], logProb = this.#flipped(this.model.step(pixel), highest); // the last ones cost least to ask
      if (logProb > highest) best = { pixel, logProb, gain: logProb - this.logProb };
      highest = Math.max(highest, logProb);
    }
    return best;
  }

  /** The same for each of these pixels, -Infinity where it is below `floor`: Float64Array. */
  flipLogProbs(pixels, floor = -Infinity) {
    return Float64Array.from(pixels, (i) => this.#flipped(this.model.step(i), floor));
  }

  /** log p(y | the first n pixels in generation order), all by default: Float64Array (K). */
  classLogProb(n = this.model.dims) {
    if (!this.model.classes) throw new NadeFault("This model was trained without classes, so it has no p(y | x).");
    if (!isIndex(n, this.model.dims + 1))
      throw new NadeFault("Expected between 0 and {dims} known pixels; got {n}.", { dims: this.model.dims, n: named(n) });
    if (this.#y !== null) return this.model.classLogProb(this.x, n);
    const step = this.model.dims + 1, past = this.#past, all = logSumExp(past, n, step, this.#lanes);
    return Float64Array.from({ length: this.#lanes }, (_, y) => past[y * step + n] - all);
  }

  /** See Nade.hidden. */
  hidden(i) {
    const t = this.model.step(i), { width, units, kernel } = this.model;
    if (this.#lanes > 1) throw new NadeFault("The hidden units belong to one class: choose a class first.");
    kernel.join(this.#states, this.#rank[t] * width, this.#F, 0, this.#h[0]);
    return this.#h[0].slice(0, units);
  }

  /** See Nade.flipEffects. Without y, a model with classes weighs them anew for every flip: K times t walks. */
  flipEffects(i) {
    const t = this.model.step(i), effects = new Float64Array(this.model.dims), now = sigmoid(this.logits[i]);
    for (let s = 0; s < t; s++) {
      const from = this.#lanes === 1 ? t : s + 1;
      this.#walkFlipped(s, from, t + 1, -Infinity);
      effects[this.model.ordering[s]] = sigmoid(this.#mix(this.#logits2, this.#past2, t)) - now;
    }
    return effects;
  }

  /** See Nade.contributions. */
  contributions(i, k = null) {
    const { V, W, width, ordering, dims, units } = this.model, t = this.model.step(i), out = new Float64Array(dims);
    if (k !== null && !isIndex(k, units))
      throw new NadeFault("Expected a hidden unit from 0 to {last}; got {unit}.", { last: units - 1, unit: named(k) });
    const along = V.subarray(t * width, (t + 1) * width);
    for (let s = 0; s < t; s++)
      if (this.bits[s]) out[ordering[s]] = k === null ? dot(W, s * width, along) : W[s * width + k];
    return out;
  }

  /** Work with class y from here on; whether that is new. */
  #choose(y) {
    const { classes, states, width } = this.model;
    if (this.#lanes && y === this.#y) return false;
    this.#y = this.model.label(y);
    this.#F = y === null ? states : states.subarray(y * width, (y + 1) * width);
    [this.#lanes, this.#F2] = [y === null ? Math.max(classes, 1) : 1, new Float64Array(this.#F.length)];
    return true;
  }

  /** States from step t on, then logits and densities. */
  #update(t) {
    const { dims } = this.model;
    this.#start(t);
    for (let s = t; s < dims; s++) this.#step(s);
    this.#walk(t, dims, this.#F, this.#logits, this.#past, -Infinity);
    return this.#tell(t);
  }

  /** The pre-activation before step t, from the pixels that are on before it. */
  #start(t) {
    const { width, kernel, W, c } = this.model, a = this.#a;
    a.set(c);
    for (let s = 0; s < t; s++) if (this.bits[s]) addRow(a, W, s * width);
    if (t === 0) kernel.state(a, 0, this.#states, 0, width);
  }

  /** On from step t to the next: the rank, and the new state where x_t is on. */
  #step(t) {
    const { width, kernel, W } = this.model;
    this.#rank[t + 1] = this.#rank[t] + this.bits[t];
    if (!this.bits[t]) return;
    addRow(this.#a, W, t * width);
    kernel.state(this.#a, 0, this.#states, this.#rank[t + 1] * width, width);
  }

  /** What others read, from step t on; returns this. */
  #tell(t) {
    const { dims, ordering } = this.model;
    for (let s = t; s < dims; s++) {
      const logit = this.#mix(this.#logits, this.#past, s);
      this.x[ordering[s]] = this.bits[s];
      this.logits[ordering[s]] = logit;
      this.logConditionals[ordering[s]] = logSigmoid(this.bits[s] ? logit : -logit);
    }
    this.logProb = this.#total(this.#past);
    return this;
  }

  /**
   * For every lane (a class, or the one there is) the logits of steps from..to-1, and log p(x_<t | y) up to `to`, for
   * the states moved by F. A lane that falls below `floor` cannot rise again: it ends at -Infinity.
   */
  #walk(from, to, F, logits, past, floor) {
    const { dims, width, V, b, kernel } = this.model, { bits } = this;
    for (let y = 0; y < this.#lanes; y++) {
      const h = this.#h[y];
      let sum = past[y * (dims + 1) + from], t = from;
      for (; t < to && sum >= floor; t++) {
        if (t === from || bits[t - 1]) kernel.join(this.#states, this.#rank[t] * width, F, y * width, h);
        const logit = (logits[y * dims + t] = b[t] + dot(V, t * width, h));
        past[y * (dims + 1) + t + 1] = sum += logSigmoid(bits[t] ? logit : -logit);
      }
      if (t < to) past[y * (dims + 1) + to] = -Infinity;
    }
  }

  /** The walk over steps from..to-1 with x_s flipped (s < from), into the second set of logits and sums. */
  #walkFlipped(s, from, to, floor) {
    const { dims, width, W, kernel } = this.model, sign = this.bits[s] ? -1 : 1, step = dims + 1;
    kernel.shift(this.#F, W, s * width, sign, width, this.#F2);
    for (let y = 0; y < this.#lanes; y++)
      this.#past2[y * step + from] = this.#past[y * step + s] + logSigmoid(sign * this.#logits[y * dims + s]);
    this.#walk(from, to, this.#F2, this.#logits2, this.#past2, floor);
  }

  /** log p(x) with x_s flipped, or -Infinity where that is below `floor`: then no lane reaches it. */
  #flipped(s, floor) {
    const { dims } = this.model;
    this.#walkFlipped(s, s + 1, dims, floor);
    if (floor > -Infinity && this.#lanes > 1 && this.#total(this.#past2) > -Infinity)
      this.#walkFlipped(s, s + 1, dims, floor - NEGLIGIBLE); // one does: now all that count in the sum
    return this.#total(this.#past2);
  }

  #total(past) {
    return logSumExp(past, this.model.dims, this.model.dims + 1, this.#lanes) - Math.log(this.#lanes);
  }

  /** The logit of p(x_t = 1 | x_<t) = sum_y p(y | x_<t) p(x_t = 1 | x_<t, y). */
  #mix(logits, past, t) {
    const { dims } = this.model, lanes = this.#lanes;
    if (lanes === 1) return logits[t];
    for (let y = 0; y < lanes; y++) {
      this.#on[y] = past[y * (dims + 1) + t] + logSigmoid(logits[y * dims + t]);
      this.#off[y] = past[y * (dims + 1) + t] + logSigmoid(-logits[y * dims + t]);
    }
    return logSumExp(this.#on, 0, 1, lanes) - logSumExp(this.#off, 0, 1, lanes);
  }
}

/** The largest pre-activation that any image can reach. */
function steepest(W, c, U, width) {
  const reach = Float64Array.from(c, Math.abs), ofClass = new Float64Array(width);
  for (let at = 0; at < W.length; at++) reach[at % width] += Math.abs(W[at]);
  for (let at = 0; at < U.length; at++) ofClass[at % width] = Math.max(ofClass[at % width], Math.abs(U[at]));
  return reach.reduce((most, value, k) => Math.max(most, value + ofClass[k]), 0);
}

function isBinary(values) {
  for (let k = 0; k < values.length; k++) if (!(values[k] === 0 || values[k] === 1)) return false;
  return true;
}

const isRow = (value) => Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
const isIndex = (i, n) => Number.isInteger(i) && i >= 0 && i < n;

/** What was given, in one word: null, NaN, -1, string, object. */
function named(value) {
  return value === null || ["number", "boolean", "undefined"].includes(typeof value) ? String(value) : typeof value;
}

/** The parts of a model file: its header, and its weights in generation order with rows padded to fours. */
function unpack(buffer) {
  checkSize(buffer?.byteLength ?? 0);
  const { tensors, metadata, data } = split(buffer), header = readHeader(metadata);
  const { dims, hidden, activation, classes } = header.config, width = Math.ceil(hidden / 4) * 4;
  const shapes = { W: [dims, hidden], V: [dims, hidden], b: [dims], c: [hidden], ordering: [dims] };
  if (classes) shapes.U = [classes, hidden];
  for (const name of new Set([...Object.keys(shapes), ...Object.keys(tensors)]))
    if (!fits(tensors[name], shapes[name], data.byteLength)) throw misfit(name);
  checkSize(16 * (dims + 1) * width);
  const ordering = readOrdering(tensors.ordering, data), floats = (name) => readFloats(name, tensors[name], data);
  const rows = (name, order) => padded(floats(name), order, hidden, width);
  return {
    header, dims, units: hidden, classes, activation, ordering, width,
    W: rows("W", ordering), V: rows("V", ordering), b: padded(floats("b"), ordering, 1, 1), c: rows("c", [0]),
    U: classes ? rows("U", [...Array(classes).keys()]) : new Float32Array(width),
  };
}

const unreadable = () => new NadeFault("This file is not a NADE Lab model, or it is damaged: no readable header.");
const misfit = (tensor) => new NadeFault("This file is damaged: {tensor} does not fit its header.", { tensor });

/** A NadeFault where a model of so many bytes is more than a browser is given. */
export function checkSize(bytes) {
  const facts = { megabytes: Math.ceil(bytes / 2 ** 20), most: MAX_BYTES / 2 ** 20 };
  if (!(bytes <= MAX_BYTES))
    throw new NadeFault("This model takes {megabytes} MB; the browser is given {most} MB at most.", facts);
}

/** A safetensors file: its tensors by name, its metadata, and a view of its data. */
function split(buffer) {
  try {
    const length = Number(new DataView(buffer).getBigUint64(0, true));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(buffer, 8, length));
    const { __metadata__: metadata, ...tensors } = JSON.parse(text);
    return { tensors, metadata: JSON.parse(metadata.nade), data: new Uint8Array(buffer, 8 + length) };
  } catch {
    throw unreadable();
  }
}

function readHeader(header) {
  if (header === null || typeof header !== "object") throw unreadable();
  const { format_version: version, config } = header, known = FORMAT_VERSION, model = String(header.model);
  if (!Number.isSafeInteger(version) || version < 1 || version > known)
    throw new NadeFault("This file has format version {version}; up to {known} is known here.", { version, known });
  if (model !== "NADE") throw new NadeFault("This file holds a {model}; a browser computes NADE alone.", { model });
  const count = (n, least) => Number.isSafeInteger(n) && n >= least;
  const sized = config && count(config.dims, 1) && count(config.hidden, 1) && count(config.classes, 0);
  if (!sized || !["sigmoid", "relu"].includes(config.activation)) throw misfit("config");
  return header;
}

const SIZES = { F32: 4, F16: 2, I64: 8 };

function fits(tensor, shape, bytes) {
  if (![shape, tensor?.shape, tensor?.data_offsets].every(Array.isArray)) return false;
  const [from, to] = tensor.data_offsets, count = shape.reduce((product, n) => product * n);
  if (tensor.shape.length !== shape.length || !shape.every((n, axis) => tensor.shape[axis] === n)) return false;
  const size = SIZES[tensor.dtype] ?? (to - from) / count; // a type that is not known here is told by its name later
  return Number.isSafeInteger(from) && from >= 0 && to <= bytes && to - from === count * size;
}

function readFloats(name, { dtype, data_offsets: [from, to] }, data) {
  if (dtype !== "F32" && dtype !== "F16")
    throw new NadeFault("{tensor} holds numbers of type {dtype}; F32 and F16 are known here.", { tensor: name, dtype });
  const bytes = data.slice(from, to).buffer; // a copy, because the file does not align its numbers
  const values = dtype === "F32" ? new Float32Array(bytes) : Float32Array.from(new Uint16Array(bytes), half);
  if (!values.every(Number.isFinite))
    throw new NadeFault("This file is damaged: {tensor} holds numbers that are not finite.", { tensor: name });
  return values;
}

/** The number that 16 bits of IEEE 754 stand for. */
function half(bits) {
  const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
}

function readOrdering({ dtype, data_offsets: [from, to] }, data) {
  if (dtype !== "I64") throw misfit("ordering");
  const ordering = Int32Array.from(new BigInt64Array(data.slice(from, to).buffer), Number);
  if (!ordering.slice().sort().every((pixel, t) => pixel === t)) throw misfit("ordering");
  return ordering;
}

/** Rows of n values, taken in that order and padded with zeros to width. */
function padded(values, order, n, width) {
  const out = new Float32Array(order.length * width);
  order.forEach((row, t) => out.set(values.subarray(row * n, (row + 1) * n), t * width));
  return out;
}
