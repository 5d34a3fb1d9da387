// @ts-check
// The server's clock, as this page's clock tells it: exchanges of `/send`, of which the one with the least round trip is kept.

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
  /** Of the exchange that is kept: server's minus page's time, half of the round trip, when. */
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

  /** One exchange; a server that does not answer leaves things as they are. */
  async exchange() {
    const sentMs = performance.now();
    const sent = fetch(this.address, { method: "POST", body: JSON.stringify({ id: Math.floor(sentMs), data: null }) });
    const answer = await sent.catch(() => undefined);
    const cameMs = performance.now();
    if (!answer?.ok) return;
    const { received_ns } = await answer.json();
    this.rttMs = cameMs - sentMs;
    const halfMs = this.rttMs / 2;
    if (halfMs <= this.boundMs(cameMs)) {
      this.#kept = { offsetMs: received_ns / 1e6 - (sentMs + cameMs) / 2, halfMs, atMs: cameMs };
    }
  }

  /** Another server may have another clock. */
  forget() {
    this.#kept = { offsetMs: NaN, halfMs: Infinity, atMs: 0 };
  }
}
