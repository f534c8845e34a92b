/** Words in the reader's language: what the page holds of every language, looked up by the English. */

let words = {};
let language = "en";

/** words: {language: {English: translation}}. */
export const know = (all) => (words = all);

export const spoken = () => language;

/** The message in the reader's language, its {gaps} filled with the facts. */
export function tell(message, facts = {}) {
  const text = words[language]?.[message] ?? message;
  return text.replace(/\{(\w+)\}/g, (gap, name) => facts[name] ?? gap);
}

/** A number as the reader writes it. */
export const number = (value, digits = 0) =>
  value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Speak that language: every marked element of the page says its text in it. */
export function speak(code) {
  language = document.documentElement.lang = code;
  for (const element of document.querySelectorAll("[data-say]"))
    element.textContent = tell((element.dataset.say ||= element.textContent.trim()));
  for (const element of document.querySelectorAll("[data-label]")) element.ariaLabel = tell(element.dataset.label);
}
