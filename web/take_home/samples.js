/** Samples of the model, a grid of them, and one that is drawn pixel by pixel. */

import { GROUND, INK, NOW, paint, shade, UNKNOWN } from "./paint.js";
import { number, tell } from "./words.js";

const find = (id) => document.getElementById(id);
const HOW_MANY = 16;
const SECONDS = 8; // that a sample takes to be drawn
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** chosen() is the class in use, or null; take(cells) puts a sample into the drawing. Returns {draw(), refresh()}. */
export function samples(model, chosen, take) {
  const watched = watch(model, take);
  let drawn = [], round = 0;

  /** New samples, one at a time: the page stays responsive. */
  async function draw() {
    const mine = ++round, y = chosen(), before = document.activeElement.closest("#grid") !== null;
    drawn = [];
    find("grid").replaceChildren();
    while (drawn.length < HOW_MANY) {
      const x = model.sample(Float64Array.from({ length: model.dims + 1 }, Math.random), y);
      drawn.push({ x, y, logProb: model.logProb(x, y) });
      find("grid").append(cell(drawn.length - 1));
      if (drawn.length === 1) choose(0, before);
      await new Promise((resume) => setTimeout(resume));
      if (mine !== round) return; // others were asked for in between
    }
  }

  function cell(k) {
    const button = document.createElement("button"), canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [28, 28];
    paint(canvas, (i) => (drawn[k].x[i] ? INK : GROUND));
    button.append(canvas, document.createElement("span"));
    button.onclick = () => choose(k, true);
    button.ariaPressed = "false";
    label(button, k);
    return button;
  }

  function label(button, k) {
    const nats = number(drawn[k].logProb, 1);
    button.lastChild.textContent = nats;
    button.ariaLabel = tell("sample {n}, log p = {nats} nats", { n: k + 1, nats });
  }

  function choose(k, play) {
    [...find("grid").children].forEach((button, j) => (button.ariaPressed = String(j === k)));
    watched.open(drawn[k].x, drawn[k].y, play);
  }

  find("again").onclick = draw;
  const refresh = () => {
    [...find("grid").children].forEach(label);
    watched.refresh();
  };
  return { draw, refresh };
}

/** The player: open(x, y, play) shows an image under a class, and plays it from the start. */
function watch(model, take) {
  const slider = find("step"), { dims, ordering, place } = model, session = model.session();
  let x = session.x.slice(), chances = [], sums = [0], step = dims, since = null;
  slider.max = dims;

  function open(image, y, play) {
    x = image;
    const { logits, logConditionals } = session.set(x, y);
    chances = Float64Array.from(logits, (a) => 1 / (1 + Math.exp(-a)));
    sums = [0];
    ordering.forEach((pixel, t) => sums.push(sums[t] + logConditionals[pixel]));
    play && !still.matches ? start(0) : show(dims);
  }

  function show(now, playing = false) {
    if (!playing) since = null;
    step = now;
    slider.value = step;
    const next = step < dims ? ordering[step] : -1;
    paint(find("drawn"), (i) => (i === next ? NOW : place[i] >= step ? UNKNOWN : x[i] ? INK : GROUND));
    paint(find("chances"), (i) => (place[i] > step ? UNKNOWN : shade(chances[i])));
    refresh();
  }

  function refresh() {
    const facts = { n: step, all: dims, nats: number(sums[step] ?? 0, 2) };
    find("state").textContent = tell("{n} of {all} pixels; log p of what is drawn: {nats} nats", facts);
    find("play").textContent = since === null ? tell("Play") : tell("Pause");
  }

  function start(at) {
    const mine = (since = performance.now() - (1000 * SECONDS * at) / dims);
    requestAnimationFrame(function frame() {
      if (since !== mine) return; // paused, or started anew
      const now = Math.min(dims, Math.floor(((performance.now() - since) / 1000 / SECONDS) * dims));
      show(now, now < dims);
      if (now < dims) requestAnimationFrame(frame);
    });
    refresh();
  }

  find("play").onclick = () => (since === null ? start(step < dims ? step : 0) : show(step));
  slider.oninput = () => show(Number(slider.value));
  find("take").onclick = () => {
    take(x);
    find("drawing").scrollIntoView({ behavior: still.matches ? "auto" : "smooth" });
  };
  return { open, refresh };
}
