/** What the camera sees, three times a second, only while the inspection is on the screen. */

import { $, text } from "./dom.js";
import { t } from "./i18n.js";

const PERIOD_MS = 330;

let running = null;
let shownUrl = null;

/** Start or stop looking. Stopping drops the last picture from the page. */
export function preview(wanted) {
  if (wanted && running === null) {
    running = new AbortController();
    look(running.signal);
  } else if (!wanted && running !== null) {
    running.abort();
    running = null;
    drop();
  }
}

async function look(signal) {
  while (!signal.aborted) {
    const picture = document.hidden ? undefined : await fetched(signal);
    if (signal.aborted) return;
    if (picture) show(picture);
    else if (picture === null) gone();
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  }
}

async function fetched(signal) {
  try {
    const answer = await fetch("/api/preview", { signal });
    return answer.ok ? await answer.blob() : null;
  } catch {
    return null;
  }
}

function show(picture) {
  const url = URL.createObjectURL(picture);
  const image = $("preview");
  image.src = url;
  image.alt = t("previewAlt");
  image.hidden = false;
  $("preview-none").hidden = true;
  forget();
  shownUrl = url;
}

function gone() {
  drop();
  text("preview-none", t("previewGone"));
}

function drop() {
  const image = $("preview");
  image.hidden = true;
  image.removeAttribute("src");
  $("preview-none").hidden = false;
  text("preview-none", t("previewWaits"));
  forget();
}

function forget() {
  if (shownUrl !== null) URL.revokeObjectURL(shownUrl);
  shownUrl = null;
}
