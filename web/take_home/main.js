/** The page that somebody takes home: a NADE that draws, samples and scores, without a server. */

import { Nade, NadeFault, Session } from "../nade.js";
import { drawing } from "./drawing.js";
import { samples } from "./samples.js";
import { know, number, speak, spoken, tell } from "./words.js";

const find = (id) => document.getElementById(id);
const SPLITS = { train: "training", valid: "validation", test: "test" };
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

try {
  const facts = JSON.parse(find("facts").textContent);
  know(facts.words);
  const asked = /\blang=(\w+)/.exec(location.hash)?.[1]; // by a link from a page in that language
  const wishes = [asked, ...navigator.languages.map((wish) => wish.split("-")[0])];
  speak(wishes.find((wish) => wish in facts.languages) ?? "en");
  open(Nade.read(bytes(find("weights").textContent)), facts);
} catch (error) {
  find("fault").hidden = false;
  find("fault").textContent = error instanceof NadeFault ? tell(error.id, error.facts) : String(error);
  throw error;
}

function open(model, facts) {
  const choice = find("class"), { card } = facts;
  const chosen = () => (choice.value === "" || !card.classes.length ? null : Number(choice.value));
  find("class-choice").hidden = find("bars").hidden = !card.classes.length;
  find("class").replaceChildren(...["", ...card.classes.keys()].map((y) => new Option("", y)));
  document.querySelector("main").hidden = false;
  globalThis.nade = { Nade, NadeFault, Session, model };
  const hand = drawing(model, card.classes, chosen), drawn = samples(model, chosen, hand.take);

  const refresh = () => {
    document.title = find("title").textContent = tell(card.title);
    [...choice.options].forEach((option, k) => (option.textContent = k ? tell(card.classes[k - 1]) : tell("any: p(x)")));
    describe(card);
    hand.refresh();
    drawn.refresh();
  };
  switches(facts.languages, refresh);
  choice.onchange = () => {
    hand.refresh();
    drawn.draw();
  };
  refresh();
  drawn.draw();
}

/** A button for each language, where there are several. */
function switches(languages, refresh) {
  const codes = Object.keys(languages);
  if (codes.length < 2) return;
  const mark = () => [...find("languages").children].forEach((b) => (b.ariaPressed = String(b.lang === spoken())));
  find("languages").replaceChildren(
    ...codes.map((code) => {
      const button = Object.assign(document.createElement("button"), { lang: code, textContent: languages[code] });
      button.onclick = () => {
        speak(code);
        refresh();
        mark();
      };
      return button;
    }),
  );
  mark();
}

/** The card: what the model is, what it reaches, and where it comes from. */
function describe(card) {
  const nats = Object.entries(card.nats).map(([split, value]) =>
    tell("{split}: {nats} nats", { split: tell(SPLITS[split] ?? split), nats: number(value, 2) }));
  const rows = {
    [tell("kind")]: `${card.model}: ${tell(card.description)}`,
    [tell("parameters")]: number(card.parameters),
    [tell("mean of −log p(x)")]: nats.join(" · "),
    [tell("data")]: [tell(card.data), tell(card.binarisation)].filter(Boolean).join("; "),
    [tell("source and licence of the data")]: card.credit,
    [tell("weights")]: tell(card.weights, { most: number(card.most ?? 0, 4), n: number(card.n ?? 0) }),
    [tell("program")]: tell("NADE Lab {version}, MIT licence", { version: card.version }),
  };
  const parts = Object.entries(rows).filter(([, value]) => value).flatMap(([name, value]) => [
    Object.assign(document.createElement("dt"), { textContent: name }),
    Object.assign(document.createElement("dd"), { textContent: value }),
  ]);
  find("card").replaceChildren(...parts);
}
