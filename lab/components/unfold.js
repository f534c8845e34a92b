// An image that unfolds along an ordering: what is known so far, and beside it when each pixel comes. The ordering
// arrives once; it is played and scrubbed here. Where the page lets one draw it, the stroke is sent when it ends.
const CIVIDIS = [[0, 34, 78], [53, 69, 108], [124, 123, 120], [188, 175, 111], [254, 232, 56]];
const UNKNOWN = [[70, 78, 90], [120, 130, 144]], NOW = [213, 94, 0], SECONDS = 4;

function heat(share) {
  const at = Math.min(share, 0.9999) * (CIVIDIS.length - 1), i = Math.floor(at), f = at - i;
  return CIVIDIS[i].map((v, k) => Math.round(v + f * (CIVIDIS[i + 1][k] - v)));
}

function fill(text, facts) {
  return text.replace(/\{(\w+)\}/g, (gap, name) => facts[name] ?? gap);
}

// A number with a true minus sign; what is rounded to zero has none.
function written(value, digits) {
  return value.toFixed(digits).replace(/^-(?=[0.]+$)/, "").replace("-", "\u2212");
}

function between([y, x], [toY, toX]) {
  const steps = Math.max(Math.abs(toY - y), Math.abs(toX - x), 1);
  return Array.from({ length: steps + 1 }, (_, i) => [
    Math.round(y + ((toY - y) * i) / steps), Math.round(x + ((toX - x) * i) / steps),
  ]);
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { ordering, bits, logP, side, draws, stroke, words } = data;
  const find = (selector) => parentElement.querySelector(selector);
  const root = find(".unfold"), image = find(".image"), order = find(".order"), range = find("input"), play = find(".play");
  const n = ordering.length, value = [], sums = [0];
  ordering.forEach((d, i) => { value[d] = Number(bits[i]); sums.push(sums[i] + logP[i]); });
  let known = 0, timer = null, pen = null, drawn = null, at = [Math.floor(side / 2), Math.floor(side / 2)];
  image.width = image.height = order.width = order.height = side;
  root.style.setProperty("--tall", data.tall);
  root.classList.toggle("drawing", draws);
  for (const node of root.querySelectorAll("[data-word]")) node.textContent = words[node.dataset.word];
  for (const node of root.querySelectorAll("[data-label]")) node.setAttribute("aria-label", words[node.dataset.label]);
  find(".what").textContent = draws ? words.draw : words.order;
  order.setAttribute("aria-label", draws ? `${words.order}. ${words.keys}` : words.order);
  order.setAttribute("role", draws ? "application" : "img");
  order.tabIndex = draws ? 0 : -1;

  function paint() {
    const path = drawn ?? ordering, k = drawn ? drawn.length : known, last = drawn ? n : n - 1;
    const a = image.getContext("2d"), b = order.getContext("2d");
    const pixels = a.createImageData(side, side), when = b.createImageData(side, side);
    for (let d = 0; d < n; d++) {
      pixels.data.set([...UNKNOWN[0], 255], 4 * d);
      when.data.set([...UNKNOWN[value[d]], 255], 4 * d);
    }
    for (let i = 0; i < k; i++) {
      const on = 255 * value[path[i]];
      pixels.data.set([on, on, on, 255], 4 * path[i]);
      when.data.set([...heat(i / last), 255], 4 * path[i]);
    }
    if (!drawn && k < n) for (const shown of [pixels, when]) shown.data.set([...NOW, 255], 4 * path[k]);
    a.putImageData(pixels, 0, 0);
    b.putImageData(when, 0, 0);
    if (draws && root.getRootNode().activeElement === order) {
      b.strokeStyle = "#d55e00";
      b.strokeRect(at[1] + 0.5, at[0] + 0.5, 1, 1);
    }
    range.value = known;
    find("output").textContent = fill(words.sofar, { known, n, sum: written(sums[known], 1) });
  }

  function go(to) {
    known = root.known = Math.max(0, Math.min(n, to));
    paint();
    if (known === n) pause();
  }
  function pause() {
    cancelAnimationFrame(timer);
    timer = null;
    root.playing = false;
    play.textContent = `\u25B6 ${words.play}`;
  }
  function start() {
    if (known === n) go(0);
    play.textContent = `\u2016 ${words.pause}`;
    root.playing = true;
    let before = performance.now(), owed = 0;
    const tick = (now) => {
      owed += ((now - before) / 1000) * (n / SECONDS);
      before = now;
      const whole = Math.floor(owed);
      owed -= whole;
      if (whole) go(known + whole);
      if (timer !== null) timer = requestAnimationFrame(tick);
    };
    timer = requestAnimationFrame(tick);
  }
  range.max = n;
  range.oninput = () => { pause(); go(Number(range.value)); };
  play.onclick = () => (timer === null ? start() : pause());

  function touch(points) {
    for (const [y, x] of points) {
      if (y < 0 || x < 0 || y >= side || x >= side || drawn.includes(y * side + x)) continue;
      drawn.push(y * side + x);
    }
    paint();
  }
  function begin() { pause(); drawn = []; }
  function end() {
    const text = drawn.map((d) => Math.floor(d / side).toString(28) + (d % side).toString(28)).join("");
    pen = null;
    setTriggerValue("stroke", text);
  }
  const place = (event) => {
    const box = order.getBoundingClientRect();
    return [event.clientY - box.top, event.clientX - box.left].map((v) => Math.floor((v * side) / box.width));
  };
  order.onpointerdown = draws ? (event) => {
    order.setPointerCapture(event.pointerId);
    begin();
    touch([(pen = place(event))]);
  } : null;
  order.onpointermove = draws ? (event) => {
    if (!pen || event.pointerId === undefined) return;
    const to = place(event);
    touch(between(pen, to));
    pen = to;
  } : null;
  order.onpointerup = draws ? () => { if (pen) end(); } : null;
  order.onpointercancel = draws ? () => { pen = drawn = null; paint(); } : null;
  order.onkeydown = draws ? (event) => {
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    if (!down && !right && event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    at = [at[0] + down, at[1] + right].map((v) => Math.max(0, Math.min(side - 1, v)));
    if (event.key === " " || event.key === "Enter") {
      if (pen) return end();
      begin();
      pen = at;
    }
    if (pen) touch([at]);
    else paint();
  } : null;
  order.onfocus = order.onblur = draws ? paint : null;

  const shown = JSON.stringify([ordering, bits]), again = root.shown === shown;
  root.shown = shown;
  const wasPlaying = again && root.playing, still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  pause();
  if (again) go(root.known);
  else if (draws && !stroke.length) go(0);
  else go(still ? Math.round(n / 3) : 0);
  if (wasPlaying || (!again && !still && !(draws && !stroke.length))) start();
  return () => cancelAnimationFrame(timer);
}
