/** The rail of steps: where one is, what is owed, and the way to any step that is open. */

import { $, make, rebuild } from "./dom.js";
import { t } from "./i18n.js";

const STEPS = ["identify", "inspect", "sender", "recipient", "contents", "confirm"];
/** What belongs to finding out who stands at the counter. */
export const WHO = ["organisation", "identify", "agent", "guardian", "person", "approve"];
const SEALED = ["identify", "sender", "recipient", "contents"];
const NAMES = { contents: "contentsStep", confirm: "confirmStep" };

/** The name of a step in the page's language. */
export const stepName = (step) => t(NAMES[step] ?? step);

/** How a step stands: "done", "owed", "freed" (policy asks for none) or "locked". */
export function standing(consignment, step) {
  const owed = consignment.owed.includes(step);
  if (step === "identify" && WHO.some((one) => consignment.owed.includes(one))) return "owed";
  if (step === "identify" && !consignment.identify) return "freed";
  if (step === "inspect" && !consignment.inspect && !consignment.photos.length) return "freed";
  // The sender's name is the document's, so the document comes first.
  if (step === "sender" && ["identify", "organisation"].some((one) => consignment.owed.includes(one))) return "locked";
  if (step === "confirm") return "owed";
  return owed ? "owed" : "done";
}

/** Whether the clerk may go to a step. */
export function open(consignment, step) {
  const stands = standing(consignment, step);
  if (step === "inspect" && consignment.customer === "letter") return false;
  // What a batch has sealed, nobody types anew.
  if (consignment.row && SEALED.includes(step)) return false;
  return stands !== "locked" && !(step === "identify" && stands === "freed");
}

/** Draw the rail; `go(step)` is called when a step is pressed. */
export function showRail(consignment, current, go) {
  const rail = $("rail");
  rail.hidden = consignment === null;
  if (consignment === null) return;
  const steps = STEPS.map((step) => [step, standing(consignment, step), open(consignment, step)]);
  const focused = rail.contains(document.activeElement) ? document.activeElement.dataset.step : null;
  rebuild(rail.firstElementChild, [steps, current], () =>
    steps.map(([step, stands, may], index) => item(step, stands, may, index, current, go)),
  );
  if (focused && !rail.contains(document.activeElement)) {
    rail.querySelector(`[data-step=${focused}]`)?.focus();
  }
}

function item(step, stands, may, index, current, go) {
  const button = make("button");
  button.type = "button";
  button.dataset.step = step;
  button.className = stands;
  button.disabled = !may;
  const number = make("i", stands === "done" ? "✓" : stands === "freed" ? "–" : String(index + 1));
  number.ariaHidden = "true";
  const state = { done: "done", owed: "owedState", freed: "freed", locked: "locked" }[stands];
  const note = make("small", t(state), stands === "owed" || stands === "done" ? "unseen" : "");
  const words = make("span", stepName(step));
  words.append(note);
  button.append(number, words);
  if (step === current) button.setAttribute("aria-current", "step");
  button.addEventListener("click", () => go(step));
  const row = make("li");
  row.append(button);
  return row;
}
