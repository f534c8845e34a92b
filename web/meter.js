/** What a drawing measures: its numbers, its place among real images, and p(y | x), as elements of a page. */

import { add, fill, number } from "./page.js";

const BINS = 48;
const RAISED = "\u2070\u00B9\u00B2\u00B3\u2074\u2075\u2076\u2077\u2078\u2079";

/** 10 to a whole power, with a raised exponent. */
const power = (exponent) => `10${exponent < 0 ? "\u207B" : ""}${String(Math.abs(exponent)).replace(/\d/g, (digit) => RAISED[digit])}`;

/** log p in nats and as a power of ten, bits/dim of 784 pixels, and the percentile (null: none), in a list of definitions. */
export function figures(list, { logP, percentile }, words) {
  const values = [
    ["log p(x)", number(logP, 2), `${words.nats} \u2248 ${power(Math.round(logP / Math.LN10))}`],
    [words.bits, number(-logP / (784 * Math.LN2), 4), ""],
    [words.percentile, number(percentile ?? 0, 1), "%"],
  ];
  if (percentile === null) values.pop(); // no real ones to compare with
  list.replaceChildren();
  for (const [name, value, unit] of values) {
    const pair = add(list, "div");
    add(pair, "dt", name);
    add(add(pair, "dd", `${value} `), "small", unit);
  }
}

/**
 * A histogram of the sorted reference in an svg of 240 x 64, with a mark at log p; beyond the ends it stands at the end,
 * with an arrow. `ends` are three elements, of which the first and the last say the ends.
 */
export function among(svg, ends, { logP, percentile }, reference, words) {
  if (!reference) return svg.replaceChildren();
  const low = reference[0], high = reference.at(-1), wide = high - low || 1, counts = new Array(BINS).fill(0);
  for (const value of reference) counts[Math.min(BINS - 1, Math.floor((BINS * (value - low)) / wide))]++;
  const top = Math.max(...counts), x = 12 + 216 * Math.min(Math.max((logP - low) / wide, 0), 1);
  const bar = (count, k) => `M${12 + (216 * k) / BINS},56v${(-48 * count) / top}h${216 / BINS - 0.6}V56z`;
  const arrow = logP > high ? `M${x + 2},20l9,8l-9,8z` : logP < low ? `M${x - 2},20l-9,8l9,8z` : "";
  svg.innerHTML =
    `<path class="bars" d="${counts.map(bar).join("")}"/><path class="line" d="M12,56H228"/>` +
    `<path class="mark" d="M${x},4V56${arrow}"/>`;
  svg.setAttribute("aria-label", fill(words.stands, { percentile: number(percentile, 1), n: reference.length }));
  [ends[0].textContent, ends[2].textContent] = [number(low, 0), `${number(high, 0)} ${words.nats}`];
}

/** A bar for each class, as long as its probability. */
export function classes(list, probabilities, names) {
  list.replaceChildren();
  Array.from(probabilities).forEach((p, y) => {
    const item = add(list, "li");
    add(item, "b", names[y], { title: names[y] });
    add(item, "i").style.width = `${100 * p}%`;
    item.append(number(p, 3));
  });
}

/** How a walk to what is likelier ended (what walks.js says of it), in words; null: nothing. */
export function ended(line, walk, words) {
  if (!walk) return (line.textContent = "");
  const { flips, erased, on, ...nats } = walk;
  for (const name in nats) nats[name] = number(nats[name], 1);
  line.textContent = fill(erased ? words.crossed : words.ended, { flips, erased, on, ...nats });
}
