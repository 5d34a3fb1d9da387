// @ts-check
// What a lane has received: every receipt, as far back as there is room, and what they come to since counting began.

/** Receipts that a lane remembers: at 200 a second eleven minutes. */
const ROOM = 2 ** 17;
/** Steps of the histogram an octave: 1.1 % each. */
const STEPS = 64;
/** Its least, milliseconds. */
const LEAST_MS = 0.001;

/** Receipts in the order in which they came. */
export class Receipts {
  seq = new Float64Array(ROOM);
  dueNs = new Float64Array(ROOM);
  stampMs = new Float64Array(ROOM);
  lateMs = new Float64Array(ROOM);
  boundMs = new Float32Array(ROOM);
  askedMs = new Float64Array(ROOM);
  /** How many there ever were. */
  length = 0;

  /**
   * @param {number} seq
   * @param {number} dueNs
   * @param {number} stampMs
   * @param {number} lateMs
   * @param {number} boundMs
   * @param {number} askedMs
   */
  push(seq, dueNs, stampMs, lateMs, boundMs, askedMs) {
    const place = this.length % ROOM;
    this.seq[place] = seq;
    this.dueNs[place] = dueNs;
    this.stampMs[place] = stampMs;
    this.lateMs[place] = lateMs;
    this.boundMs[place] = boundMs;
    this.askedMs[place] = askedMs;
    this.length += 1;
  }

  /**
   * One of them, by how many there were before it.
   * @param {number} index
   */
  at(index) {
    const place = index % ROOM;
    return { stampMs: this.stampMs[place] ?? 0, lateMs: this.lateMs[place] ?? 0 };
  }

  /**
   * How many came before a time.
   * @param {number} stampMs
   */
  before(stampMs) {
    let index = this.length;
    while (index > Math.max(0, this.length - ROOM) && this.at(index - 1).stampMs >= stampMs) index -= 1;
    return index;
  }

  /** The places of what is remembered, newest first. */
  *newestFirst() {
    for (let index = this.length - 1; index >= Math.max(0, this.length - ROOM); index -= 1) yield index % ROOM;
  }

  /**
   * Lines of CSV, oldest first.
   * @param {string} name of the transport
   */
  csv(name) {
    const lines = [];
    for (const place of [...this.newestFirst()].reverse()) {
      const asked = this.askedMs[place] ?? NaN;
      const [stamp, late, bound] = [this.stampMs, this.lateMs, this.boundMs].map((each) => each[place]?.toFixed(3));
      lines.push([name, this.seq[place], this.dueNs[place], late, bound, stamp, Number.isNaN(asked) ? "" : asked.toFixed(3)].join(","));
    }
    return lines;
  }
}

/** The head of what {@link Receipts.csv} gives. Times in milliseconds but for the due time; `stamp_ms` and `asked_ms` on the page's clock. */
export const CSV_HEAD = "transport,seq,due_ns,late_ms,late_bound_ms,stamp_ms,asked_ms";

/** Lateness since counting began. */
export class Tally {
  count = 0;
  slowestMs = 0;
  /** Updates that were due before the poll that brought them was sent. */
  foundNoPoll = 0;
  #steps = new Uint32Array(STEPS * 26);

  /**
   * @param {number} lateMs
   * @param {boolean} foundNoPoll
   */
  add(lateMs, foundNoPoll) {
    const step = Math.floor(Math.log2(Math.max(lateMs, LEAST_MS) / LEAST_MS) * STEPS);
    const place = Math.min(step, this.#steps.length - 1);
    this.#steps[place] = (this.#steps[place] ?? 0) + 1;
    this.count += 1;
    this.slowestMs = Math.max(this.slowestMs, lateMs);
    this.foundNoPoll += Number(foundNoPoll);
  }

  /**
   * The lateness that a share of the updates does not exceed, milliseconds: nearest rank, to 1 %.
   * @param {number} share
   */
  quantileMs(share) {
    let left = Math.max(1, Math.ceil(share * this.count));
    const step = this.#steps.findIndex((count) => (left -= count) <= 0);
    return this.count > 0 ? LEAST_MS * 2 ** ((step + 0.5) / STEPS) : NaN;
  }
}
