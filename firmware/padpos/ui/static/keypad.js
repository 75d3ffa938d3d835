/** A number pad beside each form that has a number to type: a touch screen has no keys. */

import { make } from "./dom.js";
import { t } from "./i18n.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "clear", "0", "back"];

/** Fill every `.keypad` with keys that type into its form's last used `data-keypad` field. */
export function layKeypads() {
  for (const pad of document.querySelectorAll(".keypad")) lay(pad);
}

/** Name the keys in the page's language. */
export function nameKeypads() {
  for (const pad of document.querySelectorAll(".keypad")) {
    pad.setAttribute("aria-label", t("keypad"));
    pad.querySelector("[data-key=back]").setAttribute("aria-label", t("keyBack"));
    pad.querySelector("[data-key=clear]").setAttribute("aria-label", t("keyClear"));
  }
}

function lay(pad) {
  const form = document.getElementById(pad.dataset.for);
  pad.setAttribute("role", "group");
  for (const key of KEYS) {
    const face = key === "back" ? "⌫" : key === "clear" ? "C" : key;
    const button = make("button", face);
    button.type = "button";
    button.dataset.key = key;
    // Who has keys types the digits themselves: twelve stops on the way would only be in it.
    button.tabIndex = -1;
    // Without this the press would take the focus, and its caret, from the field.
    button.addEventListener("pointerdown", (event) => event.preventDefault());
    button.addEventListener("click", () => press(form, key));
    pad.append(button);
  }
}

function press(form, key) {
  const active = document.activeElement;
  const field = form.contains(active) && "keypad" in active.dataset
    ? active
    : form.querySelector("[data-keypad]");
  if (field !== active) field.focus();
  if (key === "clear") field.value = "";
  else if (key === "back") field.value = field.value.slice(0, -1);
  else if (field.value.length < field.maxLength) field.value += key;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
