// Draws images pixel by pixel along the ordering, one seed after the other, from a block of draws that came with the
// page: what is pressed happens at once. The page hears of the seed, and sends the next block when this one is used up.
const UNKNOWN = [70, 78, 90, 255], ON = [255, 255, 255, 255], OFF = [0, 0, 0, 255], NEXT = [213, 94, 0, 255];

function unpack(hex) {
  return [...hex].flatMap((digit) => [8, 4, 2, 1].map((bit) => (parseInt(digit, 16) & bit ? 1 : 0)));
}

function paint(canvas, bits, ordering, drawn) {
  const context = canvas.getContext("2d"), pixels = context.createImageData(28, 28);
  ordering.forEach((at, i) => {
    const colour = i < drawn ? (bits[at] ? ON : OFF) : i === drawn ? NEXT : UNKNOWN;
    pixels.data.set(colour, 4 * at);
  });
  context.putImageData(pixels, 0, 0);
}

function fill(text, facts) {
  return text.replace(/\{(\w+)\}/g, (gap, name) => facts[name] ?? gap);
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".draw"), find = (selector) => root.querySelector(selector);
  const { words, ordering } = data, n = ordering.length;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const state = (root.state ??= { before: [], told: [], timer: null, speed: still ? 0 : 350 });
  const has = (seed) => seed >= data.first && seed < data.first + data.images.length;
  const here = () => state.seed - data.first;

  function show() {
    const { ready } = state;
    paint(find(".now"), ready ? state.bits : [], ordering, ready ? state.drawn : -1);
    const done = ready && state.drawn === n, facts = { seed: state.seed, drawn: state.drawn, n };
    const text = !ready ? words.waiting : fill(done ? words.done : words.drawing, { ...facts, ...(done ? data.said[here()] : {}) });
    find(".said").textContent = text;
    find(".now").setAttribute("aria-label", text);
    find(".pause").hidden = state.speed === 0;
    find(".pause").textContent = state.timer === null ? "\u25B6" : "\u275A\u275A";
    find(".pause").setAttribute("aria-label", state.timer === null ? words.play : words.pause);
  }
  function stop() {
    cancelAnimationFrame(state.timer);
    state.timer = null;
  }
  function play() {
    stop();
    if (state.drawn >= n) state.drawn = 0;
    let last = performance.now(), owed = 0;
    const tick = (now) => {
      if (!root.isConnected) return stop();
      owed += ((now - last) / 1000) * state.speed;
      last = now;
      const whole = Math.floor(owed);
      owed -= whole;
      state.drawn = Math.min(n, state.drawn + whole);
      if (state.drawn >= n) stop();
      else state.timer = requestAnimationFrame(tick);
      if (whole || state.drawn >= n) state.show();
    };
    state.timer = requestAnimationFrame(tick);
  }
  function begin(seed) {
    stop();
    Object.assign(state, { seed, drawn: 0, ready: has(seed) });
    if (state.ready) {
      state.bits = unpack(data.images[here()]);
      if (state.speed) play();
      else state.drawn = n;
    }
    show();
  }
  function keep() {
    if (!state.ready) return;
    state.before = [{ seed: state.seed, bits: state.bits }, ...state.before.filter((one) => one.seed !== state.seed)].slice(0, 3);
    find(".before").replaceChildren(...state.before.map(({ seed, bits }) => {
      const button = document.createElement("button"), canvas = document.createElement("canvas");
      button.type = "button";
      button.setAttribute("aria-label", fill(words.again, { seed }));
      canvas.width = canvas.height = 28;
      paint(canvas, bits, ordering, n);
      button.append(canvas);
      button.onclick = () => go(seed);
      return button;
    }));
  }
  function go(seed) {
    keep();
    state.told.push(seed);
    begin(seed);
    setTriggerValue("seed", seed);
  }

  state.show = show; // a picture that is being drawn goes on with the words of this run
  find(".another").textContent = words.another;
  find(".another").onclick = () => go(state.seed + 1);
  find(".pause").onclick = () => { if (state.timer === null) play(); else stop(); show(); };
  find("select").title = words.speed;
  find("select").setAttribute("aria-label", words.speed);
  find("select").replaceChildren(...[[60, words.slow], [350, words.normal], [0, words.atonce]].map(([value, text]) => new Option(text, value, false, value === state.speed)));
  find("select").onchange = (event) => {
    state.speed = Number(event.target.value);
    if (state.speed === 0) { stop(); state.drawn = n; }
    show();
  };
  const known = state.told.lastIndexOf(data.seed), changed = state.of !== data.of;
  state.told = known < 0 ? [] : state.told.slice(known + 1);
  if (changed) {
    state.before = [];
    find(".before").replaceChildren();
  }
  state.of = data.of;
  if (changed || (known < 0 && state.seed !== data.seed)) begin(data.seed);
  else if (!state.ready && has(state.seed)) begin(state.seed);
  else show();
}
