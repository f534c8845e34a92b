/**
 * Two walks of an image from where the engine stands, pixel by pixel: each yields what the engine says after a step.
 * `call` asks the engine, `found` is what it said last, and `classes` is how many of them the model has.
 */

const AT_ONCE = 32, AT_ONCE_BY_CLASS = 3; // pixels of a step; a model with classes asks each of them
const LEAST = 1e-9; // nats that count as a gain

/**
 * Up: one pixel after another is turned over, each of which makes the image more probable, until none of all does. Where
 * the blank image is more probable than such a top, there is a way on, through a valley: pixels are erased, the cheapest
 * first (`erased` is true), until the image is more probable than the top; then up again.
 */
export async function* likelier(call, found) {
  const all = [...found.x.keys()], blank = await call("logProb", new Uint8Array(all.length));
  for (;;) {
    for await (const step of uphill(call, found, all)) yield (found = { ...step, erased: false });
    const top = found.logProb;
    if (top >= blank) return;
    while (found.logProb <= top) {
      const best = await call("bestFlip", all.filter((i) => found.x[i]), -Infinity);
      if (!best) return; // blank: only the last digit tells it from the top
      yield (found = { ...(await call("flip", best.pixel)), erased: true });
    }
  }
}

/**
 * Flips of these pixels that each gain something, the one that promises most at first. A promise is what a flip gained
 * when it was asked last: it is asked again before it is made, and all are when no promise is left.
 */
async function* uphill(call, found, pixels) {
  for (;;) {
    const values = await call("flipLogProbs", pixels, found.logProb + LEAST);
    const gains = values.map((value) => value - found.logProb);
    let k = highest(gains);
    if (!(gains[k] > LEAST)) return;
    while (gains[k] > LEAST) {
      found = await call("flip", pixels[k]);
      gains[k] = -Infinity;
      yield found;
      for (let kept = false; !kept && gains[(k = highest(gains))] > LEAST; ) {
        const promised = gains[k];
        gains[k] = (await call("flipLogProb", pixels[k])) - found.logProb;
        kept = gains[k] >= promised || highest(gains) === k;
      }
    }
  }
}

const highest = (values) => values.reduce((best, value, i) => (value > values[best] ? i : best), 0);

/** What there is to say of such a walk, from all that the engine said: the first is where it began. */
export function walked(all) {
  const first = all.findIndex((step) => step.erased), erased = all.filter((step) => step.erased), last = all.at(-1);
  const end = { on: last.x.reduce((n, v) => n + v, 0), value: last.logProb, erased: erased.length };
  if (first < 0) return { ...end, flips: all.length - 1 };
  return { ...end, flips: first - 1, top: all[first - 1].logProb, lowest: Math.min(...erased.map((step) => step.logProb)) };
}

/** Through what is typical: pixels chosen by lot, each drawn anew from p(x_i | the rest), without end. */
export async function* typical(call, found, classes) {
  for (;;) {
    const pixels = Array.from({ length: classes ? AT_ONCE_BY_CLASS : AT_ONCE }, () => Math.floor(784 * Math.random()));
    yield call("resample", pixels, pixels.map(Math.random));
  }
}
