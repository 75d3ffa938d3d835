/** One printed label, large, and what a courier gets who scans it. */

import { known, pick, t } from "./i18n.js";
import { act } from "./world.js";

const $ = (id) => document.getElementById(id);

let shown = null;

/** Open a printed label. */
export function openSheet(paper) {
  shown = paper.n;
  $("sheet-image").src = paper.png;
  $("answer").replaceChildren();
  nameSheet();
  $("sheet").showModal();
}

/** Scan the label that is open, or open and scan one. */
export async function scan() {
  const number = shown;
  const answer = await act({ do: "scan", n: number });
  if (number === shown) tell(answer);
}

/** Write the sheet's words in the page's language. */
export function nameSheet() {
  if (shown === null) return;
  $("sheet-title").textContent = t("sheetTitle", shown);
  $("sheet-image").alt = t("paperAlt", shown);
}

function tell(answer) {
  const found = answer.ok ? answer.answer : null;
  const good = found !== null && !("error" in found);
  const title = document.createElement("h3");
  title.textContent = t(good ? "gets" : "refused");
  $("answer").className = good ? "" : "bad";
  const { status, ...rest } = found ?? {};
  $("answer").replaceChildren(title, good ? value(rest) : line(reason(found ?? answer)));
}

/** Why a deed failed, in the page's language where the demo has words for it. */
export function reason(answer) {
  if (answer.zh) return pick([answer.zh, answer.en]);
  return answer.error ?? t("noAnswer");
}

/** Whatever the service answered, as lists of names and values. */
function value(thing) {
  if (thing === null || typeof thing !== "object") return line(thing);
  const list = document.createElement("dl");
  for (const [name, inner] of Object.entries(thing)) {
    const term = document.createElement("dt");
    term.textContent = Array.isArray(thing) ? `${Number(name) + 1}` : known(name) ? t(name) : name;
    const held = document.createElement("dd");
    held.append(value(inner));
    list.append(term, held);
  }
  return list;
}

function line(thing) {
  const words = { true: "yes", false: "no" }[thing];
  const element = document.createElement("span");
  element.textContent = words && known(words) ? t(words) : String(thing ?? "–");
  return element;
}
