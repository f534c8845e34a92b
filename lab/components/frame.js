// A browser that translates the page puts <font> around a text, or in its place, while React goes on to remove, move
// and change the text as if it stood where it was. What React asks for is done with the <font> that now stands there.
const replaced = new WeakMap(); // a text that is gone: the <font> in its place

function standIn(parent, node) {
  let at = replaced.get(node) ?? node;
  while (at && at.parentNode !== parent) at = at.parentNode?.nodeName === "FONT" ? at.parentNode : null;
  return at;
}

function survive() {
  const { removeChild, insertBefore } = Node.prototype;
  const value = Object.getOwnPropertyDescriptor(Node.prototype, "nodeValue");
  Node.prototype.removeChild = function (child) {
    const at = standIn(this, child);
    if (at) removeChild.call(this, at);
    return child;
  };
  Node.prototype.insertBefore = function (child, before) {
    return insertBefore.call(this, child, before ? standIn(this, before) : null);
  };
  Object.defineProperty(Node.prototype, "nodeValue", {
    ...value,
    set(text) {
      const font = replaced.get(this);
      replaced.delete(this);
      if (font?.isConnected && !this.isConnected) font.replaceWith(this);
      value.set.call(this, text);
    },
  });
}

function noteReplaced({ removedNodes, addedNodes, previousSibling, nextSibling }) {
  for (const node of removedNodes) {
    if (node.nodeType !== Node.TEXT_NODE || node.isConnected) continue;
    const font = [...addedNodes, previousSibling, nextSibling].find((other) => other?.nodeName === "FONT");
    if (font) replaced.set(node, font);
  }
}

// Streamlit's own words, told in the reader's language: in texts, and in the attributes that are read aloud or shown.
const ATTRIBUTES = ["aria-label", "placeholder", "title", "alt"];
const told = new WeakMap(); // a node: by attribute ("" is its text), Streamlit's word and ours
let whole = new Map(), withGaps = [];

function learn(words) {
  const foreign = Object.entries(words).filter(([word, ours]) => word !== ours);
  whole = new Map(foreign);
  withGaps = foreign.filter(([word]) => word.includes("{")).map(([word, ours]) => {
    const plain = word.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
    return [new RegExp(`^${plain.replace(/\{(\w+)\}/g, "(?<$1>.+)")}$`, "s"), ours];
  });
}

function translated(text) {
  const bare = text.trim();
  if (whole.has(bare)) return text.replace(bare, () => whole.get(bare));
  for (const [pattern, ours] of withGaps) {
    const facts = pattern.exec(text)?.groups;
    if (facts) return ours.replace(/\{(\w+)\}/g, (gap, name) => (name in facts ? translated(facts[name]) : gap));
  }
  return text;
}

function tell(node, attribute, now, set) {
  if (!now) return;
  const before = told.get(node)?.[attribute];
  const word = before?.ours === now ? before.word : now;
  const ours = translated(word);
  if (ours !== now) set(ours);
  if (ours !== word) told.set(node, { ...told.get(node), [attribute]: { word, ours } });
}

function tellOne(node) {
  if (node.nodeType === Node.TEXT_NODE) tell(node, "", node.data, (text) => { node.data = text; });
  else for (const name of ATTRIBUTES) tell(node, name, node.getAttribute?.(name), (text) => node.setAttribute(name, text));
}

// Streamlit's lists of pages hold more than items, and a formula that is too wide is scrolled by mouse alone: both for all.
function open(root) {
  if (root.nodeType !== Node.ELEMENT_NODE) return;
  for (const node of root.querySelectorAll('[data-testid="stSidebarNavItems"], [data-testid="stSidebarNavItems"] li')) node.setAttribute("role", "none");
  for (const node of root.querySelectorAll(".katex-display")) {
    requestAnimationFrame(() => { if (node.scrollWidth > node.clientWidth) node.tabIndex = 0; else node.removeAttribute("tabindex"); });
  }
}

function tellAll(root) {
  open(root.parentElement ?? root);
  tellOne(root);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) tellOne(walker.currentNode);
}

function watch() {
  survive();
  oneEntryATouch();
  window.addEventListener("beforeprint", print);
  window.addEventListener("resize", measure);
  const observer = new MutationObserver((records) => {
    for (const record of records) {
      if (record.type !== "childList") tellOne(record.target);
      else noteReplaced(record);
      record.addedNodes.forEach(tellAll);
    }
  });
  const what = { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES };
  observer.observe(document.body, what);
  return { learn, tellAll, calm };
}

// A run that the page asks for by itself breaks off the one under way. Were it asked for while a touch of the viewer is
// on its way, what that touch changes would come later: so it waits until all is answered.
let lastTouch = -Infinity;

function calm() {
  const still = document.querySelector('[data-testid="stApp"]').dataset.testScriptState === "notRunning";
  return still && performance.now() - lastTouch > 400;
}

// Streamlit adds an entry to the browser's history for every word that a page writes into its address. Here one touch
// of the viewer makes one entry, however often the address changes meanwhile: Back goes to what was there before it.
function oneEntryATouch() {
  let touched = false;
  const touch = (event) => {
    lastTouch = performance.now();
    touched ||= event.type !== "click" || event.detail === 0; // 0: a click without a pointer
  };
  for (const name of ["pointerdown", "keydown", "click"]) window.addEventListener(name, touch, true);
  window.addEventListener("popstate", () => { touched = false; }, true);
  const { pushState, replaceState } = window.history;
  window.history.pushState = function (...entry) {
    (touched ? pushState : replaceState).apply(this, entry);
    touched = false;
  };
}

// On paper a chart is as wide as its column, and grey: its text black, its lines and areas by their lightness.
const SHADES = ["fill", "stroke"];

function grey(node) {
  for (const what of SHADES) {
    const rgb = getComputedStyle(node)[what].match(/[\d.]+/g)?.map(Number);
    if (!rgb || rgb.length < 3 || rgb[3] === 0) continue;
    if (what === "fill" && rgb.slice(0, 3).every((part) => part > 250)) continue; // paper
    const light = Math.round(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]), most = what === "stroke" ? 190 : 235;
    node.style.setProperty(what, node.closest("text") ? "#000" : `rgb(${Array(3).fill(Math.min(light, most)).join()})`);
  }
}

function print() {
  const undo = [];
  for (const svg of document.querySelectorAll(".js-plotly-plot .main-svg")) {
    undo.push([svg, "viewBox", svg.getAttribute("viewBox")]);
    svg.parentElement.style.setProperty("--shape", svg.getAttribute("width") / svg.getAttribute("height"));
    svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
    for (const node of svg.querySelectorAll("path, rect, text, circle, line")) {
      undo.push([node, "style", node.getAttribute("style")]);
      grey(node);
    }
  }
  const restore = ([node, name, before]) => (before === null ? node.removeAttribute(name) : node.setAttribute(name, before));
  window.addEventListener("afterprint", () => undo.forEach(restore), { once: true });
}

// The size of the type, which charts follow before a hall; said again when the window changes. It is said when the page
// is still: a run that is broken off leaves controls without the values it would have given them.
let known = null, say = null, waiting = 0; // known: null where nobody asks

function measure() {
  clearTimeout(waiting);
  if (known !== null) waiting = setTimeout(sayWhenStill, 400);
}

function sayWhenStill() {
  const now = Math.round(parseFloat(getComputedStyle(document.documentElement).fontSize));
  if (now === known) return;
  if (window.wordKeeper.calm() && !document.querySelector('[role="dialog"]')) say((known = now)); // a run would close the dialog
  else measure();
}

export default function (component) {
  const { language, words, em } = component.data;
  document.documentElement.lang = language;
  [known, say] = [em, (now) => component.setStateValue("em", now)];
  measure();
  const keeper = (window.wordKeeper ??= watch()); // one for the page, however often this file is read
  keeper.learn(words);
  keeper.tellAll(document.body);
}
