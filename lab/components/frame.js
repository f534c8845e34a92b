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

function tellAll(root) {
  tellOne(root);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) tellOne(walker.currentNode);
}

function watch() {
  survive();
  oneEntryATouch();
  const observer = new MutationObserver((records) => {
    for (const record of records) {
      if (record.type !== "childList") tellOne(record.target);
      else noteReplaced(record);
      record.addedNodes.forEach(tellAll);
    }
  });
  const what = { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES };
  observer.observe(document.body, what);
  return { learn, tellAll };
}

// Streamlit adds an entry to the browser's history for every word that a page writes into its address. Here one touch
// of the viewer makes one entry, however often the address changes meanwhile: Back goes to what was there before it.
function oneEntryATouch() {
  let touched = false;
  const touch = (event) => { touched ||= event.type !== "click" || event.detail === 0; }; // 0: a click without a pointer
  for (const name of ["pointerdown", "keydown", "click"]) window.addEventListener(name, touch, true);
  window.addEventListener("popstate", () => { touched = false; }, true);
  const { pushState, replaceState } = window.history;
  window.history.pushState = function (...entry) {
    (touched ? pushState : replaceState).apply(this, entry);
    touched = false;
  };
}

export default function (component) {
  const { language, words } = component.data;
  document.documentElement.lang = language;
  const keeper = (window.wordKeeper ??= watch()); // one for the page, however often this file is read
  keeper.learn(words);
  keeper.tellAll(document.body);
}
