// Runs the race in a browser: node race.mjs CHROMIUM INSTALLED OUT LOADGEN SECONDS [link], in a network namespace of its own for
// the last. Every lane must be complete, frames must keep up, axe-core find
// nothing, lanes go on where they stood after the server went away, or without the transport that this browser has not, and a closed tab be told of.
// Status 1 if anything is found.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

import { Browser } from "./browser.mjs";
import { motion, overflow, violations } from "./reading.mjs";

/** The share of frames that may take more than 34 ms. */
const SLOW_FRAMES = 0.01;
const PATIENCE_MS = 30_000;

const [program, installed, out, loadgen, seconds, link] = process.argv.slice(2);
/** Said of a page that is not under TLS, nor on loopback: its clock is coarse, and the page says so. */
const UNTRUSTED = "Cross-Origin-Opener-Policy header has been ignored";
const axe = readFileSync(`${installed}/node_modules/axe-core/axe.min.js`, "utf8");
const browser = new Browser(program);
let count = 0;
/** Races that were not ended yet. */
const children = new Set();

function say(what, found) {
  count += found.length;
  console.log(`${found.length === 0 ? "ok   " : "FOUND"} ${what}`);
  for (const each of found) console.log(`      ${each}`);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, look) {
  const from = Date.now();
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() - from > PATIENCE_MS) throw new Error(`never came: ${what}`);
    await sleep(100);
  }
}

/** A race with these options, on loopback unless it is to be behind a link: what it tells, where it is, and how to end it. */
async function race(options, behind = false) {
  const child = spawn(loadgen, ["live", ...(behind ? [] : ["--listen", "127.0.0.1:0"]), ...options], { stdio: ["ignore", "ignore", "pipe"] });
  children.add(child);
  const told = [];
  const lines = createInterface(child.stderr);
  lines.on("line", (line) => (told.push(line), (told.lastMs = Date.now())));
  const address = await until("the address of the race", () => told.find((line) => line.includes("#control="))?.trim());
  const end = async () => {
    child.kill("SIGINT");
    await once(child, "exit");
    children.delete(child);
  };
  return { told, address, end };
}

/** A way to a server that can be closed and opened again, and on which requests that begin so are refused, as by a proxy. */
async function way(to, refused) {
  const { hostname, port } = new URL(to);
  const open = new Set();
  let shut = false;
  const server = createServer((client) => {
    if (shut) return client.destroy();
    const beyond = connect(Number(port), hostname);
    for (const [one, other] of [[client, beyond], [beyond, client]]) {
      open.add(one);
      one.on("error", () => {}).on("close", () => (open.delete(one), other.destroy()));
    }
    beyond.pipe(client);
    client.on("data", (bytes) => {
      // A browser sends a request at a time.
      if (refused && bytes.toString("latin1").startsWith(refused)) client.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
      else beyond.write(bytes);
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const close = () => ((shut = true), open.forEach((each) => each.destroy()));
  const url = new URL(to);
  url.port = String(server.address().port);
  return { address: url.href, close, open: () => (shut = false), end: () => (close(), server.close()) };
}

/** What the page has come to. */
const standing = (page) =>
  page.run(() => {
    const { lanes, drawing, clock } = globalThis.race;
    return {
      lanes: lanes.map((lane) => {
        const { receipts, missed, twice, said, tally, open } = lane;
        const seqs = [...receipts.newestFirst()].map((place) => receipts.seq[place]).reverse();
        const gaps = seqs.filter((seq, index) => index > 0 && seq !== seqs[index - 1] + 1).length;
        return { name: lane.transport.name, had: seqs.length, gaps, missed, twice, said, open, p50Ms: tally.quantileMs(0.5), foundNoPoll: tally.foundNoPoll / tally.count };
      }),
      frames: drawing.frames, slow: drawing.slow, longestMs: drawing.longestMs,
      boundMs: clock.boundMs(), resolutionMs: clock.resolutionMs, isolated: globalThis.crossOriginIsolated,
      worth: document.querySelector("#worth").textContent, conditions: document.querySelector("#conditions").textContent,
      verdict: document.querySelector("#verdict").textContent, notices: document.querySelector("#notices").innerText,
    };
  });

const complete = ({ lanes }, least) =>
  lanes.flatMap(({ name, had, gaps, missed, twice, said }) => [
    ...(had < least ? [`${name} had ${had} updates, of ${least} at least: ${said}`] : []),
    ...(gaps + missed + twice > 0 ? [`${name} is not complete: ${gaps} gaps, ${missed} missed, ${twice} twice`] : []),
  ]);

/** What a page complained of, but for what is so where it is not under TLS. */
const complaints = (page, behind) => page.complaints.filter((said) => !(behind && said.includes(UNTRUSTED)));

const ms = (value) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
const figures = ({ lanes }) => lanes.map(({ name, had, p50Ms }) => `${name} ${had} at ${ms(p50Ms)}`).join(", ");

/** At 200 updates a second, for frames: on loopback, and over a round trip. */
const frames = () => framesOver("0");
const framesFar = () => framesOver("100ms");

async function framesOver(rtt) {
  const behind = link && rtt !== "0";
  const { address, end } = await race(["--rate", "200", "--rtt", rtt], behind);
  const page = await browser.open(address);
  await until("updates", async () => (await standing(page)).lanes.every(({ had }) => had > 20));
  await page.run(() => document.querySelector("#afresh").click());
  await sleep(seconds * 1000);
  const seen = await standing(page);
  await page.shoot(`${out}/race-200-${rtt}.png`);
  const share = seen.slow / seen.frames;
  const found = complete(seen, 150 * seconds);
  if (seen.frames < 20 * seconds) found.push(`only ${seen.frames} frames`);
  if (share > SLOW_FRAMES) found.push(`${(100 * share).toFixed(1)} % of ${seen.frames} frames took over 34 ms, the longest ${ms(seen.longestMs)}`);
  if (seen.isolated === Boolean(behind)) found.push(`isolated: ${seen.isolated}`);
  if (!seen.isolated && !seen.worth.includes("coarsened")) found.push("the page does not say that its clock is coarse");
  if (behind && !(seen.boundMs < 25)) found.push(`the server's clock is known to ${ms(seen.boundMs)} only`);
  const saved = await page.run(async () => {
    const made = new Promise((resolve) => (URL.createObjectURL = (blob) => (resolve(blob.text()), "blob:none")));
    HTMLAnchorElement.prototype.click = () => {};
    document.querySelector("#save").click();
    const [head, ...rows] = (await made).trim().split("\n").map((line) => line.split(","));
    const due = Number(rows[0][head.indexOf("due_ns")]), late = head.indexOf("late_ms");
    return { rows: rows.length, odd: rows.filter((row) => row.length !== head.length || !(row[late] >= -10)).length, due, names: [...new Set(rows.map(([name]) => name))] };
  });
  const had = seen.lanes.reduce((sum, lane) => sum + lane.had, 0);
  if (saved.rows < had || saved.odd > 0 || !(saved.due > 0) || saved.names.length !== 3) found.push(`receipts of ${had} updates were saved as ${JSON.stringify(saved)}`);
  found.push(...complaints(page, behind).map((said) => `complains: ${said}`));
  say(`200 updates/s over ${seen.conditions.split("over ")[1]} for ${seconds} s: ${figures(seen)}; ${seen.slow} of ${seen.frames} frames over 34 ms; clock in steps of ${Math.round(1000 * seen.resolutionMs)} µs, known to ${ms(seen.boundMs)}`, found);
  await page.close();
  await end();
}

/** How it looks, on loopback and over a round trip. */
async function looks() {
  for (const rtt of ["0", "100ms"]) {
    const behind = link && rtt !== "0";
    const { address, end } = await race(["--rate", "20", "--rtt", rtt], behind);
    for (const scheme of ["light", "dark"]) {
      for (const width of [1280, 360]) {
        const page = await browser.open(address, { scheme, width, height: width > 600 ? 900 : 760 });
        const seen = await until("a verdict", async () => {
          const seen = await standing(page);
          return seen.verdict.includes("requests") && seen;
        });
        const shot = `${out}/race-${rtt}-${scheme}-${width}`;
        await page.shoot(`${shot}.png`);
        await page.shoot(`${shot}-whole.png`, { whole: true });
        await page.run(axe);
        await page.run(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
        const found = [...complete(seen, 20), ...(await page.run(violations)), ...(await page.run(overflow)), ...complaints(page, behind)];
        const label = rtt === "0" ? "" : behind ? "network: the kernel's TCP through a link" : "hold, not a network";
        if (!seen.conditions.includes(label)) found.push(`no word of what makes the round trip: ${seen.conditions}`);
        // The way back of a poll is part of what it costs, theory and page must see that.
        const [push, , poll] = seen.lanes;
        if (rtt !== "0" && !(push.p50Ms > 50 && poll.p50Ms > push.p50Ms && poll.foundNoPoll > 0.3)) found.push(`no sign of the round trip: ${figures(seen)}`);
        say(`round trip ${rtt}${label && ` (${label})`}, ${scheme}, ${width} wide: ${figures(seen)}`, found);
        await page.close();
      }
    }
    if (rtt === "0") {
      const still = await browser.open(address, { motion: "reduce" });
      say("nothing moves where nothing is to", await motion(still));
      await still.close();
    }
    await end();
  }
}

/** The sliders, by keys. */
async function sliders() {
  const { address, end } = await race([]);
  const page = await browser.open(address);
  await until("sliders", () => page.run(() => !document.querySelector("#controls").hidden));
  await page.run(() => document.querySelector("input[name=rate_hz]").focus());
  const before = await page.run(() => document.querySelector("#conditions").textContent);
  await page.press("ArrowRight");
  const after = await until("another rate", () => page.run((before) => {
    const now = document.querySelector("#conditions").textContent;
    return now.startsWith("20 updates") && now !== before && now;
  }, before));
  const watching = await browser.open(address.split("#")[0]);
  await until("updates", async () => (await standing(watching)).lanes.every(({ had }) => had > 5));
  const hidden = await watching.run(() => document.querySelector("#controls").hidden);
  say(`a slider moved by a key: ${after}`, hidden ? [] : ["who has no token has sliders"]);
  await watching.close();
  await page.close();
  await end();
}

/** The server goes away under the page, and comes back. */
async function away() {
  const { address, end } = await race(["--rate", "20"]);
  const path = await way(address);
  const page = await browser.open(path.address);
  await until("updates", async () => (await standing(page)).lanes.every(({ had }) => had > 20));
  path.close();
  await until("the page says that the server is gone", () => page.run(() => {
    const lanes = [...document.querySelectorAll(".said")].every((each) => each.textContent.includes("does not answer"));
    return lanes && document.querySelector("#notices").textContent.includes("does not answer");
  }));
  const had = (await standing(page)).lanes.map((lane) => lane.had);
  await page.shoot(`${out}/race-away.png`);
  path.open();
  const back = await until("every lane is back", async () => {
    const seen = await standing(page);
    return seen.lanes.every(({ open, had: now }, index) => open && now > had[index] + 20) && seen;
  });
  await page.shoot(`${out}/race-back.png`);
  say(`the server went away and came back: ${back.lanes.map(({ said }) => said)[0]}`, complete(back, 40));
  await page.close();
  path.end();
  await end();
}

/** A browser that lacks a transport, has one that throws, or is refused one on the way: that lane says so, the others run on. */
async function without() {
  const { address, end } = await race(["--rate", "20"]);
  const throws = (name) => `globalThis.${name} = class { constructor() { throw new DOMException("not here", "SecurityError"); } };`;
  const cases = [
    ["no EventSource", "sse", "This browser has no EventSource.", { before: "delete globalThis.EventSource" }],
    ["no WebSocket", "websocket", "This browser has no WebSocket.", { before: "delete globalThis.WebSocket" }],
    ["an EventSource that throws", "sse", "refuses server-sent events", { before: throws("EventSource") }],
    ["a WebSocket that throws", "websocket", "refuses WebSocket", { before: throws("WebSocket") }],
    ["a proxy that refuses /sse", "sse", "refuses server-sent events", { refused: "GET /sse" }],
    ["a proxy that refuses /ws", "websocket", "refuses WebSocket", { refused: "GET /ws" }],
  ];
  for (const [what, name, words, { before, refused }] of cases) {
    const path = await way(address, refused);
    const page = await browser.open(path.address, { before });
    const seen = await until(`${what}: words, and a verdict over two lanes`, async () => {
      const seen = await standing(page);
      const told = seen.lanes.find((lane) => lane.name === name).said.includes(words);
      return told && / later? /u.test(seen.verdict) && seen.lanes.every((lane) => lane.name === name || lane.had > 40) && seen;
    });
    const [lane] = seen.lanes.filter((lane) => lane.name === name);
    const [others, shown] = [seen.lanes.filter((each) => each !== lane), await page.run((name) => document.querySelector(`.${name} .said`).textContent, name)];
    const found = complete({ lanes: others }, 40);
    if (lane.had > 0 || lane.open) found.push(`${name} has updates all the same`);
    if (!shown.includes(words)) found.push(`its card says: ${shown}`);
    // Of a request that is refused a browser writes a line by itself.
    found.push(...page.complaints.filter((said) => !(refused && said.includes("403"))).map((said) => `complains: ${said}`));
    await page.shoot(`${out}/race-without-${what.replaceAll(/\W+/gu, "-")}.png`);
    say(`${what}: ${shown} ${figures({ lanes: others })}`, found);
    await page.close();
    path.end();
  }
  await end();
}

/** Under TLS: all is as it is without, and the page is isolated over a link too. */
async function secret() {
  const trusting = new Browser(program, ["--ignore-certificate-errors"]);
  try {
    for (const behind of link ? [false, true] : [false]) {
      const { address, end } = await race(["--rate", "20", "--tls", ...(behind ? ["--rtt", "100ms"] : [])], behind);
      const page = await trusting.open(address);
      const seen = await until("a verdict", async () => {
        const seen = await standing(page);
        return seen.verdict.includes("requests") && seen;
      });
      const found = [...complete(seen, 20), ...complaints(page, false)];
      if (!address.startsWith("https:")) found.push(`it is at ${address}`);
      if (!seen.isolated || seen.worth.includes("coarsened")) found.push(`isolated: ${seen.isolated}; ${seen.worth}`);
      if (page.requests.some((url) => !url.startsWith("https:") && !url.startsWith("data:"))) found.push(`asks without TLS: ${page.requests}`);
      await page.shoot(`${out}/race-tls${behind ? "-link" : ""}.png`);
      say(`under TLS${behind ? " over a link" : ""}: ${figures(seen)}; clock in steps of ${Math.round(1000 * seen.resolutionMs)} µs, known to ${ms(seen.boundMs)}`, found);
      await page.close();
      await end();
    }
  } finally {
    await trusting.close();
  }
}

/** Lines of the terminal, or of another page, by which a lane of that page ended. */
const ends = (lines, name) => lines.filter((line) => line.includes(`${name}: `) && line.includes(" ended: "));
const shownBy = (page) => page.run(() => [...document.querySelectorAll("#events li")].map((line) => line.textContent));

/** A tab is closed, a browser is killed: the terminal and another page are told. */
async function closed() {
  const { address, told, end } = await race(["--rate", "1"]);
  const other = await browser.open(address);
  const doomed = new Browser(program);
  // A page that was killed has said nothing before.
  const cases = [["a closed tab", browser, (page) => page.close(), 2], ["a killed browser", doomed, () => doomed.kill(), 3]];
  for (const [what, of, go, least] of cases) {
    const page = await of.open(address);
    const name = await page.run(() => globalThis.race.server.page);
    await until("updates", async () => (await standing(page)).lanes.every(({ had }) => had > 1));
    const from = Date.now();
    const gone = go(page);
    await until(`the terminal is told of ${what}`, () => ends(told, name).length >= least);
    const tookMs = told.lastMs - from;
    await until(`the other page is told of ${what}`, async () => ends(await shownBy(other), name).length >= least);
    const lines = told.filter((line) => line.startsWith(name));
    const found = [];
    if (what === "a killed browser" && !ends(lines, name).every((line) => line.includes("(FIN)"))) found.push("not by FIN");
    say(`${what}: the terminal was told ${tookMs} ms after, the other page, which asks once a second, ${Date.now() - from} ms after`, found);
    for (const line of lines) console.log(`      ${line}`);
    await gone;
  }
  await other.shoot(`${out}/race-closed-whole.png`, { whole: true });
  await other.close();
  await end();
}

/** More pages than a browser has connections for: one of them says why it stands still. */
async function six() {
  const { address, end } = await race(["--rate", "1"]);
  const pages = [];
  while (pages.length < 4) pages.push(await browser.open(address));
  const said = await until("the six connections are explained", async () => {
    const all = await Promise.all(pages.map((page) => page.run(() => document.querySelector("#notices").textContent)));
    return all.find((each) => each.includes("six connections"));
  });
  say(`four pages at once: ${said.slice(0, 90)}..`, []);
  await pages[3].shoot(`${out}/race-six.png`);
  for (const page of pages) await page.close();
  await end();
}

try {
  for (const each of [frames, framesFar, looks, sliders, away, without, secret, closed, six]) await each();
} finally {
  children.forEach((child) => child.kill("SIGKILL"));
  await browser.close();
}
console.log(count === 0 ? `nothing was found in the race; screenshots are in ${out}` : `${count} were found`);
process.exitCode = count === 0 ? 0 : 1;
