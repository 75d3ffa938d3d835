/** The one way to the terminal: snapshots come in by a stream, commands go out by POST. */

const RETRIES = 3;
const PAUSE_MS = 700;
const REOPEN_MS = 1500;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Ask the terminal for something. Returns null when it was taken, otherwise {code, zh, en}.
 * A connection that fails is tried again under the same key, so nothing happens twice.
 */
export async function command(name, values = {}) {
  const body = JSON.stringify({ ...values, key: crypto.randomUUID(), command: name });
  const headers = { "content-type": "application/json" };
  for (let attempt = 0; attempt < RETRIES; attempt++) {
    try {
      const answer = await fetch("/api/command", { method: "POST", headers, body });
      return answer.ok ? null : refusal(await answer.json());
    } catch {
      await pause(PAUSE_MS);
    }
  }
  return { code: "unreachable-terminal" };
}

const refusal = ({ code, zh, en }) => ({ code, zh, en });

/** Follow the terminal's snapshots for ever; `told(false)` whenever the stream is down. */
export function follow(show, told) {
  const stream = new EventSource("/api/stream");
  stream.onopen = () => told(true);
  stream.onmessage = (message) => show(JSON.parse(message.data));
  stream.onerror = () => {
    told(false);
    // The browser reopens a dropped stream, but gives up on one that was refused.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => follow(show, told), REOPEN_MS);
  };
}
