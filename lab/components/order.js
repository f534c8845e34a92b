// Four images that one ranks by tapping them in order. With the last tap the truth appears beside the guess.
function unpack(hex) {
  return [...hex].flatMap((digit) => [8, 4, 2, 1].map((bit) => (parseInt(digit, 16) & bit ? 1 : 0)));
}

function paint(canvas, bits) {
  const context = canvas.getContext("2d"), pixels = context.createImageData(28, 28);
  bits.forEach((bit, at) => pixels.data.set(bit ? [255, 255, 255, 255] : [0, 0, 0, 255], 4 * at));
  context.putImageData(pixels, 0, 0);
}

function fill(text, facts) {
  return text.replace(/\{(\w+)\}/g, (gap, name) => facts[name] ?? gap);
}

function element(name, className, text) {
  return Object.assign(document.createElement(name), { className, textContent: text });
}

function card(item) {
  const button = element("button", "one", ""), canvas = document.createElement("canvas");
  button.type = "button";
  canvas.width = canvas.height = 28;
  paint(canvas, unpack(item.image));
  button.append(canvas, element("span", "facts", ""));
  return button;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".order"), four = root.querySelector(".four"), { items, words } = data;
  const lot = items.map(({ image }) => image).join();
  if (root.lot !== lot) {
    root.lot = lot;
    root.order = [];
    four.replaceChildren(...items.map(card));
  }
  if (data.order.length || root.told?.length) root.order = data.order;
  root.told = data.order;

  function show() {
    const { order } = root, done = order.length === items.length;
    root.querySelector(".told").textContent = done ? words.done : fill(words.ask, { n: order.length + 1, all: items.length });
    [...four.children].forEach((button, i) => {
      const { id, name, nats, power, place } = items[i], at = order.indexOf(id) + 1, facts = [element("span", "name", name)];
      if (done) facts.push(element("b", "", nats), element("span", "", `\u2248 ${power}`), element("span", "", fill(words.truth, { n: place })));
      if (at) facts.push(element("span", "guess", fill(done ? words.you : words.nth, { n: at })));
      button.querySelector(".facts").replaceChildren(...facts);
      button.setAttribute("aria-label", facts.map((one) => one.textContent).join(", "));
      button.setAttribute("aria-pressed", String(at > 0));
      button.classList.toggle("first", done && place === 1);
      button.disabled = done;
      button.onclick = () => tap(id);
    });
  }
  function tap(id) {
    root.order = root.order.includes(id) ? root.order.filter((one) => one !== id) : [...root.order, id];
    show();
    if (root.order.length === items.length) setTriggerValue("order", root.order);
  }
  root.querySelector(".other").textContent = words.other;
  root.querySelector(".other").onclick = () => setTriggerValue("other", true);
  show();
}
