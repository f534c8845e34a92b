/** Pictures on a canvas, a value a pixel. A colour is [red, green, blue] of 0..255. */

export const INK = [255, 255, 255];
export const GROUND = [16, 21, 28];
export const UNKNOWN = [90, 100, 112];
export const NOW = [213, 94, 0];

/** Paint every pixel of a canvas: colours(i) is that of the i-th, row by row. */
export function paint(canvas, colours) {
  const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < canvas.width * canvas.height; i++) {
    image.data.set(colours(i), 4 * i);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** The colour between two others, at 0..1. */
const between = (from, to, at) => from.map((value, k) => Math.round(value + at * (to[k] - value)));

/** How likely a pixel is to be on, as a grey. */
export const shade = (p) => between(GROUND, INK, p);

// Cividis (Nuñez, Anderton & Renslow, 2018), the same to every kind of colour vision, at five places
const CIVIDIS = [[0, 34, 78], [67, 78, 108], [125, 124, 120], [188, 174, 108], [254, 232, 56]];

/** The colour of a value from 0 (dark) to 1 (bright). */
export function cividis(value) {
  const at = Math.min(Math.max(value, 0), 1) * (CIVIDIS.length - 1), low = Math.min(Math.floor(at), CIVIDIS.length - 2);
  return between(CIVIDIS[low], CIVIDIS[low + 1], at - low);
}
