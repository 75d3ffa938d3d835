/** The clerk's page: one stream of snapshots in, commands out; the truth is the terminal's. */

import { command, follow } from "./api.js";
import { layBatches, showBatches } from "./batch.js";
import { layDay, showStanding } from "./day.js";
import { $, onPress, text } from "./dom.js";
import { ask, dismiss, layEnding } from "./ending.js";
import { layChips, onSubmit, wholeGrams, wipe } from "./forms.js";
import { dress, t, toggle } from "./i18n.js";
import { layKeypads, nameKeypads } from "./keypad.js";
import { preview } from "./preview.js";
import { keepRefusal, showProblem } from "./problems.js";
import { open, showRail, WHO } from "./rail.js";
import { show, showHeader } from "./views.js";

let snapshot = null;
/** A step the clerk chose on the rail, instead of the one the terminal asks for. */
let wanted = null;
let view = "connecting";
let offline = false;

function viewOf(now) {
  const between = now.phase === "idle" || now.phase === "done";
  if (!now.ready && between) return "closed";
  // A parcel in hand is finished, and its end stays in sight; only the next one can't begin.
  if (now.closed && (now.phase === "idle" || (between && wanted === "start"))) return "closed";
  if (now.clerk === null) return "sign-in";
  if (now.phase === "open") return openView(now);
  if (now.phase === "recording" || now.phase === "printing") return "working";
  if (now.phase === "idle" || (between && wanted === "start")) return "start";
  return now.phase;
}

function openView(now) {
  const step = wanted === null || (wanted === "identify" && WHO.includes(now.step)) ? now.step : wanted;
  return step === "agent" || step === "guardian" ? "identify" : step;
}

function received(now) {
  const before = snapshot;
  snapshot = now;
  if (before?.consignment?.id !== now.consignment?.id || before?.phase !== now.phase) begun(before, now);
  if (now.phase === "open") chooseStep(before?.consignment ?? null, now.consignment);
  render();
}

function begun(before, now) {
  // A new parcel, or none: nothing typed for the last one may stay on the page.
  if (now.phase !== "open" || before?.consignment?.id !== now.consignment?.id) wipe();
  if (now.phase !== "open") dismiss();
  wanted = null;
  keepRefusal(null);
  foldContract();
}

function chooseStep(before, now) {
  const first = now.photos.length > (before?.photos.length ?? 0);
  // After a photo its verdict stays in sight until the clerk goes on.
  if (first && view === "inspect") wanted = "inspect";
  if (wanted === "identify" && now.document && !before?.document) wanted = null;
  if (wanted !== null && !open(now, wanted)) wanted = null;
  if (now.document && !before?.document && before) text("said", t("identifiedSub", now.document.name));
}

function render() {
  if (snapshot === null) return;
  const next = viewOf(snapshot);
  const changed = next !== view;
  if (changed) {
    keepRefusal(null);
    $(`v-${view}`).hidden = true;
    $(`v-${next}`).hidden = false;
    view = next;
    document.body.dataset.view = view;
  }
  const opened = snapshot.phase === "open" && snapshot.clerk !== null;
  showHeader(snapshot);
  showStanding(snapshot);
  showBatches(snapshot);
  showRail(opened ? snapshot.consignment : null, view, goTo);
  $("bar").hidden = !opened;
  for (const button of $("bar").querySelectorAll("[data-view]")) button.hidden = button.dataset.view !== view;
  showProblem(snapshot);
  show(view, snapshot);
  preview(view === "inspect");
  if (changed) arrive();
}

/** Take the keyboard, and whoever listens, to the new view. */
function arrive() {
  const section = $(`v-${view}`);
  const heading = section.querySelector("h1");
  const fields = [...section.querySelectorAll("input, textarea")];
  const field = fields.find((input) => !input.value && !input.closest("[hidden]"));
  section.parentElement.scrollTop = 0;
  if (field) text("said", heading.textContent);
  if (!$("d-end").open) (field ?? heading).focus();
}

/** To a step of the clerk's choice, or with null to the one the terminal asks for. */
function goTo(step) {
  wanted = step;
  render();
}

async function send(name, values) {
  const refusal = name === null ? values : await command(name, values);
  keepRefusal(refusal);
  if (refusal === null && name !== "photo") wanted = null;
  render();
  return refusal;
}

function takePhoto() {
  const sent = send("photo");
  render();
  return sent;
}

function foldContract(unfold = false) {
  $("f-contract").hidden = !unfold;
  $("b-contract").setAttribute("aria-expanded", String(unfold));
}

const begin = (customer) => () => send("begin", { customer });
const beginWalkIn = begin("walk-in");
const beginSame = () => send("begin", { customer: snapshot.visit.customer, same_visit: true });

/** From the slip of the last parcel to a contract number: the terminal stays where it is. */
function nextContract() {
  wanted = "start";
  foldContract(true);
  render();
}

function changeLanguage() {
  toggle();
  nameKeypads();
  layChips();
  text("offline", offline ? t("offline") : "");
  render();
}

function told(connected) {
  text("offline", connected ? "" : t("offline"));
  if (connected && offline) text("said", t("online"));
  offline = !connected;
  $("offline").classList.toggle("on", offline);
}

const taken = (...names) => (fields) =>
  Object.fromEntries(names.map((name) => [name, fields[name].value.trim()]));

function wire() {
  const signIn = (f) => ({ ...taken("clerk", "pin")(f), card: f.card.checked });
  onSubmit("f-sign-in", "sign-in", signIn, send);
  onPress("b-card-in", () => send("sign-in-card"));
  onSubmit("f-contract", "begin", (f) => ({ customer: "contract", ...taken("contract")(f) }), send);
  onSubmit("f-lines", "lines", taken("lines"), send);
  onSubmit("f-organisation", "organisation", taken("name", "code"), send);
  onSubmit("f-approve", "approve", taken("clerk", "pin"), send);
  onSubmit("f-sender", "sender", taken("name", "phone", "address"), send);
  onSubmit("f-recipient", "recipient", taken("name", "phone", "address"), send);
  const contents = (f) => ({ contents: f.contents.value.trim(), grams: wholeGrams(f.grams.value) });
  onSubmit("f-contents", "contents", contents, send);
  onPress("sign-out", () => send("sign-out"));
  onPress("b-walk-in", beginWalkIn);
  onPress("b-next-walk-in", beginWalkIn);
  for (const customer of ["agent", "organisation", "letter"]) onPress(`b-${customer}`, begin(customer));
  onPress("b-next-same", beginSame);
  onPress("b-agree", () => send("agree"));
  $("b-mismatch").addEventListener("click", () => ask("refuse", "person-mismatch"));
  onPress("b-photo", takePhoto, render);
  onPress("b-confirm", () => send("confirm"));
  onPress("b-whole", () => send("label-whole"));
  onPress("b-reprint", () => send("label-reprint"));
  onPress("b-retry", () => send("label-retry"));
  onPress("b-void", () => send("label-void"));
  $("b-inspected").addEventListener("click", () => goTo(null));
  $("b-contract").addEventListener("click", () => {
    foldContract(true);
    $("i-contract").focus();
  });
  $("b-next-contract").addEventListener("click", nextContract);
  $("b-refuse").addEventListener("click", () => ask("refuse"));
  $("b-cancel").addEventListener("click", () => ask("cancel"));
  $("problem-act").addEventListener("click", (event) => ask("refuse", event.currentTarget.dataset.reason));
  $("language").addEventListener("click", changeLanguage);
  layEnding(send);
  layDay(send);
  layBatches(send);
}

dress();
layKeypads();
nameKeypads();
layChips();
wire();
follow(received, told);
