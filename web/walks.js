/**
 * Two walks of an image from where the engine stands, pixel by pixel: each yields what the engine says after a step.
 * `call` asks the engine, and `classes` is how many of them the model has.
 */

const AT_ONCE = 32, AT_ONCE_BY_CLASS = 3; // pixels of a step; a model with classes asks each of them

/** Up: at each step the one pixel turned over that makes the image most probable, until none makes it more so. */
export async function* likelier(call) {
  for (let best = await call("bestFlip"); best; best = await call("bestFlip")) yield call("flip", best.pixel);
}

/** Through what is typical: pixels chosen by lot, each drawn anew from p(x_i | the rest), without end. */
export async function* typical(call, classes) {
  for (;;) {
    const pixels = Array.from({ length: classes ? AT_ONCE_BY_CLASS : AT_ONCE }, () => Math.floor(784 * Math.random()));
    yield call("resample", pixels, pixels.map(Math.random));
  }
}
