// @ts-check
// What a reader ought to know and would not see: a hidden tab, a browser that has no connection left, a server that is gone.

/** A request that waits so long in the browser, without any connection being made, waits for one, milliseconds. */
const WAITED_MS = 200;
/** A notice that is no longer true goes after so long, milliseconds. */
const STAYS_MS = 15_000;

const SIX = "Requests of this page wait in the browser. It opens six connections to a host at most (HTTP/1.1), over all of its tabs, and each of these pages holds two: its event source and its parked poll. A WebSocket is not one of them. Close a tab, and they go on.";

/** Notices by what they are about: one each. */
export class Notices {
  /** @type {Map<string, { line: HTMLParagraphElement, timer?: ReturnType<typeof setTimeout> }>} */
  #about = new Map();

  /** @param {HTMLElement} list */
  constructor(list) {
    this.list = list;
  }

  /**
   * @param {string} about
   * @param {string} text
   * @param {boolean} passes whether it is true for now only
   */
  say(about, text, passes = false) {
    const known = this.#about.get(about) ?? { line: document.createElement("p") };
    clearTimeout(known.timer);
    if (known.line.textContent !== text) known.line.textContent = text;
    if (!known.line.isConnected) this.list.append(known.line);
    if (passes) known.timer = setTimeout(() => this.unsay(about), STAYS_MS);
    this.#about.set(about, known);
  }

  /** @param {string} about */
  unsay(about) {
    this.#about.get(about)?.line.remove();
    this.#about.delete(about);
  }
}

/**
 * Says when drawing stopped, and what went on meanwhile.
 * @param {Notices} notices
 * @param {() => number} received receipts so far
 */
export function watchHidden(notices, received) {
  const title = document.title;
  let [sinceMs, before] = [0, 0];
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      [sinceMs, before] = [performance.now(), received()];
      document.title = "Drawing stopped, receipts go on";
      notices.say("hidden", "This tab is hidden: drawing has stopped, receipts go on. A browser may also wake a hidden tab less often, and receipts be later for it.");
    } else {
      document.title = title;
      const seconds = ((performance.now() - sinceMs) / 1000).toFixed(1);
      notices.say("hidden", `This tab was hidden for ${seconds} s: drawing stopped, ${(received() - before).toLocaleString("en")} receipts went on.`, true);
    }
  });
}

/**
 * Says when requests wait for one of the browser's connections.
 * @param {Notices} notices
 */
export function watchConnections(notices) {
  const observer = new PerformanceObserver((list) => {
    for (const entry of /** @type {PerformanceResourceTiming[]} */ (list.getEntries())) {
      const none = entry.connectEnd === entry.connectStart;
      if (none && entry.requestStart > 0 && entry.requestStart - entry.fetchStart > WAITED_MS) notices.say("six", SIX, true);
    }
    performance.clearResourceTimings();
  });
  observer.observe({ type: "resource" });
}

/**
 * Says that a request which should be quick has had no answer, though updates arrive: it does not leave the browser.
 * @param {Notices} notices
 */
export const saySix = (notices) => notices.say("six", SIX, true);
