/** Jobs as lines of JSON, each answered by a line: [model file, questions], or [null, steps of drawing]. */

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { ask, draw } from "./ask.mjs";

const bytes = (path) => new Uint8Array(readFileSync(path)).buffer;
const answer = ([path, questions]) => (path === null ? draw(questions) : ask(bytes(path), questions));

createInterface({ input: process.stdin }).on("line", async (line) => {
  try {
    console.log(JSON.stringify(await Promise.all(JSON.parse(line).map(answer))));
  } catch (error) {
    console.log(JSON.stringify({ broken: error.stack }));
  }
});
