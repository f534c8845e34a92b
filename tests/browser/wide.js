// Texts that do not fit: wider than their box, which does not scroll, or beyond the edge of the screen or of their plot;
// and what lies under the rail of the lesson where all is scrolled to its end.
() => {
  const found = [];
  const scrolls = (element) => /auto|scroll/.test(getComputedStyle(element).overflowX);
  const unseen = ".katex-mathml, .katex-mathml *, [translate=no], script, style, canvas *, svg *, [data-testid=stSidebar][aria-expanded=false] *";

  function scrolling(element) {
    for (let at = element; at && at !== document.body; at = at.parentElement) if (scrolls(at) && at.scrollWidth > at.clientWidth) return true;
    return false;
  }

  function check(root) {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) check(element.shadowRoot);
      const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      const box = element.getBoundingClientRect();
      if (!own || element.matches(unseen) || box.width <= 1 || box.height <= 1) continue;
      const style = getComputedStyle(element);
      if (style.clip !== "auto" || style.clipPath !== "none") continue; // for screen readers alone
      const wide = style.display !== "inline" && !scrolls(element) && element.scrollWidth > element.clientWidth + 1;
      const outside = (box.right > innerWidth + 1 || box.left < -1) && !scrolling(element);
      if (wide || outside) found.push(`${wide ? "wider than its box" : "off the screen"}: ${element.textContent.trim().slice(0, 60)}`);
    }
  }

  check(document.body);
  for (const plot of document.querySelectorAll(".js-plotly-plot")) {
    const frame = plot.getBoundingClientRect();
    for (const text of plot.querySelectorAll("text")) {
      const box = text.getBoundingClientRect();
      const out = box.left < frame.left - 2 || box.right > frame.right + 2;
      if (box.width && out) found.push(`out of its plot: ${text.textContent}`);
    }
  }
  const rail = document.querySelector(".st-key-rail"), main = rail?.closest('[data-testid="stMain"]'), at = main?.scrollTop;
  if (rail) {
    main.scrollTop = main.scrollHeight;
    const { top } = rail.getBoundingClientRect();
    for (const part of document.querySelectorAll(".st-key-play, .st-key-below, .st-key-closing, .st-key-sentence")) {
      if (part.getBoundingClientRect().bottom > top + 1) found.push(`under the rail: ${part.textContent.trim().slice(0, 60)}`);
    }
    main.scrollTop = at;
  }
  return found;
}
