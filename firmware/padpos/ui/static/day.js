/** The dialog of the day's end: the shift's and the day's sums, hand-over, closing. */

import { $, onPress, text } from "./dom.js";
import { pick, t } from "./i18n.js";
import { onSubmit } from "./forms.js";

let kind = "shift";

/** What stands over everything: a freeze, service mode, practice. */
export function showStanding(snapshot) {
  const lines = [];
  if (snapshot.training) lines.push(t("training"));
  if (snapshot.technician !== null) lines.push(t("service", snapshot.technician));
  if (snapshot.frozen) lines.push(pick([snapshot.frozen.zh, snapshot.frozen.en]));
  text("standing", lines.join("  "));
  $("standing").classList.toggle("on", lines.length > 0);
  const between = ["idle", "done"].includes(snapshot.phase);
  $("b-day").hidden = snapshot.clerk === null || !between;
  if ($("d-day").open && $("b-day").hidden) $("d-day").close();
}

async function load(wanted) {
  kind = wanted;
  $("b-shift-sum").setAttribute("aria-pressed", String(kind === "shift"));
  $("b-day-sum").setAttribute("aria-pressed", String(kind === "day"));
  try {
    const answer = await fetch(`/api/summary/${kind}`);
    const read = await answer.json();
    text("day-text", answer.ok ? read.text : t("noSummary"));
  } catch {
    text("day-text", t("noSummary"));
  }
}

/** Let the dialog send its commands by `send(name, values)`. */
export function layDay(send) {
  const dialog = $("d-day");
  const told = async (name, values) => {
    const refusal = await send(name, values);
    text("day-said", refusal === null ? t("dayDone") : t("dayRefused", refusal));
    return refusal;
  };
  onPress("b-day", async () => {
    text("day-said", "");
    await load("shift");
    dialog.showModal();
  });
  onPress("b-shift-sum", () => load("shift"));
  onPress("b-day-sum", () => load("day"));
  onPress("b-day-print", () => told("summary-print", { kind }));
  onPress("b-day-close", async () => {
    if ((await told("day-close")) === null) await load("day");
  });
  $("b-day-back").addEventListener("click", () => dialog.close());
  const taken = (fields) => ({ clerk: fields.clerk.value.trim(), pin: fields.pin.value.trim() });
  onSubmit("f-hand-over", "hand-over", taken, async (name, values) => {
    if (name === null) return send(name, values);
    const refusal = await told(name, values);
    if (refusal === null) dialog.close();
    return refusal;
  });
}
