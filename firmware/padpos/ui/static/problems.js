/** The banner for what went wrong: the terminal's standing problem, or a command's refusal. */

import { $, make, rebuild } from "./dom.js";
import { pick, t } from "./i18n.js";
import { REFUSALS, advice, said } from "./reasons.js";

let refused = null;

/** Remember why the terminal did not take the last command; null forgets it. */
export function keepRefusal(error) {
  refused = error;
}

/** Show what stands in the way, with what to do about it. */
export function showProblem(snapshot) {
  const stalled = ["recording", "printing"].includes(snapshot?.phase) ? snapshot.closed : null;
  const problem = refused ?? snapshot?.problem ?? stalled ?? null;
  const banner = $("problem");
  banner.classList.toggle("on", problem !== null);
  rebuild(banner, [problem, snapshot?.phase], () => (problem ? lines(problem, snapshot) : []));
  const act = $("problem-act");
  const reason = refused === null && snapshot?.phase === "open" ? REFUSALS[problem?.code] : undefined;
  act.hidden = reason === undefined;
  if (reason) {
    act.textContent = t("refuse");
    act.setAttribute("aria-label", t("refuseFor", pick(reason)));
    act.dataset.reason = problem.code;
  }
}

function lines(problem, snapshot) {
  const what = problem.code === "unreachable-terminal" ? t("unreachable") : words(problem);
  const help = refused === null ? advice(problem.code, snapshot?.phase) : null;
  return help ? [make("strong", what), make("span", pick(help))] : [make("strong", what)];
}

function words(problem) {
  if (problem.code.startsWith("empty:")) return pick([problem.zh, problem.en]);
  return pick(said(problem));
}
