// What a NADE computes for one pixel: the context, the hidden units, the row V_i, the logit, the probability, and what
// each earlier pixel has to do with it. All of it is computed here, at every step.
const ROWS = 4; // of the strip of hidden units
const LIKELY = 6; // units named
const UNSURE = 0.15; // a pixel on which one may bet: p at least this far from 0 and 1
const VIEWS = ["effect", "part"];
const sigmoid = (a) => 1 / (1 + Math.exp(-a));

class Inside {
  view = "effect"; unit = null; t = 0; asked = null; bet = null; timer = null; busy = false; waiting = false; pointed = null;

  constructor(root, page, strokes) {
    Object.assign(this, { root, page, strokes });
    this.find = (selector) => root.querySelector(selector);
    [this.picture, this.map] = [this.find(".picture"), this.find(".map")];
    this.parts();
    this.hands();
  }

  /** What the page says: the picture (or the seed of one), the class, the pixel, and words. */
  async tell(data, send) {
    Object.assign(this, { data, send });
    this.words();
    const key = JSON.stringify([data.model, data.mode, data.mode === "look" ? data.start : data.seed, data.label]);
    if (key === this.key) return;
    this.key = key;
    this.pause();
    try {
      this.engine = await this.page.engine(data.model);
      const { ordering } = this.engine.card, { call } = this.engine;
      this.x = data.mode === "look" ? this.strokes.decode(data.drawing) : await call("sample", this.page.uniforms(data.seed, 785), data.label);
      const found = await call("set", this.x, data.label);
      this.most = { effect: 0.05, part: 0.05 };
      this.probabilities = Float64Array.from(ordering, (i) => sigmoid(found.logits[i]));
      const at = data.at === null ? -1 : ordering.indexOf(data.at);
      this.asked = this.bet = null;
      this.go(at >= 0 ? at : this.unsure(data.mode === "look" ? this.x.length >> 1 : 200));
      this.asked = data.mode === "generate" ? this.t : null;
      if (data.bet && at >= 0) this.bet = data.bet;
      this.find(".fault").hidden = true;
    } catch (fault) {
      this.find(".fault").textContent = this.page.fill(data.lost, { reason: this.page.tell(fault, data.faults) });
      this.find(".fault").hidden = false;
    }
  }

  parts() {
    for (const view of VIEWS) {
      const button = this.page.add(this.find(".views"), "button", "", { type: "button", onclick: () => this.choose(view) });
      button.dataset.view = view;
    }
    this.strips = ["h", "V", "Vh"].map((name) => {
      const label = this.page.add(this.find(".strips"), "span");
      label.innerHTML = { h: "<var>h</var><sub>i</sub>", V: "<var>V</var><sub>i</sub>", Vh: "<var>V</var><sub>i</sub> <var>h</var><sub>i</sub>" }[name];
      const canvas = this.page.add(this.find(".strips"), "canvas", "", { height: ROWS });
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", [...name].join(" ")); // until it is painted
      canvas.dataset.strip = name;
      canvas.onclick = (event) => this.pickUnit(canvas, event);
      return canvas;
    });
  }

  hands() {
    const actions = {
      start: () => this.go(0), back: () => this.go(this.t - 1), step: () => this.go(this.t + 1),
      unsure: () => { this.go(this.unsure(this.t + 1)); this.asked = this.data.mode === "generate" ? this.t : null; },
      another: () => this.send({ seed: this.data.seed + 1 }), on: () => this.guess("on"), off: () => this.guess("off"),
    };
    for (const button of this.root.querySelectorAll("[data-do]")) {
      const id = button.dataset.do;
      button.onclick = id === "play" ? () => (this.timer ? this.pause() : this.play()) : () => {
        this.pause();
        actions[id]();
        if (id !== "another") this.rest();
      };
    }
    const pixel = (canvas, event) => { const [row, column] = this.page.cellAt(canvas, event); return 28 * row + column; };
    this.picture.onclick = (event) => { this.pause(); this.go(this.engine.card.ordering.indexOf(pixel(this.picture, event))); this.rest(); };
    this.map.onclick = (event) => this.flip(pixel(this.map, event));
    this.map.onpointermove = (event) => this.point(pixel(this.map, event));
    this.page.keys(this.picture, this.strokes.move, () => this.here, (i) => { this.pause(); this.go(this.engine.card.ordering.indexOf(i)); this.rest(); });
    this.page.keys(this.map, this.strokes.move, () => this.pointed ?? this.here, (i) => this.point(i), () => this.flip(this.pointed));
  }

  get here() {
    return this.engine?.card.ordering[this.t] ?? 0;
  }

  /** The first place from t on, in the ordering, of a pixel that may come out on or off. */
  unsure(from) {
    for (let t = Math.max(from, 0); t < this.x.length; t++) if (Math.abs(this.probabilities[t] - 0.5) < 0.5 - UNSURE) return t;
    return Math.min(from, this.x.length - 1);
  }

  go(t) {
    this.t = Math.min(Math.max(t, 0), this.x.length - 1);
    this.asked = this.bet = null;
    this.compute();
  }

  guess(said) {
    this.bet = said;
    this.show();
  }

  choose(view) {
    [this.view, this.unit] = [view, null];
    this.compute();
  }

  pickUnit(canvas, event) {
    const box = canvas.getBoundingClientRect(), column = Math.floor((canvas.width * (event.clientX - box.left)) / box.width);
    const row = Math.min(ROWS - 1, Math.floor((ROWS * (event.clientY - box.top)) / box.height)), unit = row * canvas.width + column;
    if (unit < this.engine.card.units) this.chooseUnit(unit);
  }

  chooseUnit(unit) {
    [this.view, this.unit] = ["part", this.unit === unit ? null : unit];
    this.most.part = 0.05;
    this.compute();
  }

  /** Turn an earlier pixel of the drawing over. */
  async flip(j) {
    if (this.data.mode !== "look" || !(this.engine.card.ordering.indexOf(j) < this.t)) return;
    this.x = this.x.map((value, i) => (i === j ? 1 - value : value));
    const found = await this.engine.call("set", this.x, this.data.label);
    this.probabilities = Float64Array.from(this.engine.card.ordering, (i) => sigmoid(found.logits[i]));
    await this.compute();
    this.point(j);
    this.send({ drawing: this.strokes.encode(this.x), at: this.here, bet: "" });
  }

  point(j) {
    this.pointed = j;
    this.speak();
  }

  /** The hand rests: the link follows. */
  rest() {
    this.send({ at: this.here, bet: this.bet ?? "" });
  }

  play() {
    if (this.t === this.x.length - 1) this.go(0);
    let before = performance.now(), owed = 0;
    const tick = async (now) => {
      owed += ((now - before) / 1000) * Number(this.find("select").value);
      before = now;
      const whole = Math.floor(owed);
      owed -= whole;
      if (whole && !this.busy) this.go(this.t + whole);
      if (this.t === this.x.length - 1 || !this.root.isConnected) return this.pause();
      if (this.timer) this.timer = requestAnimationFrame(tick);
    };
    this.timer = requestAnimationFrame(tick);
    this.words();
  }

  pause() {
    if (!this.timer) return;
    cancelAnimationFrame(this.timer);
    this.timer = null;
    this.words();
    this.show();
    this.rest();
  }

  /** Ask the engine about the pixel that is here now; of several that pass meanwhile, the last. */
  async compute() {
    this.waiting = true;
    if (this.busy) return;
    this.busy = true;
    while (this.waiting) {
      this.waiting = false;
      const { call } = this.engine, i = this.here;
      await call("set", this.x, this.data.label);
      const answers = [call("row", i), call("hidden", i), call("flipEffects", i), call("contributions", i, this.unit)];
      const [row, h, effect, part] = await Promise.all(answers);
      this.seen = { i, t: this.t, row, h, effect, part };
      this.show();
    }
    this.busy = false;
  }

  // What is seen

  words() {
    const { words } = this.data;
    for (const node of this.root.querySelectorAll("[data-word]")) node.textContent = words[node.dataset.word];
    for (const node of this.root.querySelectorAll("[data-label]")) node.setAttribute("aria-label", words[node.dataset.label]);
    for (const button of this.root.querySelectorAll("[data-view]")) button.textContent = words[button.dataset.view];
    for (const id of ["unsure", "another", "on", "off"]) this.find(`[data-do="${id}"]`).textContent = words[id];
    for (const id of ["start", "back", "step"]) this.find(`[data-do="${id}"]`).setAttribute("aria-label", words[id]);
    this.find('[data-do="play"]').textContent = this.timer ? words.pause : `\u25B6 ${words.play}`;
    this.find('[data-do="another"]').hidden = this.data.mode === "look";
    this.picture.setAttribute("aria-label", words.picture);
  }

  show() {
    if (!this.seen) return;
    const { page, data, x, seen } = this, { ordering } = this.engine.card, place = new Int32Array(x.length);
    ordering.forEach((pixel, t) => (place[pixel] = t));
    const dim = data.mode === "look" ? (k) => (x[k] ? [128, 136, 148] : page.UNKNOWN) : () => page.UNKNOWN;
    page.paint(this.picture, (k) => (place[k] === seen.t ? page.HERE : place[k] > seen.t ? dim(k) : x[k] ? page.ON : page.OFF));
    const values = seen[this.view], most = (this.most[this.view] = values.reduce((m, v) => Math.max(m, Math.abs(v)), this.most[this.view]));
    const hidden = this.hides();
    page.paint(this.map, (k) => (place[k] === seen.t ? page.HERE : place[k] > seen.t || hidden ? page.UNKNOWN : page.signed(values[k], most)));
    [this.find(".least").textContent, this.find(".most").textContent] = [-most, most].map((v) => page.number(v, 2));
    const means = this.view === "effect" ? data.words.change : this.unit === null ? data.words.along : data.words.unit;
    this.find(".means").textContent = page.fill(means, { unit: this.unit + 1 });
    for (const button of this.root.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === this.view));
    this.formula(hidden);
    this.hiddenUnits(hidden);
    this.answer();
    this.speak();
  }

  /** Whether the reader is asked first, and what would tell him is not shown yet. */
  hides() {
    return this.asked === this.seen.t && this.bet === null && !this.timer;
  }

  formula(hidden) {
    const { row, h, t } = this.seen, { number } = this.page, { words, label, classes } = this.data;
    const sum = h.reduce((total, value, k) => total + value * row.V[k], 0), logit = row.b + sum;
    const before = this.engine.card.ordering.slice(0, t).reduce((n, i) => n + this.x[i], 0);
    const name = this.engine.card.header.config.activation === "relu" ? "max(0, " : "\u03C3(";
    const given = label === null ? "" : `, ${classes[label]}`, shown = (value, digits) => (hidden ? "?" : number(value, digits));
    const lines = [
      `<var>h</var><sub>i</sub> = ${name}<var>c</var> + \u03A3<sub>j&lt;i</sub> <var>W</var><sub>j</sub> <var>x</var><sub>j</sub>${label === null ? "" : " + <var>U</var><sub>y</sub>"})`,
      `<var>b</var><sub>i</sub> + <var>V</var><sub>i</sub> \u00B7 <var>h</var><sub>i</sub> = ${number(row.b, 2)} + ${hidden ? "?" : sum < 0 ? `(${number(sum, 2)})` : number(sum, 2)} = ${shown(logit, 2)}`,
      `p(<var>x</var><sub>i</sub> = 1 | <var>x</var><sub>&lt;i</sub>`,
    ];
    const box = this.find(".formula");
    box.replaceChildren();
    lines.forEach((line) => (this.page.add(box, "div").innerHTML = line));
    this.page.add(box.firstChild, "small", ` ${this.page.fill(words.before, { on: before, t })}`);
    const last = box.lastChild;
    last.append(given, `) = \u03C3(${shown(logit, 2)}) = `);
    this.page.add(last, "b", shown(sigmoid(logit), 3));
    this.p = sigmoid(logit);
  }

  hiddenUnits(hidden) {
    const { row, h } = this.seen, { page, data } = this, { units } = this.engine.card, n = h.length;
    const product = h.map((value, k) => value * row.V[k]), top = (values) => values.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-9);
    const relu = top(h) > 1 ? top(h) : 1, strips = { h: (k) => page.heat(h[k] / relu), V: (k) => page.signed(row.V[k], top(row.V)), Vh: (k) => page.signed(product[k], top(product)) };
    for (const canvas of this.strips) {
      const { strip } = canvas.dataset;
      canvas.width = Math.ceil(units / ROWS);
      page.paint(canvas, (k) => (k >= n ? page.OFF : k === this.unit ? page.HERE : strips[strip](k)));
      canvas.setAttribute("aria-label", page.fill(data.words[strip], { n }));
    }
    const order = Array.from(product.keys()).sort((a, b) => Math.abs(product[b]) - Math.abs(product[a])).slice(0, LIKELY);
    this.find(".count").hidden = hidden;
    this.find(".units").replaceChildren(...(hidden ? [] : order).map((k) => {
      const text = `${k + 1}: ${page.number(h[k], 2)} \u00D7 ${page.number(row.V[k], 2)} = ${page.number(product[k], 2)}`;
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: text, onclick: () => this.chooseUnit(k) });
      button.setAttribute("aria-pressed", String(k === this.unit));
      return button;
    }));
  }

  answer() {
    const { data, page, seen } = this, asks = this.hides(), told = this.asked === seen.t && this.bet !== null;
    this.find(".ask").hidden = !asks;
    this.find(".answer").hidden = !told;
    const facts = { said: data.words[this.bet], p: page.number(this.p, 3), came: data.words[this.x[seen.i] ? "on" : "off"] };
    if (told) this.find(".answer").textContent = page.fill(data.words.answer, facts);
  }

  /** Which pixel this is, and what the pointed one does to it. */
  speak() {
    const { data, page, seen, x } = this, { words } = data, { ordering } = this.engine.card, j = this.pointed;
    const name = (i) => page.fill(words.pixel, { row: Math.floor(i / 28) + 1, column: (i % 28) + 1 });
    let text = page.fill(words.here, { pixel: name(seen.i), t: seen.t + 1, n: x.length });
    if (j !== null && ordering.indexOf(j) < seen.t && !this.hides()) {
      const facts = { pixel: name(j), value: x[j], effect: page.number(seen.effect[j], 3), part: page.number(seen.part[j], 3) };
      text += ` \u00B7 ${page.fill(this.view === "effect" ? words.flips : words.adds, facts)}`;
    }
    this.find(".spoken").textContent = text;
    this.map.setAttribute("aria-label", `${words.mapped} ${text}`);
  }
}

export default async function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".inside"), at = (file) => new URL(`${data.engine}/${file}`, location.href).href;
  root.latest = [data, (state) => setTriggerValue("moved", state)];
  try {
    root.inside ??= Promise.all([import(at("page.js")), import(at("strokes.js"))]).then((parts) => new Inside(root, ...parts));
    const inside = await root.inside;
    await inside.tell(...root.latest);
  } catch {
    const fault = root.querySelector(".fault");
    [fault.textContent, fault.hidden] = [data.lost.replace("{reason}", data.unstarted), false];
  }
}
