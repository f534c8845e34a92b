const PLAIN = [[255, 255, 255], [0, 0, 0]];

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const grid = parentElement.querySelector(".grid");
  grid.setAttribute("aria-label", data.label);
  grid.style.setProperty("--cell", data.cell);
  grid.replaceChildren(
    ...data.images.map((bits, i) => {
      const cell = document.createElement("button");
      cell.className = "cell";
      cell.type = "button";
      cell.setAttribute("aria-pressed", String(i === data.selected));
      cell.setAttribute("aria-label", data.names[i]);
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = data.side;
      const context = canvas.getContext("2d");
      const pixels = context.createImageData(data.side, data.side);
      for (let k = 0; k < bits.length; k++) {
        const [on, off] = data.marked[k] === "1" ? data.tint : PLAIN;
        pixels.data.set([...(bits[k] === "1" ? on : off), 255], 4 * k);
      }
      context.putImageData(pixels, 0, 0);
      cell.append(canvas);
      for (const line of data.captions[i]) {
        const span = document.createElement("span");
        span.textContent = line;
        cell.append(span);
      }
      cell.onclick = () => setStateValue("selected", i);
      return cell;
    }),
  );
}
