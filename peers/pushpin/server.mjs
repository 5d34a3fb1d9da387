// node server.mjs HOST PORT: Pushpin, and the backend behind it. Every line on stdin is kept here, and published through Pushpin.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request } from "node:http";
import { createServer as createListener } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [host, port] = process.argv.slice(2);
const CHANNEL = "updates";
// What Pushpin has taken.
const lines = [];

// A poll that has not got everything is answered at once. Any other is Pushpin's to hold; it asks again if something came between.
function poll(asked, answer) {
  const after = Number(asked.headers["if-none-match"] ?? 0);
  if (after < lines.length) {
    answer.setHeader("Etag", lines.length);
    return answer.end(lines.slice(after).join("\n"));
  }
  // Pushpin ends a poll after 55 s by itself; quiet ones are to last.
  answer.setHeader("Grip-Hold", "response");
  answer.setHeader("Grip-Channel", `${CHANNEL}; prev-id=${after}`);
  answer.setHeader("Grip-Timeout", 300);
  answer.end();
}

// WebSocket-over-HTTP: what opens is answered with what it subscribes to, what closes by the same.
function websocket(asked, answer) {
  let events = "";
  asked.setEncoding("latin1").on("data", (data) => { events += data; }).on("end", () => {
    answer.setHeader("Content-Type", "application/websocket-events");
    answer.setHeader("Sec-WebSocket-Extensions", "grip");
    const subscribe = `c:${JSON.stringify({ type: "subscribe", channel: CHANNEL })}`;
    const opens = `OPEN\r\nTEXT ${subscribe.length.toString(16)}\r\n${subscribe}\r\n`;
    answer.end(events.startsWith("OPEN") ? opens : events.startsWith("CLOSE") ? events : "");
  });
}

const backend = createServer((asked, answer) => (asked.url.startsWith("/ws") ? websocket : poll)(asked, answer));
// Node ends a kept connection after 5 idle seconds: one of Pushpin's own to here, on which it may be asking.
backend.keepAliveTimeout = 300_000;

const listening = (server, options) => new Promise((resolve) => server.listen(options, () => resolve(server.address().port)));
const listener = createListener();
const control = await listening(listener, { host: "127.0.0.1", port: 0 });
await new Promise((resolve) => listener.close(resolve));
const behind = await listening(backend, { host: "127.0.0.1", port: 0, backlog: 4096 });

const folder = mkdtempSync(join(tmpdir(), "pushpin-"));
const conf = readFileSync(new URL("pushpin.conf", import.meta.url), "utf8");
const filled = { FOLDER: folder, HOST: host, PORT: port, CONTROL: control };
writeFileSync(join(folder, "pushpin.conf"), conf.replace(/FOLDER|HOST|PORT|CONTROL/g, (word) => filled[word]));
writeFileSync(join(folder, "routes"), `*,path_beg=/ws 127.0.0.1:${behind},over_http\n* 127.0.0.1:${behind}\n`);
const pushpin = spawn("pushpin", ["--config", join(folder, "pushpin.conf")], { stdio: ["ignore", "inherit", "inherit"] });
process.on("SIGTERM", () => pushpin.kill());
pushpin.on("close", (status) => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(status ?? 1);
});

// One connection, so that updates arrive in order.
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let published = 0;
createInterface({ input: process.stdin }).on("line", (line) => {
  const [id, before] = [published + 1, published].map(String);
  published += 1;
  const formats = { "http-response": { headers: { Etag: id }, body: line }, "ws-message": { content: line } };
  const body = JSON.stringify({ items: [{ channel: CHANNEL, id, "prev-id": before, formats }] });
  const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
  request({ agent, host: "127.0.0.1", port: control, path: "/publish/", method: "POST", headers }, (answer) => {
    answer.resume().on("end", () => lines.push(line));
  })
    .on("error", (error) => console.error(`cannot publish to Pushpin: ${error.message}`))
    .end(body);
});
