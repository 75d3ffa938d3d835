/** The workbench: plays the outside world beside the clerk's screen. */

import { dress, known, pick, t, toggle } from "./i18n.js";
import { nameSheet, openSheet, reason, scan } from "./sheet.js";
import { act, watch } from "./world.js";

const $ = (id) => document.getElementById(id);
const MOST_LINES = 200;

let world = null;
const drawn = new WeakMap();

/** Rebuild an element's children, only when what they show has changed; the focus stays. */
function rebuild(element, state, build) {
  const now = JSON.stringify([document.documentElement.lang, state]);
  if (drawn.get(element) === now) return;
  drawn.set(element, now);
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  element.replaceChildren(...build());
  if (focused) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function make(tag, words = "", kind = "") {
  const element = document.createElement(tag);
  element.textContent = words;
  if (kind) element.className = kind;
  return element;
}

function button(words, key, press) {
  const element = make("button", words);
  element.type = "button";
  element.dataset.key = key;
  element.addEventListener("click", press);
  return element;
}

const joined = (...words) => words.filter(Boolean).join(" · ");

async function perform(deed) {
  const answer = await act(deed);
  $("failed").textContent = answer.ok ? "" : t("failed", reason(answer));
}

function show(state) {
  $("offline").textContent = state === null ? t("offline") : "";
  if (state === null) return;
  world = state;
  showCards();
  showSwitches();
  rebuild($("processes"), world.processes, () => world.processes.map(process));
  showPapers();
  showLog();
  link("to-screen", world.addresses.screen);
  link("to-safenumber", world.addresses.safenumber);
}

function link(id, address) {
  $(id).hidden = !address;
  if (address && $(id).href !== address) $(id).href = address;
}

function showCards() {
  const { cards, card } = world;
  const words = card === null ? t("emptyReader") : t("onReader", card);
  if ($("on-reader").textContent !== words) $("on-reader").textContent = words;
  $("pad").classList.toggle("laid", card !== null);
  $("lift").disabled = card === null;
  rebuild($("tray"), [cards, card], () => cards.map((one) => tile(one, one.name === card)));
}

function tile({ name, kind, note }, laid) {
  const press = () => perform(laid ? { do: "lift" } : { do: "lay", card: name });
  const element = button("", name, press);
  element.setAttribute("aria-pressed", String(laid));
  const title = make("b", name);
  title.lang = "zh-CN"; // the people on the cards have Chinese names
  element.append(title, make("span", joined(kind, laid && t("laid"))), make("small", note));
  const row = make("li");
  row.append(element);
  return row;
}

const SWITCHES = [
  // id, words, what the demo's state calls it, what to ask for
  ["covered", "covered", "covered", "cover"],
  ["network", "networkSwitch", "network", "network"],
  ["paper", "paper", "paper", "paper"],
  ["silent", "silent", "silent", "silent"],
];

function showSwitches() {
  for (const [id, words, name] of SWITCHES) {
    const element = $(id);
    if (element.textContent !== t(words)) element.textContent = t(words);
    element.setAttribute("aria-checked", String(Boolean(world[name])));
  }
}

function process({ name, up }) {
  const row = make("li");
  const words = known(name) ? `${t(name)} ` : "";
  const title = make("span", words, "name");
  if (words.trim() !== name) title.append(make("code", name));
  row.append(title, make("span", t(up ? "up" : "down"), up ? "state up" : "state"));
  if (name === "terminal" || name === "uplink") {
    const kill = button(t("kill"), name, () => perform({ do: "kill", process: name }));
    kill.setAttribute("aria-label", t("killName", name));
    kill.disabled = !up;
    row.append(kill);
  }
  return row;
}

function showPapers() {
  $("no-papers").hidden = world.papers.length > 0;
  rebuild($("papers"), world.papers, () => [...world.papers].sort((a, b) => b.n - a.n).map(sheet));
}

function sheet(paper) {
  const element = button("", `paper-${paper.n}`, () => openSheet(paper));
  element.setAttribute("aria-label", joined(t("sheetTitle", paper.n), paper.when));
  const image = make("img");
  image.src = paper.png;
  image.alt = "";
  element.append(image);
  const scanIt = button(t("scan"), `scan-${paper.n}`, () => {
    openSheet(paper);
    scan();
  });
  const row = make("li");
  row.append(element, make("small", joined(paper.n, paper.when)), scanIt);
  return row;
}

function showLog() {
  const log = $("log");
  const low = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
  const lines = world.log.slice(-MOST_LINES);
  rebuild(log, lines, () => lines.map(({ time, zh, en }) => {
    const row = make("li");
    row.append(make("time", time), make("span", pick([zh, en])));
    return row;
  }));
  // Follow what happens, unless somebody has scrolled back to read.
  if (low) log.scrollTop = log.scrollHeight;
}

function wire() {
  $("lift").addEventListener("click", () => perform({ do: "lift" }));
  $("parcel").addEventListener("click", () => perform({ do: "parcel" }));
  for (const [id, , name, deed] of SWITCHES) {
    $(id).addEventListener("click", () => world && perform({ do: deed, on: !world[name] }));
  }
  $("close").addEventListener("click", () => $("sheet").close());
  $("scan").addEventListener("click", scan);
  $("language").addEventListener("click", () => {
    toggle();
    nameSheet();
    show(world);
  });
}

dress();
wire();
watch(show);
