/** The way to the demo: its state by polling, deeds by POST. */

const PERIOD_MS = 500;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Look at the demo for ever: `show(state)` when it answers, `show(null)` when it does not. */
export async function watch(show) {
  for (;;) {
    if (!document.hidden) show(await state());
    await pause(PERIOD_MS);
  }
}

async function state() {
  try {
    const answer = await fetch("/api/state");
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** Do something in the outside world. Always an object with `ok`; without it, perhaps with words. */
export async function act(deed) {
  const headers = { "content-type": "application/json" };
  try {
    const answer = await fetch("/api/do", { method: "POST", headers, body: JSON.stringify(deed) });
    return await answer.json();
  } catch {
    return { ok: false };
  }
}
