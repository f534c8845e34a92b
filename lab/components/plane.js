// The plane one coordinate at a time: a map of p(x1, x2), below it p(x1), at its right p(x2 | x1) along the line through
// the point. The point is dragged here, with both curves following; it is sent when it is let go.
const SVG = "http://www.w3.org/2000/svg";
const CIVIDIS = [[0, 34, 78], [53, 69, 108], [124, 123, 120], [188, 175, 111], [254, 232, 56]];

function heat(p) {
  const at = Math.min(p, 0.9999) * (CIVIDIS.length - 1), i = Math.floor(at), f = at - i;
  return CIVIDIS[i].map((v, k) => Math.round(v + f * (CIVIDIS[i + 1][k] - v)));
}

function draw(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { density, first, x1, x2, points, words } = data;
  const find = (selector) => parentElement.querySelector(selector);
  const root = find(".plane"), map = find(".map"), canvas = find("canvas"), n = x1.length;
  const steps = [x1, x2].map((axis) => axis[1] - axis[0]);
  const ends = [x1, x2].map((axis, d) => [axis[0] - steps[d] / 2, axis[n - 1] + steps[d] / 2]);
  const share = (v, d) => (100 * (v - ends[d][0])) / (ends[d][1] - ends[d][0]);
  let point = data.point, held = false;
  root.style.setProperty("--tall", data.tall);
  map.setAttribute("aria-label", words.label);

  canvas.width = canvas.height = n;
  const context = canvas.getContext("2d"), pixels = context.createImageData(n, n);
  const most = density.reduce((a, row) => Math.max(a, ...row), 0);
  for (let j = 0; j < n; j++) for (let i = 0; i < n; i++) {
    pixels.data.set([...heat(Math.sqrt(density[j][i] / most)), 255], 4 * ((n - 1 - j) * n + i));
  }
  context.putImageData(pixels, 0, 0);

  const tops = Math.max(...first);
  const index = (v, d) => Math.max(0, Math.min(n - 1, Math.floor(((v - ends[d][0]) / steps[d]))));
  const path = (kind, d) => draw("path", { class: kind, d });
  const dots = points.map(([a, b]) => draw("circle", { cx: share(a, 0), cy: 100 - share(b, 1), r: 0.7 }));

  function show() {
    const i = index(point[0], 0), j = index(point[1], 1), column = density.map((row) => row[i] / Math.max(first[i], 1e-12));
    const high = Math.max(...column), at = [share(point[0], 0), 100 - share(point[1], 1)];
    const along = first.map((p, k) => `L${share(x1[k], 0)} ${(94 * p) / tops}`).join("");
    const up = column.map((p, k) => `L${(94 * p) / high} ${100 - share(x2[k], 1)}`).join("");
    const upright = `M${at[0]} 0V100`;
    find(".first").replaceChildren(path("area", `M0 0${along}L100 0Z`), path("cut", upright));
    find(".second").replaceChildren(path("area", `M0 100${up}L0 0Z`), path("cut", `M0 ${at[1]}H100`));
    find(".over").replaceChildren(...dots, path("cut", upright));
    Object.assign(find(".point").style, { left: `${at[0]}%`, top: `${at[1]}%` });
    const said = [words.first.replace("{p}", first[i].toFixed(3)), words.second.replace("{p}", column[j].toFixed(3)),
      words.both.replace("{p}", density[j][i].toFixed(3))];
    find("output").replaceChildren(...said.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
    map.setAttribute("aria-description", said.join(", "));
  }
  const snap = (p) => [x1, x2].map((axis, d) => axis[index(p[d], d)]);  // to the middle of a cell
  const to = (event) => {
    const box = map.getBoundingClientRect(), across = (event.clientX - box.left) / box.width, up = (box.bottom - event.clientY) / box.height;
    return snap([ends[0][0] + across * (ends[0][1] - ends[0][0]), ends[1][0] + up * (ends[1][1] - ends[1][0])]);
  };
  const send = () => setTriggerValue("point", point);
  map.onpointerdown = (event) => { held = true; map.setPointerCapture(event.pointerId); point = to(event); show(); };
  map.onpointermove = (event) => { if (held) { point = to(event); show(); } };
  map.onpointerup = () => { if (held) { held = false; send(); } };
  map.onpointercancel = () => { held = false; point = data.point; show(); };
  map.onkeydown = (event) => {
    const [right, up] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
    if (!right && !up) return;
    event.preventDefault();
    event.stopPropagation();
    point = snap([point[0] + right * steps[0], point[1] + up * steps[1]]);
    show();
    send();
  };
  show();
}
