/** The drawing: with mouse, pen, finger or keyboard, and at every stroke what the model says of it. */

import { dab, History, invert, move, SIDE, stroke, toggle, blank } from "../strokes.js";
import { cividis, GROUND, INK, paint } from "./paint.js";
import { number, tell } from "./words.js";

const find = (id) => document.getElementById(id);
const UNDO = { z: "undo", y: "redo" };

/** classes: the names; chosen() the class in use, or null. Returns {cells, take(cells), refresh()}. */
export function drawing(model, classes, chosen) {
  const canvas = find("cells"), history = new History(), session = model.session();
  let cells = history.cells, place = [SIDE / 2, SIDE / 2], ink = 1, from = null, waiting = false;

  const commit = (drawn) => {
    history.commit(drawn);
    show(history.cells);
    say(tell("log p(x) = {nats} nats", { nats: number(session.set(cells, chosen()).logProb, 1) }));
  };
  const go = (way) => {
    history[way]();
    show(history.cells);
  };

  function show(drawn) {
    cells = drawn;
    paint(canvas, (i) => (cells[i] ? INK : GROUND));
    find("undo").disabled = !history.canUndo;
    find("redo").disabled = !history.canRedo;
    if (!waiting) requestAnimationFrame(score); // once a frame, however fast the hand is
    waiting = true;
  }

  function score() {
    waiting = false;
    const y = chosen(), { logProb, logConditionals } = session.set(cells, y);
    find("density-name").textContent = y === null ? "log p(x)" : `log p(x | ${tell(classes[y])})`;
    find("density").textContent = tell("{nats} nats", { nats: number(logProb, 2) });
    find("bits").textContent = number(-logProb / cells.length / Math.LN2, 4);
    surprise(logConditionals);
    if (classes.length) bars(classes, session.classLogProb());
  }

  // The hand
  const at = (event) => {
    const box = canvas.getBoundingClientRect(), cell = (value) => Math.floor(value * SIDE);
    return [cell((event.clientY - box.top) / box.height), cell((event.clientX - box.left) / box.width)];
  };
  const width = () => Number(find("width").value);
  const wet = (event) => (event.buttons & 34 ? 0 : ink); // the right button, or the other end of a pen, erases
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    from = at(event);
    show(dab(cells, from, width(), wet(event)));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    let drawn = cells;
    for (const step of passed.length ? passed : [event]) {
      const to = at(step);
      drawn = stroke(drawn, from, to, width(), wet(event));
      from = to;
    }
    show(drawn);
  });
  const lift = () => {
    if (from) commit(cells);
    from = null;
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());

  // The keyboard
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) {
      const way = event.shiftKey ? "redo" : UNDO[event.key.toLowerCase()];
      if (!way || !(event.key.toLowerCase() in UNDO)) return;
      go(way);
    } else if (event.key === " " || event.key === "Enter") {
      commit(toggle(cells, place));
      here();
    } else if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") {
      place = move(place, event.key);
      here();
    } else return;
    event.preventDefault();
  });
  function here() {
    const [row, column] = place, on = cells[row * SIDE + column];
    Object.assign(find("cursor").style, { top: `${(100 * row) / SIDE}%`, left: `${(100 * column) / SIDE}%` });
    const facts = { row: row + 1, column: column + 1 };
    say(on ? tell("row {row}, column {column}: on", facts) : tell("row {row}, column {column}: off", facts));
  }

  // The tools
  const hold = (value) => {
    ink = value;
    find("pen").ariaPressed = String(ink === 1);
    find("eraser").ariaPressed = String(ink === 0);
  };
  find("pen").onclick = () => hold(1);
  find("eraser").onclick = () => hold(0);
  find("undo").onclick = () => go("undo");
  find("redo").onclick = () => go("redo");
  find("clear").onclick = () => commit(blank());
  find("invert").onclick = () => commit(invert(cells));

  const refresh = () => {
    show(cells);
    here();
  };
  refresh();
  return { take: commit, refresh };
}

function say(text) {
  find("spoken").textContent = text;
}

function surprise(logConditionals) {
  const most = Math.max(1, -Math.min(...logConditionals)), map = find("map");
  paint(map, (i) => cividis(-logConditionals[i] / most));
  const facts = { nats: number(most, 1) };
  find("most").textContent = tell("{nats} nats", facts);
  map.ariaLabel = tell("The surprise map, from 0 to {nats} nats", facts);
}

function bars(classes, logProbs) {
  const rows = classes.map((name, y) => {
    const row = document.createElement("li"), bar = document.createElement("b"), p = Math.exp(logProbs[y]);
    const word = (text) => Object.assign(document.createElement("span"), { textContent: text });
    bar.style.width = `${100 * p}%`;
    row.append(word(tell(name)), bar, word(`${number(100 * p, 1)} %`));
    return row;
  });
  find("bars").querySelector("ul").replaceChildren(...rows);
}
