/** The page's side of worker.js. */

import { NadeFault } from "./nade.js";

/**
 * A function call(name, ...args) that asks the worker and promises its answer, in the order of the calls. What goes
 * wrong in there, a worker that does not start included, rejects with a NadeFault.
 */
export function connect(worker) {
  const waiting = new Map();
  let last = 0, broken = null;
  worker.onmessage = ({ data: { number, value, fault } }) => {
    const { resolve, reject } = waiting.get(number);
    waiting.delete(number);
    fault ? reject(new NadeFault(fault.id, fault.facts)) : resolve(value);
  };
  worker.onerror = () => {
    broken = new NadeFault("The engine does not start in this browser.");
    for (const { reject } of waiting.values()) reject(broken);
    waiting.clear();
  };
  return (call, ...args) =>
    new Promise((resolve, reject) => {
      if (broken) return reject(broken);
      waiting.set(++last, { resolve, reject });
      worker.postMessage({ call, args, number: last });
    });
}
