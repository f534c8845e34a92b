// A mixture of Gaussians over real measurements. A bump is dragged by its number (sideways its mean, up and down its
// weight) and by its flank (its width). All is drawn here at once; what was dragged is sent when it is let go.
const ROOT = Math.sqrt(2 * Math.PI), POINTS = 400, SVG = "http://www.w3.org/2000/svg";

function normal(x, mean, sigma) {
  return Math.exp(-0.5 * ((x - mean) / sigma) ** 2) / (sigma * ROOT);
}

function moved(mix, k, to) {
  const total = 1 - mix[k].weight, rest = 1 - to.weight, alone = mix.length === 1;
  return mix.map((one, j) => {
    if (j === k) return alone ? { ...to, weight: 1 } : to;
    return { ...one, weight: total > 0 ? (one.weight * rest) / total : rest / (mix.length - 1) };
  });
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { x, counts, low, high, step, ticks, movable, words, names } = data;
  const find = (selector) => parentElement.querySelector(selector);
  const root = find(".bumps"), svg = find("svg"), holder = find(".handles");
  const N = counts.reduce((a, b) => a + b, 0), top = ((movable ? 1.5 : 1.15) * Math.max(...counts)) / N, span = high - low;
  const left = (v) => (100 * (v - low)) / span, up = (p) => 100 - (100 * Math.min(p, top)) / top;
  let mix = data.mixture;
  root.style.setProperty("--tall", data.tall);
  root.setAttribute("aria-label", words.label);
  svg.setAttribute("viewBox", "0 0 100 100");

  function path(of, kind) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("class", kind);
    line.setAttribute("d", of);
    return line;
  }
  const half = 0.5;  // the measurements are whole numbers
  const from = (v, i) => (v - x[i - 1] === 1 ? "" : `V100H${left(v - half)}`);  // back to the ground where values are missing
  const bars = `M${left(x[0] - half)} 100${x.map((v, i) => `${from(v, i)}V${up(counts[i] / N)}H${left(v + half)}`).join("")}V100`;
  const curve = (p) => Array.from({ length: POINTS + 1 }, (_, i) => {
    const v = low + (span * i) / POINTS;
    return `${i ? "L" : "M"}${left(v).toFixed(2)} ${up(p(v)).toFixed(2)}`;
  }).join("");
  const lines = mix.map(() => path("", "one")), all = path("", "all");
  svg.replaceChildren(path(bars, "data"), ...lines, all);
  find(".axis").replaceChildren(...ticks.map((v) => {
    const tick = document.createElement("span");
    tick.textContent = v;
    tick.style.left = `${left(v)}%`;
    return tick;
  }), Object.assign(document.createElement("b"), { textContent: words.axis }));

  const scale = 10 ** Math.floor(Math.log10(0.9 * top)), level = [5, 2, 1].find((m) => m * scale <= 0.9 * top) * scale;
  find(".level").style.top = `${up(level)}%`;
  find(".level").textContent = words.level.replace("{p}", level.toPrecision(1));

  const clamp = (v, least, most) => Math.min(most, Math.max(least, v));
  const kept = (to) => ({
    weight: clamp(to.weight, 0.01, 0.99), mean: clamp(to.mean, low, high), sigma: clamp(to.sigma, step, span / 2),
  });
  function sizes(k) {
    const { weight, mean, sigma } = mix[k], peak = weight * normal(mean, mean, sigma);
    return { weight, mean, sigma, peak };
  }
  const handles = movable ? mix.flatMap((_, k) => ["whole", "wide"].map((kind) => {
    const handle = document.createElement("button"), face = document.createElement("i");
    handle.type = "button";
    handle.className = `handle ${kind}`;
    handle.setAttribute("role", "slider");
    if (kind === "whole") face.textContent = k + 1;
    handle.append(face);
    let held = false;
    const to = (event) => {
      const box = root.getBoundingClientRect();
      const v = low + (span * (event.clientX - box.left)) / box.width;
      if (kind === "wide") return kept({ ...mix[k], sigma: v - mix[k].mean });
      const p = (top * (box.bottom - event.clientY)) / box.height;
      return kept({ weight: Math.min(p, top) * mix[k].sigma * ROOT, mean: v, sigma: mix[k].sigma });
    };
    handle.onpointerdown = (event) => { held = true; handle.setPointerCapture(event.pointerId); };
    handle.onpointermove = (event) => { if (held) { mix = moved(mix, k, to(event)); show(k); } };
    handle.onpointerup = () => { if (held) { held = false; send(k); } };
    handle.onpointercancel = () => { held = false; mix = data.mixture; show(-1); };
    handle.onkeydown = (event) => {
      const far = event.shiftKey ? 10 : 1;
      const [right, more] = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, far], ArrowDown: [0, -far] }[event.key] ?? [0, 0];
      if (!right && !more) return;
      event.preventDefault();
      event.stopPropagation();
      const now = mix[k];
      mix = moved(mix, k, kept(kind === "wide" ? { ...now, sigma: now.sigma + (right + more) * step }
        : { ...now, mean: now.mean + right * step, weight: now.weight + more * 0.01 }));
      show(k);
      send(k);
    };
    return { handle, kind, k };
  })) : [];

  function send(k) {
    const { weight, mean, sigma } = mix[k];
    setTriggerValue("drag", { k, weight, mean, sigma });
  }
  function show(now) {
    mix.forEach(({ weight, mean, sigma }, k) => {
      lines[k].setAttribute("d", curve((v) => weight * normal(v, mean, sigma)));
      lines[k].classList.toggle("now", k === now);
    });
    const density = (v) => mix.reduce((sum, one) => sum + one.weight * normal(v, one.mean, one.sigma), 0);
    all.setAttribute("d", curve(density));
    for (const { handle, kind, k } of handles) {
      const { weight, mean, sigma, peak } = sizes(k), wide = kind === "wide";
      handle.style.left = `${clamp(left(wide ? mean + sigma : mean), 0, 100)}%`;
      handle.style.top = `${up(wide ? peak * Math.exp(-0.5) : peak)}%`;
      handle.setAttribute("aria-label", `${names[k]}: ${wide ? words.sigma : words.whole}`);
      handle.setAttribute("aria-valuenow", (wide ? sigma : mean).toFixed(1));
      handle.setAttribute("aria-valuetext", wide ? `σ ${sigma.toFixed(1)}` : `μ ${mean.toFixed(1)}, π ${weight.toFixed(2)}`);
    }
    const sum = x.reduce((total, v, i) => total + counts[i] * Math.log(Math.max(density(v), 1e-300)), 0);
    find("output").textContent = words.height.replace("{sum}", Math.round(sum).toLocaleString("en").replace("-", "\u2212")).replace("{mean}", (sum / N).toFixed(3).replace("-", "\u2212"));
  }
  const focused = [...holder.children].indexOf(root.getRootNode().activeElement);
  holder.replaceChildren(...handles.map(({ handle }) => handle));
  if (focused >= 0) handles[focused]?.handle.focus();
  show(-1);
}
