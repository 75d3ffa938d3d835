/** Typed values on their way to the terminal; a form is emptied as soon as they were taken. */

import { $, make } from "./dom.js";
import { pick, t } from "./i18n.js";
import { WORDS } from "./words.js";

const FIELDS = { "wrong-pin": "pin", "access-needed": "lines", "access-wrong": "lines", "mrz-invalid": "lines" };
const LABELS = { clerk: "clerkId", contract: "contractId" };
const CHIPS = [
  ["文件", "Papers"],
  ["服装", "Clothes"],
  ["食品", "Food"],
  ["日用品", "Household"],
  ["书籍", "Books"],
  ["电子产品", "Electronics"],
];

/** Send a form by `send(name, values)` when it is submitted; `send` answers with a refusal or null. */
export function onSubmit(id, name, values, send) {
  const form = $(id);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    form.ariaBusy = "true";
    const refusal = missing(form) ?? (await send(name, values(form.elements)));
    form.ariaBusy = "false";
    // A refused PIN goes too: nobody corrects one, and nobody should read one over a shoulder.
    if (form.elements.pin && refusal) form.elements.pin.value = "";
    if (refusal === null) form.reset();
    blame(form, refusal);
    if (refusal?.code.startsWith("empty:")) send(null, refusal);
  });
  form.addEventListener("input", () => blame(form, null));
}

/** Empty every form: the consignment they were for is over. */
export function wipe() {
  for (const form of document.forms) {
    form.reset();
    blame(form, null);
  }
}

/** The weight as typed, as the terminal wants it: whole grams, or NaN's stand-in null. */
export const wholeGrams = (typed) => (/^\d{1,5}$/.test(typed.trim()) ? Number(typed) : null);

/** What a required field lacks, as a refusal, or null. */
export function missing(form) {
  for (const field of form.elements) {
    if (field.required && !field.closest("[hidden]") && !field.value.trim()) {
      const what = LABELS[field.name] ?? field.name;
      return empty(field.name, (language) => [WORDS.fillThis, WORDS[what]].map((w) => w[language]));
    }
    if (field.name === "grams" && wholeGrams(field.value) === null) {
      return { code: "empty:grams", zh: WORDS.wholeGrams[0], en: WORDS.wholeGrams[1] };
    }
  }
  return null;
}

function empty(name, words) {
  const [zh, en] = [0, 1].map((language) => {
    const [sentence, what] = words(language);
    return sentence(what);
  });
  return { code: `empty:${name}`, zh, en };
}

function blame(form, refusal) {
  const code = refusal?.code.replace("empty:", "");
  const guilty = FIELDS[code] ?? code;
  for (const field of form.querySelectorAll("input, textarea")) {
    const wrong = field.name === guilty;
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
    if (!wrong) continue;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", "problem");
    field.focus();
  }
}

/** Buttons for contents that are often sent. What goes into the record is Chinese. */
export function layChips() {
  const field = $("c-contents");
  const buttons = CHIPS.map((pair) => {
    const button = make("button", pick(pair));
    button.type = "button";
    button.addEventListener("click", () => {
      field.value = pair[0];
      field.dispatchEvent(new Event("input", { bubbles: true }));
      $("c-grams").focus();
    });
    return button;
  });
  $("chips").setAttribute("aria-label", t("often"));
  $("chips").replaceChildren(...buttons);
}
