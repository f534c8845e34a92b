const NARROW = matchMedia("(max-width: 640px)"), CALM = matchMedia("(prefers-reduced-motion: reduce)");
const PLAIN = [[255, 255, 255], [0, 0, 0]];

// A colour as the four bytes of a pixel; every browser is on a machine whose lowest byte comes first.
const packed = ([red, green, blue]) => (255 << 24) | (blue << 16) | (green << 8) | red;

function cell(data, i) {
  const button = document.createElement("button"), canvas = document.createElement("canvas");
  button.className = "cell";
  button.type = "button";
  button.setAttribute("aria-label", data.names[i]);
  canvas.width = canvas.height = data.side;
  const context = canvas.getContext("2d"), pixels = context.createImageData(data.side, data.side);
  const cells = new Uint32Array(pixels.data.buffer), [[on, off], [tintOn, tintOff]] = [PLAIN, data.tint].map((pair) => pair.map(packed));
  for (let k = 0; k < cells.length; k++) {
    const marked = data.marked[k] === "1";
    cells[k] = data.images[i][k] === "1" ? (marked ? tintOn : on) : marked ? tintOff : off;
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

// Where the focus goes from one cell to another: beside it, a row up or down, to an end.
function goal(key, at, cells) {
  const columns = cells.filter((other) => other.offsetTop === cells[0].offsetTop).length;
  const moves = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns, Home: 0, End: cells.length - 1 };
  return cells[moves[key]];
}

// All cells are one stop of the Tab key, as in a toolbar: the arrows go on from there.
function rove(grid, selected) {
  const cells = [...grid.children], stop = cells.find((cell) => cell.tabIndex === 0 && cell.matches(":focus")) ?? cells[selected] ?? cells[0];
  for (const cell of cells) cell.tabIndex = cell === stop ? 0 : -1;
  grid.onkeydown = (event) => {
    const now = [...grid.children], from = event.target.closest(".cell"), to = goal(event.key, now.indexOf(from), now);
    if (!to) return;
    event.preventDefault();
    event.stopPropagation(); // the arrows of the page are other arrows
    for (const cell of now) cell.tabIndex = cell === to ? 0 : -1;
    to.focus();
  };
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
    button.onclick = () => {
      setTriggerValue("clicked", i);
      if (data.below && NARROW.matches) grid.scrollIntoView({ block: "start", behavior: CALM.matches ? "auto" : "smooth" });
    };
  });
  rove(grid, selected);
}
