// @ts-check
// How each transport is asked for the stream. All stamp a receipt first, and know nothing of what becomes of it.

/**
 * @typedef {object} Ears
 * @property {() => void} opened
 * @property {(stampMs: number, lines: string, askedMs: number) => void} got updates, a line each; `askedMs` is when a poll for them was sent
 * @property {(after: number) => void} stands the server says where the cursor is
 * @property {(why: string) => void} ended
 *
 * @typedef {object} Transport
 * @property {string} name as the server calls it
 * @property {string} title
 * @property {string} path
 * @property {() => string | undefined} lacks why this browser has none
 * @property {(address: (after: number | undefined) => string, after: number | undefined, ears: Ears) => () => void} open gives what ends it
 */

/** @type {Transport[]} */
export const TRANSPORTS = [
  {
    name: "websocket",
    title: "WebSocket",
    path: "/ws",
    lacks: () => ("WebSocket" in globalThis ? undefined : "This browser has no WebSocket."),
    open(address, after, { opened, got, ended }) {
      const socket = new WebSocket(address(after).replace(/^http/u, "ws"));
      socket.onopen = opened;
      socket.onmessage = ({ data }) => got(performance.now(), data, NaN);
      socket.onclose = ({ code, reason }) => ended(`closed with ${code}${reason ? `, ${reason}` : ""}`);
      return () => {
        socket.onclose = null;
        socket.close();
      };
    },
  },
  {
    name: "sse",
    title: "Server-sent events",
    path: "/sse",
    lacks: () => ("EventSource" in globalThis ? undefined : "This browser has no EventSource."),
    open(address, after, { opened, got, ended }) {
      const source = new EventSource(address(after));
      source.onopen = opened;
      source.onmessage = ({ data }) => got(performance.now(), data, NaN);
      source.onerror = () => {
        // By itself it would try again without a word of why.
        source.close();
        ended("an error of which a script is told nothing");
      };
      return () => source.close();
    },
  },
  {
    name: "long-poll",
    title: "Long polling",
    path: "/poll",
    lacks: () => undefined,
    open(address, after, ears) {
      const abort = new AbortController();
      poll(address, after, ears, abort.signal).catch((error) => abort.signal.aborted || ears.ended(String(error.message)));
      return () => abort.abort();
    },
  },
];

/**
 * Polls until it is told to stop, or is refused.
 * @param {(after: number | undefined) => string} address
 * @param {number | undefined} after
 * @param {Ears} ears
 * @param {AbortSignal} signal
 */
async function poll(address, after, { opened, got, stands, ended }, signal) {
  for (let first = true; ; first = false) {
    const askedMs = performance.now();
    const answer = await fetch(address(after), { cache: "no-store", signal });
    const text = await answer.text();
    const stampMs = performance.now();
    if (first && answer.ok) opened();
    if (answer.status === 200) {
      got(stampMs, text, askedMs);
      after = JSON.parse(text.trimEnd().split("\n").at(-1) ?? "").seq;
    } else if (answer.status === 204) {
      after = Number(answer.headers.get("pushbench-cursor"));
      stands(after);
    } else {
      return ended(`${answer.status} ${text.trim()}`);
    }
  }
}
