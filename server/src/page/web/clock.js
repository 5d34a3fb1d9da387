// @ts-check
// The server's clock, as this page's clock tells it: exchanges of `/send`, of which the one that tells most is kept.

/** What the two clocks may drift apart, as a share: more than quartz does, less than a clock that is being set. */
const DRIFT = 50e-6;

/** The least step of `performance.now()`, milliseconds, as it is seen here. */
export function resolutionMs() {
  let least = Infinity;
  for (let steps = 0, before = performance.now(); steps < 40; ) {
    const now = performance.now();
    if (now === before) continue;
    least = Math.min(least, now - before);
    before = now;
    steps += 1;
  }
  return least;
}

export class Clock {
  /** Of the exchange that is kept: server's minus page's time, how far that may be wrong, when. */
  #kept = { offsetMs: NaN, halfMs: Infinity, atMs: 0 };
  /** Of the last exchange, milliseconds. */
  rttMs = NaN;
  resolutionMs = resolutionMs();

  /** @param {(path: string) => string} address */
  constructor(address) {
    this.address = address("/send");
  }

  get known() {
    return this.#kept.halfMs < Infinity;
  }

  /** How far the offset may be wrong, milliseconds. */
  boundMs(nowMs = performance.now()) {
    return this.#kept.halfMs + (nowMs - this.#kept.atMs) * DRIFT;
  }

  /**
   * A time of this page on the server's clock, milliseconds.
   * @param {number} pageMs
   */
  serverMs(pageMs) {
    return pageMs + this.#kept.offsetMs;
  }

  /**
   * One exchange: when it was sent and its answer came, and the server's time between, milliseconds; nothing of a server that does not answer.
   * @returns {Promise<{ sentMs: number, cameMs: number, serverMs: number } | undefined>}
   */
  async exchange() {
    const sentMs = performance.now();
    const sent = fetch(this.address, { method: "POST", body: JSON.stringify({ id: Math.floor(sentMs), data: null }) });
    const answer = await sent.catch(() => undefined);
    const cameMs = performance.now();
    if (!answer?.ok) return;
    const { received_ns } = await answer.json();
    this.rttMs = cameMs - sentMs;
    return { sentMs, cameMs, serverMs: received_ns / 1e6 };
  }

  /**
   * Keeps an exchange if it tells more than the one that is kept. What is under way for half of `leastMs` at least, there as well as back, was not
   * read by the server sooner or later than that: the rest is what is not known.
   * @param {{ sentMs: number, cameMs: number, serverMs: number } | undefined} exchanged
   */
  keep(exchanged, leastMs = 0) {
    if (!exchanged) return;
    const { sentMs, cameMs, serverMs } = exchanged;
    // A clock that moves in steps may show less than was.
    const halfMs = Math.max(0, cameMs - sentMs - leastMs) / 2 + this.resolutionMs;
    if (halfMs <= this.boundMs(cameMs)) {
      this.#kept = { offsetMs: serverMs - (sentMs + cameMs) / 2, halfMs, atMs: cameMs };
    }
  }

  /** Another server may have another clock. */
  forget() {
    this.#kept = { offsetMs: NaN, halfMs: Infinity, atMs: 0 };
  }
}
