// @ts-check
// A lane: one transport's way through the stream, from its opening over every failure to its next opening.

import { Receipts, Tally } from "./receipts.js";
import { lower } from "./words.js";

/** The first wait before a lane opens anew, and the longest, milliseconds. */
const AGAIN_MS = [250, 4000];
/** As many failures in a row, while the server answers, say that something between refuses the transport. */
const REFUSED = 3;

/** @typedef {import("./transports.js").Transport} Transport */
/** @typedef {import("./clock.js").Clock} Clock */

export class Lane {
  receipts = new Receipts();
  tally = new Tally();
  /** Updates that the lane never had although it was there before and after them. */
  missed = 0;
  /** Updates that came twice, and were counted once. */
  twice = 0;
  /** What went wrong, in words; empty if nothing does. */
  said = "";
  /** Whether it is open, and since when it never was. */
  open = false;
  openedOnce = false;
  /** Chosen updates, to be joined across lanes: `seq` to when it came and how late. @type {Map<number, { stampMs: number, lateMs: number }>} */
  joined = new Map();
  /** @type {number | undefined} */
  #after;
  #failures = 0;
  #end = () => {};

  /**
   * @param {Transport} transport
   * @param {import("./server.js").Server} server
   * @param {Clock} clock
   * @param {{ fromNs: number, stride: number }} race from which due time on updates count; of how many one is joined
   */
  constructor(transport, server, clock, race) {
    this.transport = transport;
    this.server = server;
    this.clock = clock;
    this.race = race;
  }

  /** Opens where it stands. */
  start() {
    const lacks = this.transport.lacks();
    if (lacks) {
      this.said = `${lacks} The other lanes run without it.`;
      return;
    }
    const address = (/** @type {number | undefined} */ after) => this.server.stream(this.transport.path, after);
    try {
      this.#end = this.transport.open(address, this.#after, {
        opened: () => this.#opened(),
        got: (stampMs, lines, askedMs) => this.#got(stampMs, lines, askedMs),
        stands: (after) => (this.#after = after),
        ended: (why) => this.#ended(why),
      });
    } catch (error) {
      // What a browser has, something in it may forbid. The other lanes are to run all the same.
      this.#ended(String(error));
    }
  }

  stop() {
    this.#end();
  }

  #opened() {
    this.open = this.openedOnce = true;
    if (this.#failures > 0 && this.#after !== undefined) this.said = `Back after ${this.#failures} tries: goes on after update ${this.#after.toLocaleString("en")}.`;
    else this.said = "";
    this.#failures = 0;
  }

  /**
   * @param {number} stampMs
   * @param {string} lines
   * @param {number} askedMs
   */
  #got(stampMs, lines, askedMs) {
    const { clock, race } = this;
    const boundMs = clock.boundMs(stampMs);
    for (const line of lines.split("\n")) {
      if (line === "") continue;
      const { seq, due_ns: dueNs } = JSON.parse(line);
      if (this.#after !== undefined && seq <= this.#after) {
        this.twice += 1;
        continue;
      }
      if (this.#after !== undefined) this.missed += seq - this.#after - 1;
      this.#after = seq;
      const lateMs = clock.serverMs(stampMs) - dueNs / 1e6;
      this.receipts.push(seq, dueNs, stampMs, lateMs, boundMs, askedMs);
      if (dueNs >= race.fromNs && clock.known) this.tally.add(lateMs, clock.serverMs(askedMs) > dueNs / 1e6);
      if (seq % race.stride === 0) this.joined.set(seq, { stampMs, lateMs });
    }
    for (const seq of this.joined.keys()) {
      if (this.joined.size <= 24) break;
      this.joined.delete(seq);
    }
  }

  /**
   * A script sees neither status nor body of a failed WebSocket or EventSource: what the server makes of the cursor is asked by a poll.
   * @param {string} why
   */
  async #ended(why) {
    this.#end();
    this.#end = () => {};
    this.open = false;
    this.#failures += 1;
    const { status, text, refusal } = await this.server.ask(this.#after);
    if (refusal?.error === "cursor_expired") {
      // Nothing goes on from there: a new start, and what lies between is missed, or another stream's.
      const between = refusal.newest - (this.#after ?? 0);
      if (between > 0) this.missed += between;
      this.#after = undefined;
    }
    const server = status === 0 ? "The server does not answer." : `The server, asked by a poll, says ${status}${text ? `: ${text}` : ""}.`;
    const between = status > 0 && status < 300 && this.#failures >= REFUSED && this.transport.path !== "/poll";
    const blame = between ? ` It is there, so something on the way, or the browser, refuses ${lower(this.transport.title)}.` : "";
    this.said = `${this.transport.title} ended: ${why}. ${server}${blame} Opens anew${this.#after === undefined ? "" : ` after update ${this.#after.toLocaleString("en")}`}.`;
    const [first = 0, longest = 0] = AGAIN_MS;
    setTimeout(() => this.start(), Math.min(longest, first * 2 ** (this.#failures - 1)));
  }
}
