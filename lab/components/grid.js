const PLAIN = [[255, 255, 255], [0, 0, 0]];

function cell(data, i) {
  const button = document.createElement("button"), canvas = document.createElement("canvas");
  button.className = "cell";
  button.type = "button";
  button.setAttribute("aria-label", data.names[i]);
  canvas.width = canvas.height = data.side;
  const context = canvas.getContext("2d"), pixels = context.createImageData(data.side, data.side);
  for (let k = 0; k < data.images[i].length; k++) {
    const [on, off] = data.marked[k] === "1" ? data.tint : PLAIN;
    pixels.data.set([...(data.images[i][k] === "1" ? on : off), 255], 4 * k);
  }
  context.putImageData(pixels, 0, 0);
  button.append(canvas);
  for (const line of data.captions[i]) {
    const span = document.createElement("span");
    span.textContent = line;
    button.append(span);
  }
  return button;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const grid = parentElement.querySelector(".grid");
  const { selected, ...shown } = data;
  const drawn = JSON.stringify(shown);
  if (grid.drawn !== drawn) {  // otherwise the buttons stay, and with them the keyboard's focus
    grid.drawn = drawn;
    grid.setAttribute("aria-label", data.label);
    grid.style.setProperty("--cell", data.cell);
    grid.replaceChildren(...data.images.map((_, i) => cell(data, i)));
  }
  [...grid.children].forEach((button, i) => {
    button.setAttribute("aria-pressed", String(i === selected));
    button.onclick = () => setTriggerValue("clicked", i);
  });
}
