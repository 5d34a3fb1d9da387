// @ts-check
// The page: three lanes, what they come to, and what the server says of them.

import { Clock } from "./clock.js";
import { Controls } from "./controls.js";
import { Drawing } from "./draw.js";
import { Lane } from "./lane.js";
import { Notices, saySix, watchConnections, watchHidden } from "./notices.js";
import { CSV_HEAD, Tally } from "./receipts.js";
import { Server } from "./server.js";
import { TRANSPORTS } from "./transports.js";
import { P99_FROM, bytes, count, ms, percent, verdict } from "./words.js";

/** How often numbers are written, the server is asked, and the verdict may change, milliseconds. */
const WRITE_MS = 250;
const ASK_MS = 1000;
const VERDICT_MS = 3000;
/** A lane that has not opened for so long waits for something, milliseconds. */
const OPENS_MS = 3000;

/** @typedef {import("./server.js").State} State */
/** @typedef {import("./server.js").Counted} Counted */

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} kind
 * @param {ParentNode} within
 */
function find(selector, kind, within = document) {
  const found = within.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page has no ${selector}`);
  return found;
}

const server = new Server();
const clock = new Clock((path) => server.address(path));
const notices = new Notices(find("#notices", HTMLElement));
const race = { fromNs: Infinity, stride: 1 };
const lanes = TRANSPORTS.map((transport) => new Lane(transport, server, clock, race));
/** @type {State | undefined} */
let state;
/** The server's counts when counting began. @type {Counted[]} */
let counted = [];

const cards = lanes.map((lane) => {
  const { name, title } = lane.transport;
  const section = document.createElement("section");
  section.className = `lane ${name}`;
  section.innerHTML = `<div class="card"><h2></h2><p class="p50"><strong>–</strong><span></span></p><dl class="figures"></dl><p class="said"></p></div><div class="strip"></div>`;
  find("h2", HTMLElement, section).textContent = title;
  find("#lanes", HTMLElement).append(section);
  const figures = find("dl", HTMLElement, section);
  /** @type {Map<string, HTMLElement>} */
  const values = new Map();
  /**
   * @param {string} what
   * @param {string} value
   */
  const set = (what, value) => {
    let at = values.get(what);
    if (!at) {
      const [pair, key] = [document.createElement("div"), document.createElement("dt")];
      at = document.createElement("dd");
      key.textContent = what;
      pair.append(key, at);
      figures.append(pair);
      values.set(what, at);
    }
    write(at, value);
  };
  const parts = { strip: find(".strip", HTMLElement, section), p50: find("strong", HTMLElement, section), of: find("span", HTMLElement, section), said: find(".said", HTMLElement, section) };
  return { lane, set, ...parts };
});
const drawing = new Drawing(find("#track", HTMLCanvasElement), cards, clock);

/**
 * @param {Element} element
 * @param {string} text
 */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * What the server has counted for a lane since counting began.
 * @param {Lane} lane
 */
function served(lane) {
  const of = (/** @type {Counted[]} */ all) => all.find(({ transport }) => transport === lane.transport.name);
  const [now, then] = [of(state?.lanes ?? []), of(counted)];
  const since = (/** @type {"requests" | "bytes_in" | "bytes_out"} */ key) => (now?.[key] ?? 0) - (then?.[key] ?? 0);
  // A stream that was opened before is the one request that still serves.
  return { requests: Math.max(since("requests"), lane.openedOnce ? 1 : 0), bytesIn: since("bytes_in"), bytesOut: since("bytes_out") };
}

function writeNumbers() {
  for (const { lane, set, p50, of, said } of cards) {
    const { tally } = lane;
    const { requests, bytesIn, bytesOut } = served(lane);
    write(p50, ms(tally.quantileMs(0.5)));
    write(of, `late at the median of ${count(tally.count)}`);
    set("slowest", `${ms(tally.count ? tally.slowestMs : NaN)}${tally.count >= P99_FROM ? `, p99 ${ms(tally.quantileMs(0.99))}` : ` of ${count(tally.count)}`}`);
    set("requests", count(requests));
    set("bytes", `${bytes(bytesOut)} out, ${bytes(bytesIn)} in`);
    if (lane.transport.path === "/poll") set("found no poll", tally.count ? percent(tally.foundNoPoll / tally.count) : "–");
    if (lane.missed > 0) set("missed", count(lane.missed));
    if (lane.twice > 0) set("twice", count(lane.twice));
    write(said, lane.said);
  }
  write(find("#scale", HTMLElement), `Each dot is an update: from left to right when this page had it, upwards how late that was, to ${ms(drawing.scaleMs)}; marks at the upper edge are later. The line joins one update in all lanes. Grey at nought: how far the clocks may be apart, ±${ms(clock.boundMs())}.`);
  const worth = [
    ["The clock of this page moves in steps of", `${ms(clock.resolutionMs)}${globalThis.crossOriginIsolated ? "" : ", coarsened: a page not isolated, or not under TLS, is given no better"}`],
    ["The server's clock is known to", `±${ms(clock.boundMs())}`],
    ["The server's engine is", state ? `${state.engine}${state.engine === "lean" && !state.past ? ", but polls and events are served by hyper: the short way past it knows of no hold" : ""}` : "–"],
    ["Frames that took over 34 ms", `${count(drawing.slow)} of ${count(drawing.frames)}, the longest ${ms(drawing.longestMs)}`],
  ];
  const list = find("#worth", HTMLElement);
  for (const [index, [what = "", value = ""]] of worth.entries()) {
    if (!list.children[2 * index]) list.append(document.createElement("dt"), document.createElement("dd"));
    const [dt, dd] = [list.children[2 * index], list.children[2 * index + 1]];
    if (dt && dd) [[dt, what], [dd, value]].forEach(([at, text]) => write(/** @type {Element} */ (at), String(text)));
  }
}

function writeVerdict() {
  const standings = lanes.map((lane) => {
    const { name, title } = lane.transport;
    const { count, foundNoPoll } = lane.tally;
    return { name, title, count, p50Ms: lane.tally.quantileMs(0.5), requests: served(lane).requests, foundNoPoll, running: lane.open };
  });
  const by = state && state.rtt_ms > 0 ? state.round_trip : null;
  const rttMs = state && by ? state.rtt_ms : clock.rttMs;
  write(find("#verdict", HTMLElement), verdict(standings, { rttMs, by, boundMs: clock.boundMs(), resolutionMs: clock.resolutionMs }));
}

/**
 * The stream in words.
 * @param {State} of
 */
function stream({ settings, stream }) {
  if (!settings) return stream;
  const { rate_hz, payload_bytes, burst } = settings;
  return `${rate_hz} ${rate_hz === 1 ? "update" : "updates"} a second of ${count(payload_bytes)} bytes${burst > 1 ? ` in bursts of ${burst}` : ""}`;
}

/** Counts from what is due from now on. */
function afresh() {
  if (!clock.known) return;
  race.fromNs = clock.serverMs(performance.now()) * 1e6;
  lanes.forEach((lane) => (lane.tally = new Tally()));
  counted = state?.lanes ?? [];
  drawing.afresh();
  writeNumbers();
}

/** @param {State} now */
function hear(now) {
  const before = state;
  state = now;
  if (before && before.pid !== now.pid) {
    notices.say("server", "Another server has taken the place of the one that was there: its stream is its own, and counting begins afresh.");
    clock.forget();
    counted = [];
    race.fromNs = Infinity;
  }
  // About one a second.
  race.stride = Math.max(1, Math.round(now.settings?.rate_hz ?? 1));
  const settings = (/** @type {State | undefined} */ of) => JSON.stringify([of?.settings, of?.rtt_ms]);
  const by = now.round_trip === "network" ? ` (network: the kernel's TCP through a link; measured ${ms(clock.rttMs)})` : now.rtt_ms > 0 ? " (hold, not a network)" : "";
  const trip = `a round trip of ${now.rtt_ms > 0 ? `${now.rtt_ms} ms` : ms(clock.rttMs)}${by}`;
  write(find("#conditions", HTMLElement), `${stream(now)}, over ${trip}`);
  write(find("#pages", HTMLElement), `This is ${server.page}; ${now.pages === 1 ? "no other is" : `${count(now.pages)} are`} open. What a closed tab does, as the server came to know of it:`);
  const events = find("#events", HTMLElement);
  events.replaceChildren(...[...now.events].reverse().slice(0, 12).map(({ ago_ms, text }) => {
    const [line, when] = [document.createElement("li"), document.createElement("time")];
    when.textContent = `${(ago_ms / 1000).toFixed(0)} s ago`;
    line.append(when, ` ${text}`);
    return line;
  }));
  controls.show(now);
  if (settings(before) !== settings(now)) afresh();
}

/**
 * What an exchange between two states took at least, by a link's packets being under way; nothing unless its round trip stayed.
 * @param {State | undefined} before
 * @param {State} after
 */
function leastMs(before, after) {
  const same = before && before.pid === after.pid && before.trips === after.trips && before.round_trip === after.round_trip;
  return same && after.round_trip === "network" ? after.rtt_ms : 0;
}

const controls = new Controls(find("#controls", HTMLFormElement), server, hear);

async function ask() {
  const askedMs = performance.now();
  const received = () => lanes.reduce((sum, lane) => sum + lane.receipts.length, 0);
  const before = received();
  try {
    const [before, exchanged] = [state, await clock.exchange()];
    const now = await server.state();
    clock.keep(exchanged, leastMs(before, now));
    hear(now);
    if (!clock.known) clock.keep(await clock.exchange());
    if (race.fromNs === Infinity) afresh();
    notices.unsay("gone");
  } catch (error) {
    // Updates come by what is open already: what is asked anew does not leave the browser.
    if (received() > before) saySix(notices);
    else notices.say("gone", `The server does not answer (${/** @type {Error} */ (error).message}). The lanes go on trying, each from where it stands.`);
  }
  const waiting = lanes.some((lane) => !lane.openedOnce && lane.said === "");
  if (waiting && performance.now() > OPENS_MS && lanes.some((lane) => lane.open)) saySix(notices);
  setTimeout(ask, Math.max(0, ASK_MS - (performance.now() - askedMs)));
}

find("#afresh", HTMLButtonElement).addEventListener("click", afresh);
find("#save", HTMLButtonElement).addEventListener("click", () => {
  const text = [CSV_HEAD, ...lanes.flatMap((lane) => lane.receipts.csv(lane.transport.name)), ""].join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = "receipts.csv";
  link.click();
  // A browser takes its time to begin.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
});
addEventListener("pagehide", () => server.goodbye());
watchHidden(notices, () => lanes.reduce((sum, lane) => sum + lane.receipts.length, 0));
watchConnections(notices);
setInterval(writeNumbers, WRITE_MS);
setInterval(writeVerdict, VERDICT_MS);
/** For whoever opens the console, or tries the page: nothing here reads it. */
Object.assign(globalThis, { race: { lanes, clock, drawing, server } });

// Lateness means something only once the clock is known, and the first exchange opens a connection.
for (let exchanges = 0; exchanges < 8 || !clock.known; exchanges += 1) {
  const before = await server.state().catch(() => undefined);
  const exchanged = await clock.exchange();
  const after = await server.state().catch(() => undefined);
  clock.keep(exchanged, after ? leastMs(before, after) : 0);
  if (!clock.known) await new Promise((again) => setTimeout(again, WRITE_MS));
}
lanes.forEach((lane) => lane.start());
ask();
