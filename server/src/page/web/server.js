// @ts-check
// What is asked of the server besides the stream: its counts, its state, and, with the token of its start, other settings.

/**
 * @typedef {{ rate_hz: number, payload_bytes: number, burst: number }} Settings
 * @typedef {{ start: number, end: number }} Range
 * @typedef {{ transport: string, requests: number, bytes_in: number, bytes_out: number }} Counted
 * @typedef {{ number: number, ago_ms: number, text: string }} Told
 * @typedef {object} State
 * @property {number} pid
 * @property {string} stream as it began
 * @property {Settings | null} settings none of a feed
 * @property {number} rtt_ms
 * @property {number} trips how often the round trip was set
 * @property {"network" | "hold" | null} round_trip what makes it
 * @property {string | null} why it is not a network
 * @property {string} engine
 * @property {boolean} past whether polls and events go past hyper
 * @property {Record<string, Range> | null} bounds
 * @property {Counted[]} lanes
 * @property {number} pages
 * @property {Told[]} events
 */

export class Server {
  /** What this page calls itself. */
  page = `page ${[...crypto.getRandomValues(new Uint8Array(4))].map((byte) => (byte % 36).toString(36)).join("")}`;
  #shown = new URLSearchParams(location.hash.slice(1));
  /** The token that the stream may ask for, and that of the sliders. Behind the # they are in nobody's log. */
  #token = this.#shown.get("token") ?? new URLSearchParams(location.search).get("token");
  control = this.#shown.get("control");

  /**
   * @param {string} path
   * @param {Record<string, string | number | undefined>} query
   */
  address(path, query = {}) {
    const url = new URL(path, location.origin);
    const all = { ...query, token: this.#token ?? undefined };
    for (const [key, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(key, String(value));
    return url.href;
  }

  /**
   * @param {string} path
   * @param {number | undefined} after
   */
  stream(path, after) {
    return this.address(path, { after, user: this.page });
  }

  /**
   * What a poll of that cursor is answered at once, which is no part of the race.
   * @param {number | undefined} after
   * @returns {Promise<{ status: number, text: string, refusal?: any }>}
   */
  async ask(after) {
    try {
      const answer = await fetch(this.address("/poll", { after, wait_ms: 0 }), { cache: "no-store" });
      const text = (await answer.text()).trim();
      if (answer.status === 200) return { status: 200, text: `${text.split("\n").length} updates wait there` };
      return { status: answer.status, text, refusal: answer.ok ? undefined : JSON.parse(text) };
    } catch {
      return { status: 0, text: "" };
    }
  }

  /** @returns {Promise<State>} */
  async state() {
    const answer = await fetch(this.address("/page/state", { user: this.page }), { cache: "no-store", signal: AbortSignal.timeout(5000) });
    return await read(answer);
  }

  /**
   * Moves a slider, and gives the state after it.
   * @param {Record<string, number>} changed
   */
  async set(changed) {
    const headers = { authorization: `Bearer ${this.control}` };
    await read(await fetch(this.address("/live/stream", changed), { method: "POST", headers }));
    return await this.state();
  }

  goodbye() {
    navigator.sendBeacon(this.address("/page/goodbye", { user: this.page }));
  }
}

/** @param {Response} answer */
async function read(answer) {
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${answer.status}: ${said.message ?? said.error}`);
  return said;
}
