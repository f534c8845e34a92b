// A photo at L levels a channel. Where one touches it (or goes with the arrow keys), the three levels of that pixel
// are shown at once; the pixel is sent to the page when the finger is lifted.
const MIDDLE = (level, levels) => Math.floor(((level + 0.5) * 256) / levels);

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { width, height, levels, squares, picks, label, tall } = data;
  const rgb = Uint8Array.from(atob(data.rgb), (c) => c.charCodeAt(0));
  const root = parentElement.querySelector(".photo"), shot = root.querySelector(".shot"), ring = root.querySelector(".ring");
  root.style.setProperty("--tall", tall);
  root.style.setProperty("--ratio", `${width} / ${height}`);
  const level = (x, y, c) => Math.floor((rgb[3 * (y * width + x) + c] * levels) / 256);
  paint();
  shot.tabIndex = picks ? 0 : -1;
  shot.setAttribute("role", picks ? "application" : "img");
  ring.hidden = !picks;
  let [x, y] = data.at, held = false, timer = null;
  const strips = picks ? ["r", "g", "b"].map(strip) : [];
  root.querySelector(".strips").replaceChildren(...strips.flatMap(({ name, well, value }) => [name, well, value]));
  show();

  shot.onpointerdown = picks ? (event) => { shot.setPointerCapture(event.pointerId); held = true; move(event); } : null;
  shot.onpointermove = picks ? (event) => { if (held) move(event); } : null;
  shot.onpointerup = picks ? (event) => { if (held) { held = false; move(event); send(); } } : null;
  shot.onpointercancel = () => { held = false; };
  shot.onkeydown = picks ? (event) => {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
    if (dx === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    go(x + dx, y + dy);
    clearTimeout(timer);
    timer = setTimeout(send, 200); // one answer for a key that is held down
  } : null;

  function paint() {
    const scale = squares.length ? 6 : 1; // room for thin lines
    [shot.width, shot.height] = [width * scale, height * scale];
    const to = shot.getContext("2d");
    const one = new OffscreenCanvas(width, height), on = one.getContext("2d"), pixels = on.createImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = MIDDLE(Math.floor((rgb[3 * i + c] * levels) / 256), levels);
      pixels.data[4 * i + 3] = 255;
    }
    on.putImageData(pixels, 0, 0);
    to.imageSmoothingEnabled = false;
    to.drawImage(one, 0, 0, width * scale, height * scale);
    for (const [colour, inset] of [["#000", 0.5], ["#fff", 2]]) {
      to.strokeStyle = colour;
      to.lineWidth = 1.5;
      for (const [a, b, w, h] of squares) to.strokeRect(a * scale + inset, b * scale + inset, w * scale - 2 * inset, h * scale - 2 * inset);
    }
  }
  function strip(channel, c) {
    const [name, well, value, mark] = ["div", "div", "div", "div"].map((tag) => document.createElement(tag));
    const ramp = document.createElement("canvas");
    [name.textContent, well.className, value.className, mark.className] = [channel, "well", "value", "mark"];
    [ramp.width, ramp.height] = [levels, 1];
    const on = ramp.getContext("2d"), cells = on.createImageData(levels, 1);
    for (let l = 0; l < levels; l++) { cells.data[4 * l + c] = MIDDLE(l, levels); cells.data[4 * l + 3] = 255; }
    on.putImageData(cells, 0, 0);
    well.append(ramp, mark);
    return { name, well, value, mark };
  }
  function move(event) {
    const box = shot.getBoundingClientRect();
    go(Math.floor(((event.clientX - box.left) / box.width) * width), Math.floor(((event.clientY - box.top) / box.height) * height));
  }
  function go(toX, toY) {
    [x, y] = [Math.min(width - 1, Math.max(0, toX)), Math.min(height - 1, Math.max(0, toY))];
    show();
  }
  function send() {
    setTriggerValue("pick", { x, y });
  }
  function show() {
    ring.style.left = `${(100 * (x + 0.5)) / width}%`;
    ring.style.top = `${(100 * (y + 0.5)) / height}%`;
    const found = strips.map((_, c) => level(x, y, c));
    strips.forEach(({ mark, value }, c) => {
      mark.style.left = `${(100 * (found[c] + 0.5)) / levels}%`;
      value.textContent = `${found[c]} / 0–${levels - 1}`;
    });
    shot.setAttribute("aria-label", picks ? `${label} (${x}, ${y}): r ${found[0]}, g ${found[1]}, b ${found[2]}` : label);
  }
}
