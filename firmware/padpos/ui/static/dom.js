/** Small helpers over the page. */

export const $ = (id) => document.getElementById(id);

/** Set a text only when it differs, so that nothing is announced or laid out twice. */
export function text(id, value) {
  const element = typeof id === "string" ? $(id) : id;
  if (element.textContent !== value) element.textContent = value;
}

/** An element with a text and a class. */
export function make(tag, value = "", kind = "") {
  const element = document.createElement(tag);
  element.textContent = value;
  if (kind) element.className = kind;
  return element;
}

const shown = new WeakMap();

/** Rebuild an element's children, only when `state` has changed since the last time. */
export function rebuild(element, state, build) {
  const now = JSON.stringify([document.documentElement.lang, state]);
  if (shown.get(element) === now) return;
  shown.set(element, now);
  element.replaceChildren(...build());
}

/** A press that can't be repeated while it is being carried out. */
export function onPress(id, act, after = () => {}) {
  const button = $(id);
  button.addEventListener("click", async () => {
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    try {
      await act();
    } finally {
      button.ariaBusy = "false";
      after();
    }
  });
}
