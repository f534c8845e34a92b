const CIVIDIS = [[0, 34, 78], [53, 69, 108], [124, 123, 120], [188, 175, 111], [254, 232, 56]];

function heat(p) {
  const at = Math.min(p, 0.9999) * (CIVIDIS.length - 1), i = Math.floor(at), f = at - i;
  return CIVIDIS[i].map((v, k) => Math.round(v + f * (CIVIDIS[i + 1][k] - v)));
}

function fill(text, facts) {
  return text.replace(/\{(\w+)\}/g, (gap, name) => facts[name] ?? gap);
}

// A number with a true minus sign; what is rounded to zero has none.
function written(value, digits) {
  return value.toFixed(digits).replace(/^-(?=[0.]+$)/, "").replace("-", "\u2212");
}

export default function (component) {
  const { data, parentElement } = component;
  const find = (selector) => parentElement.querySelector(selector);
  const { ordering, bits, logP, pOn, side, words } = data;
  const n = ordering.length, image = find(".image"), heatMap = find(".heat"), range = find("input"), play = find(".play");
  let drawn = 0, timer = null, sums = [0];
  for (let i = 0; i < n; i++) sums.push(sums[i] + logP[i]);
  for (const node of parentElement.querySelectorAll("[data-word]")) node.textContent = words[node.dataset.word];
  for (const node of parentElement.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", words[node.dataset.label]);
  }

  function draw() {
    const a = image.getContext("2d"), b = heatMap.getContext("2d");
    const pixels = a.createImageData(side, side), warm = b.createImageData(side, side);
    for (let k = 0; k < side * side; k++) {
      pixels.data.set([70, 78, 90, 255], 4 * k);
      warm.data.set([70, 78, 90, 255], 4 * k);
    }
    for (let i = 0; i < drawn; i++) {
      pixels.data.set(bits[i] === "1" ? [255, 255, 255, 255] : [0, 0, 0, 255], 4 * ordering[i]);
    }
    for (let i = 0; i <= Math.min(drawn, n - 1); i++) warm.data.set([...heat(pOn[i]), 255], 4 * ordering[i]);
    if (drawn < n) pixels.data.set([213, 94, 0, 255], 4 * ordering[drawn]);
    a.putImageData(pixels, 0, 0);
    b.putImageData(warm, 0, 0);
    range.value = drawn;
    const next = drawn < n ? fill(words.next, { drawn, p: pOn[drawn].toFixed(3) }) : words.complete;
    find("output").textContent = fill(words.sofar, { drawn, n, sum: written(sums[drawn], 2), next });
  }

  function go(to) {
    drawn = Math.max(0, Math.min(n, to));
    draw();
    if (drawn === n) pause();
  }
  function pause() {
    cancelAnimationFrame(timer);
    timer = null;
    play.textContent = `\u25B6 ${words.play}`;
    play.setAttribute("aria-label", words.play);
  }
  function start() {
    if (drawn === n) go(0);
    play.textContent = words.pause;
    play.setAttribute("aria-label", words.pause);
    let before = performance.now(), owed = 0;
    const tick = (now) => {
      owed += ((now - before) / 1000) * Number(find("select").value);
      before = now;
      const whole = Math.floor(owed);
      owed -= whole;
      if (whole) go(drawn + whole);
      if (timer !== null) timer = requestAnimationFrame(tick);
    };
    timer = requestAnimationFrame(tick);
  }

  range.max = n;
  range.oninput = () => { pause(); go(Number(range.value)); };
  const actions = {
    start: () => { pause(); go(0); }, end: () => { pause(); go(n); },
    back: () => { pause(); go(drawn - 1); }, step: () => { pause(); go(drawn + 1); },
    play: () => (timer === null ? start() : pause()),
  };
  parentElement.querySelectorAll("button").forEach((button) => { button.onclick = actions[button.dataset.do]; });
  parentElement.stopPlaying?.(); // called again with another image, the one before does not play on
  parentElement.stopPlaying = pause;
  pause();
  go(n);
  return pause;
}
