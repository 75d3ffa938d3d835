/** What each view shows of a snapshot. Every function here only writes to its own section. */

import { $, make, rebuild, text } from "./dom.js";
import { known, pick, t } from "./i18n.js";
import { REFUSALS, asksLines, said } from "./reasons.js";
import { stepName } from "./rail.js";

const MOST_PHOTOS = 8;
const HAN = /\p{Script=Han}/u;
const LAST_GENERATION = 3;
const TIMES = [
  ["identify", "msIdentify"],
  ["inspect", "msInspect"],
  ["seal", "msSeal"],
  ["first-byte", "msFirstByte"],
  ["print", "msPrint"],
];

/** The header: which terminal, whose hands, what waits, whether the reader is there. */
export function showHeader(snapshot) {
  text("terminal", snapshot.terminal);
  text("outlet", snapshot.outlet);
  $("clerk").hidden = snapshot.clerk === null;
  text("clerk", snapshot.clerk === null ? "" : t("clerk", snapshot.clerk));
  $("sign-out").hidden = snapshot.clerk === null || !["idle", "done"].includes(snapshot.phase);
  showLamps(snapshot.reader, snapshot.queue);
}

/** Without a ledger nobody asks the reader, and nobody knows what waits: then no lamp claims to. */
function showLamps(reader, queue) {
  $("reader").hidden = reader === null;
  $("queue").hidden = queue === null;
  if (reader === null || queue === null) return;
  const state = !reader.connected ? "readerGone" : reader.card ? "readerCard" : "readerReady";
  lamp("reader", state, t(state));
  const waiting = queue.entries || queue.photos;
  lamp("queue", waiting ? "queue" : "queueNone", waiting ? t("queue", waiting) : t("queueNone"));
}

function lamp(id, state, words) {
  $(id).dataset.state = state;
  text($(id).lastElementChild, words);
}

const SHOW = {
  closed(snapshot) {
    text("closed-title", t(snapshot.closed ? "shut" : "closed"));
    if (snapshot.closed) {
      text("closed-why", `${pick(said(snapshot.closed))} (${snapshot.closed.code})`);
      return;
    }
    const what = known(snapshot.missing) ? t(snapshot.missing) : String(snapshot.missing);
    text("closed-why", t("closedWhy", what));
  },
  "sign-in"(snapshot) {
    $("label-waits").hidden = !snapshot.phase.startsWith("label-");
  },
  identify(snapshot) {
    const [state, title, sub] = identifyState(snapshot);
    $("card-art").dataset.state = state;
    text("identify-title", title);
    text("identify-sub", sub);
    showLines(snapshot.reader.card && asksLines(snapshot.problem));
  },
  person({ consignment }) {
    const shown = [consignment.document, consignment.helper].filter(Boolean);
    text("person-sub", shown.map((document) => document.name).join("  "));
  },
  approve({ consignment }) {
    text("approve-why", consignment.unapproved.map((why) => pick([why.zh, why.en])).join("  "));
  },
  inspect({ consignment }) {
    const count = consignment.photos.length;
    const full = count >= MOST_PHOTOS;
    text("inspect-sub", t(full ? "inspectFull" : consignment.inspect ? "inspectMust" : "inspectMay"));
    rebuild($("verdicts"), consignment.photos, () =>
      consignment.photos.map((verdict, index) =>
        make("li", t("photo", index + 1, known(verdict) ? t(verdict) : verdict)),
      ),
    );
    const photo = $("b-photo");
    photo.disabled = full;
    text(photo, t(photo.ariaBusy === "true" ? "taking" : count ? "takeAnother" : "takePhoto"));
    // Once there is a picture, going on is what the hand looks for.
    photo.classList.toggle("primary", count === 0);
    photo.classList.toggle("secondary", count > 0);
    $("b-inspected").hidden = consignment.owed.includes("inspect");
  },
  sender({ consignment }) {
    const named = consignment.document !== null;
    $("sender-name").hidden = named;
    $("s-name").required = !named;
    $("s-address").required = !named;
    text("s-address-hint", named ? t("addressFromCard") : "");
    showHave("sender-have", partyWords(consignment.sender));
  },
  recipient({ consignment }) {
    showHave("recipient-have", partyWords(consignment.recipient));
  },
  contents({ consignment }) {
    showHave("contents-have", contentsWords(consignment));
  },
  confirm({ consignment, busy }) {
    rebuild($("summary"), consignment, () => summary(consignment));
    rebuild($("marks"), consignment, () => marks(consignment));
    $("b-confirm").disabled = consignment.owed.length > 0 || busy;
  },
  working(snapshot) {
    const printing = snapshot.phase === "printing";
    text("working-title", t(printing ? "printing" : "recording"));
    text("working-sub", printing ? t("printingSub", snapshot.paper.waybill) : t("recordingSub"));
  },
  "label-unknown"({ paper }) {
    text("unknown-sub", t("unknownSub", paper.waybill, paper.generation));
    text("reprint-sub", t(paper.generation < LAST_GENERATION ? "reprintSub" : "reprintLast"));
  },
  "label-blocked"({ paper }) {
    text("blocked-sub", t("printingSub", paper.waybill));
  },
  done(snapshot) {
    showDone(snapshot);
  },
};

/** Fill the view of this name. */
export function show(view, snapshot) {
  SHOW[view]?.(snapshot);
}

function identifyState({ reader, problem, consignment, step }) {
  const helper = step === "agent" || step === "guardian";
  if (consignment.document && !helper) {
    const { times_today: times, document } = consignment;
    const more = times > 1 ? ` ${t("timesToday", times)}` : "";
    return ["read", t("identified"), t("identifiedSub", document.name) + more];
  }
  if (!reader.connected) return ["gone", t("noReader"), t("noReaderSub")];
  if (reader.card && problem && Object.hasOwn(REFUSALS, problem.code)) {
    return ["wrong", t("otherCard"), t("otherCardSub")];
  }
  if (reader.card && asksLines(problem)) return ["wrong", t("linesTitle"), t("linesSub")];
  if (reader.card && problem) return ["wrong", t("layAgain"), t("layAgainSub")];
  if (reader.card) return ["reading", t("reading"), t("readingSub")];
  return ["waiting", t(helper ? `lay-${step}` : "layCard"), t("layCardSub")];
}

/** The field for a passport's lines; with the document goes what was typed of it. */
function showLines(wanted) {
  const form = $("f-lines");
  if (form.hidden !== wanted) return;
  form.hidden = !wanted;
  form.reset();
  if (wanted) $("l-lines").focus();
}

function showHave(id, words) {
  $(id).hidden = words === null;
  text(id, words === null ? "" : t("have", words));
}

const partyWords = (party) => party && `${party.name}  ${party.phone}  ${party.address}`;

const CUSTOMERS = {
  "walk-in": "walkIn", agent: "agent", organisation: "organisation", letter: "letter", "self-service": "selfService",
};

const contentsWords = ({ contents, grams }) => (contents === null ? null : `${contents}  ${grams} g`);

function summary(consignment) {
  const { document, photos, times_today: times } = consignment;
  const customer = consignment.customer === "contract"
    ? `${t("contract")} ${consignment.contract} · ${t(consignment.drawn ? "drawn" : "notDrawn")}`
    : t(CUSTOMERS[consignment.customer]);
  const shown = document && document.name + (times > 1 ? `  ${t("timesToday", times)}` : "");
  return [
    ...row(t("customerRow"), customer),
    ...row(t("documentRow"), shown ?? (consignment.identify ? null : t("freed"))),
    ...row(t("photosRow"), inspection(photos, consignment.inspect)),
    ...row(stepName("sender"), consignment.row ? t("batchSealed") : partyWords(consignment.sender)),
    ...row(stepName("recipient"), partyWords(consignment.recipient ?? consignment.row)),
    ...row(stepName("contents"), contentsWords(consignment)),
  ];
}

function inspection(photos, must) {
  if (photos.length) return t("photoCount", photos.length);
  return must ? null : t("freed");
}

function row(name, value) {
  const term = make("dt", name);
  const held = value === null ? make("dd", t("missing"), "missing") : make("dd", value);
  // On the English page too, names and addresses are Chinese, and are to be read out so.
  if (HAN.test(value ?? "")) held.lang = "zh-CN";
  return [term, held];
}

const MARKS = {
  identified: "markIdentified", typed: "markTyped", inspected: "markInspected",
  "contract-uninspected": "markContract", letter: "markLetter",
};

function marks({ marks: earned }) {
  const named = earned.map((mark) => MARKS[mark]);
  return (named.length ? named : ["noMarks"]).map((mark) => make("li", t(mark), mark));
}

function showDone(snapshot) {
  const { outcome, paper, entry, reason, milliseconds } = snapshot;
  const accepted = outcome === "accepted";
  document.getElementById("v-done").dataset.outcome = outcome;
  const title = { accepted: "accepted", refused: "refusedEnd", abandoned: "abandonedEnd", voided: "voided" };
  text("done-title", t(title[outcome]));
  text("done-waybill", paper ? paper.waybill : "");
  $("b-next-same").hidden = snapshot.visit === null;
  const why = reason ? pick(said(reason)) : "";
  if (!accepted) text("done-sub", t("endSub", why));
  else text("done-sub", entry ? t("entry", entry.seq, entry.hash.slice(0, 12)) : "");
  const times = accepted ? TIMES.filter(([key]) => key in milliseconds) : [];
  rebuild($("times"), [outcome, milliseconds], () =>
    times.map(([key, name]) => {
      const pair = make("div");
      pair.append(make("dt", t(name)), make("dd", duration(milliseconds[key])));
      return pair;
    }),
  );
}

function duration(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
