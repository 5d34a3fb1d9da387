// @ts-check
// Numbers and the verdict in words.

/** Updates that a lane must have had before anything is said of it, and from which on its p99 is. */
const SPOKEN_OF = 20;
export const P99_FROM = 1000;
/** Lateness is called like if it differs by less than this share. */
const LIKE = 0.1;
/** A ratio is said while the clocks' bound is no larger share of the smaller lateness. */
const RATIO_BOUND = 0.25;

/** @param {number} value */
export const count = (value) => value.toLocaleString("en");

/** @param {number} value */
export function ms(value) {
  if (!Number.isFinite(value)) return "–";
  if (value > 0 && value < 0.1) return `${Math.round(value * 1000)} µs`;
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return `${value < 1 ? value.toFixed(2) : value < 10 ? value.toFixed(1) : count(Math.round(value))} ms`;
}

/** @param {number} value */
export function bytes(value) {
  if (value < 10_000) return `${count(value)} B`;
  return value < 1e7 ? `${count(Math.round(value / 1e3))} kB` : `${count(Math.round(value / 1e6))} MB`;
}

/** @param {number} value */
const times = (value) => (value < 10 ? value.toFixed(1) : count(Math.round(value)));

/**
 * @typedef {{ name: string, title: string, count: number, p50Ms: number, requests: number, foundNoPoll: number, running: boolean }} Standing
 *
 * What the race has come to, for those lanes that run.
 * @param {Standing[]} standings
 * @param {{ rttMs: number, by: "network" | "hold" | null, boundMs: number, resolutionMs: number }} conditions
 */
export function verdict(standings, { rttMs, by, boundMs, resolutionMs }) {
  const running = standings.filter((each) => each.running);
  const few = running.filter((each) => each.count < SPOKEN_OF);
  if (running.length < 2) return "A race needs two lanes that run.";
  if (few.length > 0) return `The race has begun: a verdict needs ${SPOKEN_OF} updates in every lane.`;
  const [first, ...others] = running;
  if (!first) return "";
  const over = by === null ? `Over this connection, whose round trip is ${ms(rttMs)},`
    : `Over a round trip of ${ms(rttMs)}, ${by === "hold" ? "held by the server" : "a link's"},`;
  const said = others.reverse().map((other) => {
    const differMs = Math.abs(other.p50Ms - first.p50Ms);
    const least = Math.min(other.p50Ms, first.p50Ms);
    const [more, less] = other.p50Ms > first.p50Ms ? [other, first] : [first, other];
    if (differMs < Math.max(LIKE * least, 2 * resolutionMs, 0.1)) return `${is(other)} about as late as ${lower(first.title)}`;
    if (boundMs > RATIO_BOUND * least) return `${is(more)} ${ms(differMs)} later than ${lower(less.title)}`;
    return `${is(more)} ${times(more.p50Ms / less.p50Ms)} times as late as ${lower(less.title)}`;
  });
  const asks = others.find((each) => each.name === "long-poll");
  const asked = asks && asks.requests > 0 && first.requests > 0
    ? ` Polling made ${count(asks.requests)} requests where ${lower(first.title)} made ${count(first.requests)}; ${percent(asks.foundNoPoll / asks.count)} of its updates found no poll.`
    : "";
  return `${over} ${said.join(", and ")}.${asked}`;
}

/** @param {number} share */
export const percent = (share) => (share > 0 && share < 0.01 ? "under 1\u00a0%" : `${Math.round(share * 100)}\u00a0%`);

/**
 * A title within a sentence; a name keeps its capitals.
 * @param {string} title
 */
export const lower = (title) => (title === "WebSocket" ? title : title[0]?.toLowerCase() + title.slice(1));

/** @param {Standing} of */
const is = ({ name, title }) => `${lower(title)} ${name === "sse" ? "are" : "is"}`;
