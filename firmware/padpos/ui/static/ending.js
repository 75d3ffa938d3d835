/** The dialog that ends a consignment without a label: refuse, or cancel, for a listed reason. */

import { $, make } from "./dom.js";
import { pick, t } from "./i18n.js";
import { CANCELS, REFUSALS } from "./reasons.js";

const KINDS = {
  refuse: { command: "refuse", reasons: REFUSALS, title: "refuseTitle", sub: "refuseSub", act: "refuseDo" },
  cancel: { command: "abandon", reasons: CANCELS, title: "cancelTitle", sub: "cancelSub", act: "cancelDo" },
};

let kind = KINDS.refuse;

/** Ask for the reason; `chosen` is marked already. */
export function ask(name, chosen = null) {
  kind = KINDS[name];
  $("end-title").textContent = t(kind.title);
  $("end-sub").textContent = t(kind.sub);
  $("b-end").textContent = t(kind.act);
  const box = $("f-end").querySelector("fieldset");
  box.replaceChildren(...Object.entries(kind.reasons).map(([code, words]) => choice(code, words, chosen)));
  if (!$("d-end").open) $("d-end").showModal();
  (box.querySelector(":checked") ?? box.querySelector("input")).focus();
}

function choice(code, words, chosen) {
  const label = make("label");
  const radio = make("input");
  Object.assign(radio, { type: "radio", name: "reason", value: code, checked: code === chosen });
  label.append(radio, make("span", pick(words)));
  return label;
}

/** Close the dialog: the consignment is no longer open. */
export function dismiss() {
  if ($("d-end").open) $("d-end").close();
}

/** Let the dialog send its command by `send(name, values)`. */
export function layEnding(send) {
  $("b-back").addEventListener("click", dismiss);
  $("f-end").addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = $("f-end").querySelector(":checked");
    if (chosen === null) {
      $("end-sub").textContent = t("pickReason");
      $("end-sub").setAttribute("role", "alert");
      return;
    }
    const refusal = await send(kind.command, { reason: chosen.value });
    dismiss();
    return refusal;
  });
}
