// A browser that translates the page wraps text in <font>; React then removes or moves nodes that are no longer where
// it put them. Such a request is done where it can be, and passed over where it cannot, instead of breaking the page.
function survive(prototype) {
  if (prototype.survivesTranslation) return;
  prototype.survivesTranslation = true;
  const { removeChild, insertBefore } = prototype;
  prototype.removeChild = function (child) {
    return child.parentNode === this ? removeChild.call(this, child) : child;
  };
  prototype.insertBefore = function (child, before) {
    return insertBefore.call(this, child, before && before.parentNode === this ? before : null);
  };
}

export default function (component) {
  const { language, words } = component.data;
  survive(Node.prototype);
  const root = document.documentElement;
  root.lang = language;
  for (const [name, text] of Object.entries(words)) root.style.setProperty(`--word-${name}`, JSON.stringify(text));
}
