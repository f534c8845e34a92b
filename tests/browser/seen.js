// Everything on the page that is words to someone: texts, what is read aloud, values, plots. (Help is read elsewhere.)
() => {
  const seen = new Set();
  const note = (where, text) =>
    typeof text === "string" && /\p{L}/u.test(text) && seen.add(`${where}\n${text.trim()}`);
  const unread = "script, style, noscript, code, pre, [translate=no], .katex";

  function read(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (!node.parentElement?.closest(unread)) note("text", node.data);
    }
    for (const element of root.querySelectorAll(".katex-html .text")) note("formula", element.textContent);
    for (const element of root.querySelectorAll("*")) {
      if (element.checkVisibility()) for (const name of ["aria-label", "aria-roledescription", "aria-valuetext", "alt", "title", "placeholder"]) note(name, element.getAttribute(name));
      if (element.matches("input[role=combobox]")) note("value", element.value);
      if (element.shadowRoot) read(element.shadowRoot);
    }
  }

  const words = ["text", "name", "hovertemplate", "hovertext", "texttemplate", "ticktext", "labels", "x", "y", "x0", "y0"];
  function readFigure(part) {
    for (const [key, value] of Object.entries(part ?? {})) {
      if (key === "template" || ArrayBuffer.isView(value)) continue;
      if (words.includes(key)) [value].flat(2).forEach((text) => note(`plot ${key}`, text));
      if (typeof value === "object") readFigure(value);
    }
  }

  note("page title", document.title);
  read(document.body);
  for (const plot of document.querySelectorAll(".js-plotly-plot")) readFigure({ data: plot.data, layout: plot.layout });
  return [...seen].map((line) => line.split(/\n(.*)/s, 2)); // where, what
}
