// A canvas of 28 x 28 cells for mouse, pen, finger and keys. At every stroke the model in this browser says log p(x),
// the surprise of each pixel and p(y | x); when the hand is lifted, the server says its own number.
const SAME = 1e-3; // nats: what float32 and float64 may differ by
const MOST = 5; // nats: the end of the map's scale
const TOOLS = [
  ["1", "size1"], ["2", "size2"], ["3", "size3"], ["\u25A1", "erase"], ["\u21B6", "undo"], ["\u21B7", "redo"], ["\u2715", "clear"],
  ["\u25D0", "invert"], ["\u2190", "left"], ["\u2192", "right"], ["\u2191", "up"], ["\u2193", "down"],
];
const STEP = 60; // milliseconds of a step uphill, at least
const frame = () => new Promise(requestAnimationFrame);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Studio {
  size = 2; erases = false; place = [14, 14]; live = null; model = null; running = null; busy = false; waiting = false;

  constructor(root, page, strokes, meter, walks) {
    Object.assign(this, { root, page, strokes, meter, walks, history: new strokes.History() });
    this.find = (selector) => root.querySelector(selector);
    [this.paper, this.map] = [this.find(".ink"), this.find(".map")];
    this.buttons();
    this.byHand();
    this.byKeys();
  }

  // What the server says: words, the drawing it starts from, the numbers of the last one that it has seen.

  tell(data, send) {
    Object.assign(this, { data, send });
    this.say();
    if (data.start !== this.start) {
      this.start = data.start;
      this.sketch = this.running = this.ended = null;
      this.history.commit(this.strokes.decode(data.drawing));
      this.changed();
    }
    if (data.model !== this.address) this.load(data);
    else if (!this.live) this.show();
    this.confirm();
  }

  async load({ model, reference }) {
    Object.assign(this, { address: model, model: null, live: null, reference: null });
    this.find(".fault").hidden = true;
    this.show();
    try {
      const numbers = async () => reference && new Float64Array(await (await fetch(reference)).arrayBuffer());
      const [engine, values] = await Promise.all([this.page.engine(model), numbers()]);
      if (this.address !== model) return;
      [this.model, this.reference] = [engine, values];
      this.changed();
    } catch (fault) {
      if (this.address === model) this.lose(fault);
    }
  }

  lose(fault) {
    [this.model, this.live] = [null, null];
    this.find(".fault").textContent = this.page.fill(this.data.lost, { reason: this.page.tell(fault, this.data.faults) });
    this.find(".fault").hidden = false;
    this.show();
  }

  // The hand

  buttons() {
    const make = (parent, id, text) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
      button.dataset.do = id;
      button.onclick = () => this.act(id);
      this.find(parent).append(button);
    };
    for (const [sign, id] of TOOLS) make(".tools", id, sign);
    for (const id of ["likelier", "typical", "pause"]) make(".moves", id, "");
  }

  act(id) {
    if (id === "likelier" || id === "typical") return this.run(id);
    if (id === "pause") return this.stop();
    if (id.startsWith("size")) this.size = Number(id.slice(4));
    else if (id === "erase") this.erases = !this.erases;
    else if (!this.running) this.edit(id);
    this.show();
  }

  edit(id) {
    const { strokes, history } = this;
    this.ended = null;
    if (id === "undo" || id === "redo") history[id]();
    else history.commit(strokes.EDITS[id](history.cells));
    this.changed();
    this.release();
  }

  byHand() {
    this.page.hand(this.paper, {
      begin: (place) => {
        this.stop();
        this.place = place;
        this.sketch = this.strokes.dab(this.history.cells, place, this.size, this.erases ? 0 : 1);
        this.changed();
      },
      along: (places) => {
        for (const [from, to] of places) this.sketch = this.strokes.stroke(this.sketch, from, to, this.size, this.erases ? 0 : 1);
        this.changed();
      },
      end: () => this.keep(),
      lose: () => {
        this.sketch = null;
        this.changed();
      },
    });
  }

  byKeys() {
    this.paper.onkeydown = (event) => {
      const { strokes, history } = this, arrow = strokes.move(this.place, event.key);
      const undo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
      const moved = /^(Arrow|Home|End)/.test(event.key);
      if (!moved && event.key !== " " && !undo) return;
      event.preventDefault();
      event.stopPropagation(); // arrows turn the page elsewhere
      if (undo) return this.act(event.shiftKey ? "redo" : "undo");
      if (moved) this.place = arrow;
      else if (!this.running) {
        history.commit(strokes.toggle(history.cells, this.place));
        this.changed();
        this.release();
      }
      this.speak();
    };
    this.paper.onfocus = () => this.speak();
  }

  get cells() {
    return this.sketch ?? this.history.cells;
  }

  keep() {
    this.history.commit(this.sketch);
    this.sketch = null;
    this.changed();
    this.release();
  }

  /** The hand is lifted: the link and the server's number follow. */
  release() {
    this.sent = this.strokes.encode(this.history.cells);
    this.send(this.sent);
  }

  // The model

  /** Paint the drawing now; its numbers follow as soon as the engine is free, those of the newest drawing only. */
  async changed() {
    this.draw();
    this.waiting = true;
    if (this.busy || !this.model) return;
    this.busy = true;
    while (this.waiting && this.model) {
      this.waiting = false;
      const cells = this.cells;
      try {
        await this.take(await this.model.call("set", cells, null));
      } catch (fault) {
        this.lose(fault);
      }
    }
    this.busy = false;
    this.confirm();
  }

  /** Show what the engine says of a drawing. */
  async take(found) {
    const classes = this.model.card.classes ? await this.model.call("classLogProb") : [];
    const percentile = this.reference && this.page.percentile(found.logProb, this.reference);
    this.live = { cells: found.x, logP: found.logProb, terms: found.logConditionals, percentile, classes: Array.from(classes, Math.exp) };
    this.show();
  }

  async run(id) {
    if (!this.model || this.running) return;
    const token = (this.running = {}), { call } = this.model, before = this.history.cells;
    this.show();
    try {
      const steps = [await call("set", before, null)];
      let [found] = steps, since = performance.now();
      for await (const next of this.walks[id](call, found, this.model.card.classes)) {
        if (this.running !== token) return;
        if (!this.root.isConnected) break;
        found = next;
        if (id === "likelier") steps.push(found);
        if (this.page.still() && id === "likelier") continue; // the end alone is shown
        this.sketch = found.x;
        this.draw();
        await this.take(found);
        await frame();
        if (id === "likelier") await pause(Math.max(0, STEP - (performance.now() - since)));
        since = performance.now();
      }
      if (this.running !== token) return;
      this.ended = { ...this.walks.walked(steps), blank: await call("logProb", this.strokes.blank()) };
      this.sketch = found.x;
    } catch (fault) {
      this.lose(fault);
    }
    this.running = null;
    if (this.sketch) this.keep();
    this.show();
  }

  stop() {
    const ran = this.running;
    this.running = this.ended = null;
    if (ran && this.sketch) this.keep();
    this.show();
  }

  // What is seen

  say() {
    const { words } = this.data;
    this.root.classList.toggle("compact", this.data.compact);
    for (const node of this.root.querySelectorAll("[data-word]")) node.textContent = words[node.dataset.word];
    for (const node of this.root.querySelectorAll("[data-label]")) node.setAttribute("aria-label", words[node.dataset.label]);
    for (const button of this.find(".tools").children) {
      button.title = words[button.dataset.do];
      button.setAttribute("aria-label", words[button.dataset.do]);
    }
    for (const button of this.find(".moves").children) button.textContent = words[button.dataset.do];
    this.paper.setAttribute("aria-label", words.paper);
    this.find(".most").textContent = `${MOST} ${words.nats}`;
    this.find(".among").setAttribute("aria-label", words.among); // until it is drawn
  }

  draw() {
    const { cells, page } = this;
    page.paint(this.paper, (k) => (cells[k] ? page.ON : page.OFF));
    this.confirm();
  }

  speak() {
    const [row, column] = this.place, { words } = this.data, at = this.find(".at");
    [at.style.top, at.style.left] = [`${(100 * row) / 28}%`, `${(100 * column) / 28}%`];
    const value = this.cells[28 * row + column] ? words.on : words.off;
    this.find(".spoken").textContent = this.page.fill(words.place, { row: row + 1, column: column + 1, value });
  }

  /** What is known of the drawing: the engine's word, or the server's where there is no engine. */
  show() {
    const { data, page } = this, seen = this.live ?? data.confirmed;
    const pressed = (id) => id === `size${this.size}` || (id === "erase" && this.erases);
    for (const button of this.root.querySelectorAll("button")) {
      const id = button.dataset.do;
      if (/^(size|erase)/.test(id)) button.setAttribute("aria-pressed", String(pressed(id)));
      if (id === "undo") button.disabled = !this.history.canUndo;
      if (id === "redo") button.disabled = !this.history.canRedo;
      if (id === "likelier" || id === "typical") button.disabled = !this.model || Boolean(this.running);
      if (id === "pause") button.disabled = !this.running;
    }
    this.meter.ended(this.find(".lesson"), this.ended, data.words);
    page.paint(this.map, (k) => page.heat(-seen.terms[k] / MOST));
    this.map.setAttribute("aria-label", page.fill(data.words.mapped, { value: page.number(-seen.logP, 1) }));
    this.meter.figures(this.find("dl"), seen, data.words);
    this.meter.among(this.find(".among"), this.find(".ends").children, seen, this.reference, data.words);
    this.meter.classes(this.find(".classes"), seen.classes, data.classes);
  }

  /** The server's number beside ours, as soon as both speak of the drawing that is seen. */
  confirm() {
    const { live, data, page } = this, line = this.find(".confirmed"), { confirmed, words } = data;
    const both = live && [live.cells, this.cells].every((cells) => this.strokes.encode(cells) === confirmed.drawing);
    if (!both || this.sketch || this.busy) {
      line.textContent = "";
      return line.classList.remove("wrong");
    }
    const wrong = !(Math.abs(live.logP - confirmed.logP) <= SAME);
    const facts = { here: page.number(live.logP, 3), there: page.number(confirmed.logP, 3) };
    line.textContent = page.fill(wrong ? words.wrong : words.same, facts);
    line.classList.toggle("wrong", wrong);
  }
}

/** Where not even the modules come: the server's number, and why. */
function alone(root, { lost, unstarted, confirmed, words }) {
  root.querySelector(".fault").textContent = lost.replace("{reason}", unstarted);
  root.querySelector(".fault").hidden = false;
  root.querySelector(".confirmed").textContent = words.alone.replace("{there}", confirmed.logP.toFixed(3).replace("-", "\u2212"));
}

export default async function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".studio"), at = (file) => new URL(`${data.engine}/${file}`, location.href).href;
  root.latest = [data, (drawing) => setTriggerValue("drawn", drawing)];
  try {
    root.studio ??= Promise.all([import(at("page.js")), import(at("strokes.js")), import(at("meter.js")), import(at("walks.js"))]).then((parts) => new Studio(root, ...parts));
    (await root.studio).tell(...root.latest);
  } catch (error) {
    if (!root.studio || !(await root.studio.catch(() => null))) return alone(root, data);
    throw error;
  }
}
