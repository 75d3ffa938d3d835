/** The page's language: Chinese unless `?lang=en` or the toggle says so. Kept in memory only. */

import { WORDS } from "./words.js";

let english = new URLSearchParams(location.search).get("lang") === "en";

/** Pick from a [zh, en] pair. */
export const pick = (pair) => pair[english ? 1 : 0];

/** The words for a key; further arguments go to words that need values. */
export function t(key, ...values) {
  const words = pick(WORDS[key]);
  return typeof words === "function" ? words(...values) : words;
}

/** Whether the page knows words for this key. */
export const known = (key) => Object.hasOwn(WORDS, key);

/** Write every static text of the page in its language. */
export function dress() {
  document.documentElement.lang = english ? "en" : "zh-CN";
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-t]")) {
    element.textContent = t(element.dataset.t);
  }
  for (const element of document.querySelectorAll("[data-l]")) {
    element.setAttribute("aria-label", t(element.dataset.l));
  }
  const toggle = document.getElementById("language");
  toggle.textContent = t("language");
  toggle.lang = english ? "zh-CN" : "en";
}

/** Change to the other language. */
export function toggle() {
  english = !english;
  dress();
}
