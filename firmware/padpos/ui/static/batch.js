/** Batches: a file is checked and sealed, its rows are printed; what waits for a person is told. */

import { $, make, onPress, rebuild, text } from "./dom.js";
import { missing } from "./forms.js";
import { pick, t } from "./i18n.js";

const MOST_FAULTS = 20;
let found = null;
let sure = null;

/** What stands over the page while a batch runs, and the dialog's list. */
export function showBatches(snapshot) {
  const { batches, consignment, clerk } = snapshot;
  const between = ["idle", "done"].includes(snapshot.phase);
  $("b-batch").hidden = clerk === null;
  if (clerk === null && $("d-batch").open) $("d-batch").close();
  const running = batches.list.find((batch) => batch.id === batches.running);
  const lines = running ? [progressOf(running)] : [];
  if (consignment?.row) lines.push(t("batchRow", consignment.row));
  text("batch-now", lines.join("  "));
  $("batch-bar").hidden = clerk === null || lines.length === 0;
  $("b-batch-pause").hidden = !running;
  $("b-batch-aside").hidden = !consignment?.row || snapshot.phase !== "open";
  const { progress, problem, file } = batches;
  text("batch-progress", progress ? t("batchProgress", progress.what, progress.done, progress.of) : "");
  text("batch-problem", problem ? pick([problem.zh, problem.en]) : "");
  $("f-batch-seal").hidden = file === null;
  if (file === null && found !== null && !progress) showFound(null);
  rebuild($("batch-list"), [batches.list, batches.running, between, sure], () => batches.list.map((batch) => item(batch, batches)));
}

function progressOf(batch) {
  const all = Object.values(batch.rows).reduce((sum, count) => sum + count, 0);
  return t("batchLine", batch.contract, all - batch.left, all, batch.left);
}

function item(batch, batches) {
  const line = make("li");
  line.append(make("span", progressOf(batch)));
  if (batch.stage !== "ready") return line;
  if (batches.running === null && batch.left) line.append(button("batchRun", "batch-run", batch.id));
  if (batches.running !== batch.id) line.append(button(sure === batch.id ? "batchLetGoSure" : "batchLetGo", "batch-let-go", batch.id));
  return line;
}

function button(words, command, batch) {
  const made = make("button", t(words), "quiet");
  made.type = "button";
  made.dataset.command = command;
  made.dataset.batch = batch;
  return made;
}

function showFound(answer) {
  found = answer;
  const faults = answer?.faults?.slice(0, MOST_FAULTS) ?? [];
  const lines = faults.map((fault) => `${fault.row} ${fault.column}: ${pick([fault.zh, fault.en])}`);
  const rows = (answer?.preview ?? []).map((row) => [row.number, row.name, row.phone, row.address, row.contents, `${row.grams} g`].join("  "));
  if (answer?.ok) lines.unshift(t("batchChecked", answer.good, answer.faulty));
  if (answer?.repeated?.length) lines.push(t("batchRepeated", answer.repeated.join(", ")));
  text("batch-found", answer === null ? "" : answer.ok ? [...lines, ...rows].join("\n") : pick([answer.zh, answer.en]));
}

async function look(form) {
  const [file] = form.elements.file.files;
  if (!file) return;
  const place = `/api/batch?contract=${encodeURIComponent(form.elements.contract.value.trim())}`;
  const headers = { "content-type": "application/octet-stream" };
  try {
    const answer = await fetch(place, { method: "POST", headers, body: file });
    showFound(await answer.json());
  } catch {
    showFound({ ok: false, zh: t("unreachable"), en: t("unreachable") });
  }
  // The page keeps nothing of the file either.
  form.elements.file.value = "";
}

async function tellLeft(batch) {
  const answer = await fetch(`/api/batch/${batch}`);
  const read = await answer.json();
  if (read.ok && read.left) text("batch-left", t("batchLeft", read.left));
}

async function pressed(event, send) {
  const { command, batch } = event.target.dataset;
  if (!command) return;
  if (command === "batch-let-go" && sure !== batch) {
    sure = batch;
    await tellLeft(batch);
    event.target.textContent = t("batchLetGoSure");
    return;
  }
  sure = null;
  if ((await send(command, { batch })) === null && command === "batch-run") $("d-batch").close();
}

/** Let the dialog send its commands by `send(name, values)`. */
export function layBatches(send) {
  $("b-batch").addEventListener("click", () => {
    sure = null;
    text("batch-left", "");
    $("d-batch").showModal();
  });
  $("b-batch-back").addEventListener("click", () => $("d-batch").close());
  $("f-batch-file").addEventListener("submit", (event) => {
    event.preventDefault();
    look(event.target);
  });
  $("f-batch-seal").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const taken = ["name", "phone", "address", "rows"].map((name) => [name, form.elements[name].value.trim()]);
    const refusal = missing(form) ?? (await send("batch-seal", Object.fromEntries(taken)));
    if (refusal === null) form.reset();
    text("batch-said", refusal === null ? "" : pick([refusal.zh, refusal.en]));
  });
  onPress("b-batch-forget", () => send("batch-forget"));
  onPress("b-batch-pause", () => send("batch-pause"));
  onPress("b-batch-aside", () => send("batch-aside"));
  $("batch-list").addEventListener("click", (event) => pressed(event, send));
}
