/**
 * Drawing without a canvas: what a hand does to 28 x 28 cells of 0 and 1, a Uint8Array row by row. Every function
 * takes cells and returns new ones; a place is [row, column], and what falls off the edge is lost.
 */

import { NadeFault } from "./nade.js";

export const SIDE = 28;
const BYTES = (SIDE * SIDE) / 8;
const CHARACTERS = Math.ceil((BYTES * 8) / 6);

export const blank = () => new Uint8Array(SIDE * SIDE);
const isInside = (row, column) => row >= 0 && row < SIDE && column >= 0 && column < SIDE;

/** A dab of a square brush, size 1 to 3; ink 1 draws and 0 erases. */
export const dab = (cells, place, size, ink) => stroke(cells, place, place, size, ink);

/** The brush drawn along the straight line between two places, without gaps. */
export function stroke(cells, [row, column], [toRow, toColumn], size, ink) {
  const drawn = cells.slice(), [down, right] = [toRow - row, toColumn - column];
  const steps = Math.max(Math.abs(down), Math.abs(right), 1);
  for (let k = 0; k <= steps; k++)
    press(drawn, Math.round(row + (down * k) / steps), Math.round(column + (right * k) / steps), size, ink);
  return drawn;
}

/** A square of size cells around (row, column); of two cells, the place is the lower right one. */
function press(cells, row, column, size, ink) {
  const first = -Math.floor(size / 2);
  for (let down = first; down < first + size; down++)
    for (let right = first; right < first + size; right++)
      if (isInside(row + down, column + right)) cells[(row + down) * SIDE + column + right] = ink;
}

/** The one cell turned over. */
export const toggle = (cells, [row, column]) =>
  cells.map((value, i) => (i === row * SIDE + column ? 1 - value : value));

export const invert = (cells) => cells.map((value) => 1 - value);

/** The picture moved down and to the right (up and to the left where negative); off cells come in. */
export function shift(cells, down, right) {
  return cells.map((_, i) => {
    const row = Math.floor(i / SIDE) - down, column = (i % SIDE) - right;
    return isInside(row, column) ? cells[row * SIDE + column] : 0;
  });
}

/** What a button does to all cells at once, by its id. */
export const EDITS = {
  clear: blank,
  invert,
  left: (cells) => shift(cells, 0, -1),
  right: (cells) => shift(cells, 0, 1),
  up: (cells) => shift(cells, -1, 0),
  down: (cells) => shift(cells, 1, 0),
};

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Where a key of the keyboard (event.key) takes the place: arrows one cell, Home and End to the ends of the row. */
export function move([row, column], key) {
  if (key === "Home" || key === "End") return [row, key === "Home" ? 0 : SIDE - 1];
  const [down, right] = MOVES[key] ?? [0, 0], within = (k) => Math.min(Math.max(k, 0), SIDE - 1);
  return [within(row + down), within(column + right)];
}

/** The drawing with its past and its future: undo and redo up to `most` steps. */
export class History {
  #past = [];
  #future = [];

  constructor(cells = blank(), most = 200) {
    Object.assign(this, { cells, most });
  }

  /** Step on to other cells, a stroke or any of the functions above; nothing happens where none differs. */
  commit(cells) {
    if (cells.every((value, i) => value === this.cells[i])) return;
    this.#past = [...this.#past, this.cells].slice(-this.most);
    this.#future = [];
    this.cells = cells;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  undo() {
    this.#go(this.#past, this.#future);
  }

  redo() {
    this.#go(this.#future, this.#past);
  }

  #go(from, to) {
    if (!from.length) return;
    to.push(this.cells);
    this.cells = from.pop();
  }
}

/** The drawing as text for a link: its 98 bytes, first cell in the highest bit, in base64 for URLs. */
export function encode(cells) {
  const bytes = new Uint8Array(BYTES);
  cells.forEach((value, i) => (bytes[i >> 3] |= value << (7 - (i & 7))));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The drawing of such a text; a NadeFault where it is not exactly one. */
export function decode(text) {
  if (typeof text !== "string" || !/^[\w-]+$/.test(text) || text.length !== CHARACTERS) throw undecodable(text);
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const cells = blank().map((_, i) => (bytes.charCodeAt(i >> 3) >> (7 - (i & 7))) & 1);
  if (encode(cells) !== text) throw undecodable(text); // bits beyond the last cell
  return cells;
}

function undecodable(text) {
  const facts = { expected: CHARACTERS, length: String(text).length };
  return new NadeFault("This link holds no drawing: expected {expected} letters, digits, - or _; got {length}.", facts);
}
