const CIVIDIS = [[0, 34, 78], [53, 69, 108], [124, 123, 120], [188, 175, 111], [254, 232, 56]];

function heat(p) {
  const at = Math.min(p, 0.9999) * (CIVIDIS.length - 1), i = Math.floor(at), f = at - i;
  return CIVIDIS[i].map((v, k) => Math.round(v + f * (CIVIDIS[i + 1][k] - v)));
}

export default function (component) {
  const { data, parentElement } = component;
  const find = (selector) => parentElement.querySelector(selector);
  const { ordering, bits, probs, side } = data;
  const n = ordering.length, image = find(".image"), heatMap = find(".heat"), range = find("input"), play = find(".play");
  let drawn = 0, timer = null, sums = [0];
  for (let i = 0; i < n; i++) {
    const p = bits[i] === "1" ? probs[i] : 1 - probs[i];
    sums.push(sums[i] + Math.log(Math.max(p, 1e-12)));
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
    for (let i = 0; i <= Math.min(drawn, n - 1); i++) warm.data.set([...heat(probs[i]), 255], 4 * ordering[i]);
    if (drawn < n) pixels.data.set([213, 94, 0, 255], 4 * ordering[drawn]);
    a.putImageData(pixels, 0, 0);
    b.putImageData(warm, 0, 0);
    range.value = drawn;
    const next = drawn < n ? `next: p(x = 1 | the ${drawn} before) = ${probs[drawn].toFixed(3)}` : "complete";
    find("output").textContent = `${drawn} of ${n} pixels · log p so far ${sums[drawn].toFixed(2)} nats · ${next}`;
  }

  function go(to) {
    drawn = Math.max(0, Math.min(n, to));
    draw();
    if (drawn === n) pause();
  }
  function pause() {
    cancelAnimationFrame(timer);
    timer = null;
    play.textContent = "\u25B6 Play";
    play.setAttribute("aria-label", "play");
  }
  function start() {
    if (drawn === n) go(0);
    play.textContent = "Pause";
    play.setAttribute("aria-label", "pause");
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
  pause();
  go(n);
  return () => cancelAnimationFrame(timer);
}
