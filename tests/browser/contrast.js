// Visible text whose contrast with what lies behind it is below the least: [ratio, text, colour, ground].
(least) => {
  const low = [];
  const rgba = (text) => {
    const parts = (text.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number), unit = text.startsWith("color(") ? 255 : 1;
    return [...parts.slice(0, 3).map((part) => part * unit), parts[3] ?? 1];
  };
  const over = (top, under) => [0, 1, 2].map((k) => top[k] * top[3] + under[k] * (1 - top[3])).concat(1);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const looks = new Map(); // of each element once: to ask for one takes long
  const lookOf = (node) => {
    if (!looks.has(node)) {
      const { opacity, visibility, display, backgroundColor } = getComputedStyle(node), off = "[aria-hidden=true], [hidden], :disabled, [aria-disabled=true], .meaning, [data-disabled]";
      const unseen = visibility === "hidden" || display === "none" || node.matches(off); // a control that is off is exempt
      looks.set(node, { opacity: unseen ? 0 : Number(opacity), ground: rgba(backgroundColor), box: node.getBoundingClientRect() });
    }
    return looks.get(node);
  };
  const above = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;

  function ground(node, text) {
    const bar = node.closest("g.point")?.querySelector("path"); // words inside a bar of a chart
    const layers = bar && node.classList.contains("bartext-inside") ? [rgba(getComputedStyle(bar).fill)] : [];
    const [x, y] = [(text.left + text.right) / 2, (text.top + text.bottom) / 2];
    for (let at = node; at; at = above(at)) {
      const { box, ground } = lookOf(at); // what lies elsewhere, such as a slider's thumb under its value, is no ground
      if (box.left <= x && x <= box.right && box.top <= y && y <= box.bottom) layers.push(ground);
    }
    const page = rgba(getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor);
    return layers.reverse().reduce((under, top) => over(top, under), page);
  }

  function shown(node) {
    let opacity = 1;
    for (let at = node; at && opacity; at = above(at)) opacity *= lookOf(at).opacity;
    return opacity;
  }

  function read(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode, parent = node.parentElement ?? root.host;
      if (node.shadowRoot) read(node.shadowRoot);
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim() || !parent || parent.closest("style, script, .katex-mathml")) continue;
      const range = document.createRange();
      range.selectNode(node);
      const box = range.getBoundingClientRect(), opacity = shown(parent), look = getComputedStyle(parent);
      if (box.width < 2 || box.height < 2 || !opacity) continue;
      const colour = rgba(parent.closest("svg") ? look.fill : look.color), behind = ground(parent, box);
      if (parent.closest("svg")) colour[3] *= Number(look.fillOpacity);
      colour[3] *= opacity;
      const [a, b] = [light(over(colour, behind)), light(behind)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
      if (ratio < least) low.push([ratio.toFixed(1), node.data.trim().slice(0, 40), colour.map(Math.round).join(), behind.map(Math.round).join()]);
    }
  }

  read(document.querySelector("[data-testid=stMain]"));
  return low;
}
