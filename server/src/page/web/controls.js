// @ts-check
// The sliders, where the server has some and this page knows the token of its start.

/** @typedef {import("./server.js").State} State */

const POWERS = Array.from({ length: 20 }, (_, power) => 2 ** power);
const ONE_TWO_FIVE = [0, 1, 2, 5, 10, 20, 50, 100, 150, 200, 300, 500, 1000, 2000, 5000];

/** @type {{ key: string, name: string, steps: number[], words: (value: number) => string }[]} */
const SLIDERS = [
  { key: "rate_hz", name: "Rate", steps: ONE_TWO_FIVE, words: (value) => `${value} ${value === 1 ? "update" : "updates"}/s` },
  { key: "payload_bytes", name: "Payload", steps: POWERS, words: (value) => `${value.toLocaleString("en")} bytes` },
  { key: "burst", name: "Due at once", steps: ONE_TWO_FIVE, words: (value) => (value === 1 ? "one" : `bursts of ${value}`) },
  { key: "rtt_ms", name: "Round trip", steps: ONE_TWO_FIVE, words: (value) => (value === 0 ? "as it is" : `${value} ms`) },
];

/**
 * What a state has the sliders at.
 * @param {State} state
 */
const values = (state) => /** @type {Record<string, number>} */ ({ ...state.settings, rtt_ms: state.rtt_ms });

/**
 * What the slider of the round trip does.
 * @param {State} state
 */
function roundTrip({ round_trip, why }) {
  if (round_trip === "network") return "The round trip is a network's: the kernel's TCP through a link, by which each packet is under way for half of it each way. Handshakes and acknowledgements take their time as well. Nothing is lost.";
  return `The round trip is a hold, not a network: the server waits for half of it before it reads a request for the stream, before it answers, and before it pushes. There is no loss, and TCP's own exchanges are not held. It is no network because: ${why}.`;
}

/** Makes the sliders, and keeps them at what the server has. */
export class Controls {
  /** @type {((state: State) => void)[]} */
  #shown = [];

  /**
   * @param {HTMLFormElement} form
   * @param {import("./server.js").Server} server
   * @param {(state: State) => void} changed is told of the state after a change
   */
  constructor(form, server, changed) {
    this.form = form;
    this.server = server;
    this.changed = changed;
  }

  /** @param {State} state */
  show(state) {
    if (!this.server.control || !state.bounds) return;
    if (this.form.hidden) this.#make(state, state.bounds);
    this.#shown.forEach((show) => show(state));
  }

  /**
   * @param {State} state
   * @param {NonNullable<State["bounds"]>} bounds
   */
  #make(state, bounds) {
    const said = document.createElement("p");
    said.setAttribute("role", "status");
    const trip = roundTrip(state);
    said.textContent = trip;
    for (const { key, name, steps, words } of SLIDERS) {
      const range = bounds[key];
      if (!range) continue;
      const within = steps.filter((step) => step >= range.start && step <= range.end);
      // What the server was started with may be none of them.
      const all = [...new Set([...within, range.start, range.end, values(state)[key] ?? range.start])].sort((a, b) => a - b);
      const label = document.createElement("label");
      const title = document.createElement("span");
      title.textContent = name;
      const output = document.createElement("output");
      const input = document.createElement("input");
      Object.assign(input, { type: "range", name: key, min: "0", max: String(all.length - 1), step: "1" });
      label.append(title, output, input);
      this.form.append(label);
      const at = () => all[Number(input.value)] ?? range.start;
      const say = () => {
        output.textContent = words(at());
        input.setAttribute("aria-valuetext", words(at()));
      };
      let busy = 0;
      input.addEventListener("input", say);
      input.addEventListener("change", async () => {
        busy += 1;
        try {
          const after = await this.server.set({ [key]: at() });
          said.textContent = trip;
          said.className = "";
          this.changed(after);
        } catch (error) {
          said.textContent = `The server has not done it: ${/** @type {Error} */ (error).message}`;
          said.className = "wrong";
        }
        busy -= 1;
      });
      this.#shown.push((now) => {
        // Not under whoever is about to move it.
        if (busy > 0 || document.activeElement === input && input.matches(":active")) return;
        const place = all.indexOf(values(now)[key] ?? NaN);
        if (place >= 0) input.value = String(place);
        say();
      });
    }
    this.form.append(said);
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.hidden = false;
  }
}
