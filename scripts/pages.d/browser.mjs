// A headless Chromium, driven over a pipe by its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How long an answer may take, milliseconds. */
const PATIENCE_MS = 60_000;

/** A browser with a profile of its own; `close` ends it. */
export class Browser {
  #asked = new Map();
  #pages = new Map();
  #said = "";
  #id = 0;

  /** `more`: flags besides those that any page is opened with. */
  constructor(program, more = []) {
    this.profile = mkdtempSync(join(tmpdir(), "pages-"));
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"];
    const quiet = ["--no-first-run", "--disable-component-update", "--disable-extensions", "--remote-debugging-pipe"];
    const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"];
    this.process = spawn(program, [...flags, ...quiet, ...more, `--user-data-dir=${this.profile}`, "about:blank"], { stdio, detached: true });
    this.ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.ended.then(() => this.#asked.forEach(({ reject }) => reject(new Error("the browser ended"))));
    this.process.stdio[4].setEncoding("utf8").on("data", (text) => this.#read(text));
    this.process.stdio[3].on("error", () => {});
  }

  #read(text) {
    const messages = (this.#said + text).split("\0");
    this.#said = messages.pop();
    for (const message of messages.map((each) => JSON.parse(each))) {
      const asked = this.#asked.get(message.id);
      this.#asked.delete(message.id);
      if (!asked) this.#pages.get(message.sessionId)?.(message);
      else if (message.error) asked.reject(new Error(`${asked.method}: ${message.error.message}`));
      else asked.resolve(message.result);
    }
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.#id;
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { promise, resolve, reject } = deferred();
    const late = setTimeout(() => reject(new Error(`${method}: no answer`)), PATIENCE_MS);
    this.#asked.set(id, { method, resolve, reject });
    return promise.finally(() => clearTimeout(late));
  }

  /** Opens an address. `look`: width, scheme (light or dark), motion (reduce or no-preference), before (a script that runs before any of the page's). */
  async open(address, look = {}) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page((method, params) => this.send(method, params, sessionId), targetId, this);
    this.#pages.set(sessionId, (message) => page.hear(message));
    await page.go(address, look);
    return page;
  }

  async close() {
    this.send("Browser.close").catch(() => {});
    await this.#gone();
  }

  /** Kills all of its processes: where only the first is, the one with its sockets still says goodbye for it. */
  async kill() {
    process.kill(-this.process.pid, "SIGKILL");
    await this.#gone();
  }

  async #gone() {
    await this.ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A page, with what it asked of the network and what it complained of. */
export class Page {
  requests = [];
  complaints = [];
  #waits = new Map();

  constructor(send, targetId, browser) {
    Object.assign(this, { send, targetId, browser });
  }

  hear({ method, params }) {
    if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
    if (method === "Runtime.exceptionThrown") this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === "Runtime.consoleAPICalled") this.complaints.push(params.args.map((each) => each.value ?? each.description).join(" "));
    if (method === "Log.entryAdded") this.complaints.push(params.entry.text);
    this.#waits.get(method)?.(params);
  }

  heard(method) {
    const { promise, resolve } = deferred();
    this.#waits.set(method, resolve);
    return promise;
  }

  async go(address, { width = 1280, height = 900, scheme = "light", motion = "no-preference", scale = 1, before }) {
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await this.send(`${domain}.enable`);
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: scale, mobile: false });
    const features = [{ name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: motion }];
    await this.send("Emulation.setEmulatedMedia", { features });
    if (before) await this.send("Page.addScriptToEvaluateOnNewDocument", { source: before });
    const loaded = this.heard("Page.loadEventFired");
    const { errorText } = await this.send("Page.navigate", { url: address });
    if (errorText) throw new Error(`${address}: ${errorText}`);
    await loaded;
  }

  /** What a function gives in the page; it is sent as text, and knows nothing but its arguments. */
  async run(what, ...given) {
    const expression = typeof what === "string" ? what : `(${what})(...${JSON.stringify(given)})`;
    const asked = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", asked);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async press(key) {
    const code = { Enter: 13, Tab: 9, Escape: 27, End: 35, Home: 36, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 }[key];
    const event = { key, code: key, windowsVirtualKeyCode: code };
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...event, ...(key === "Enter" && { text: "\r" }) });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  async point(x, y) {
    await this.send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y });
  }

  /** Writes what is to be seen to a file: the first screen, or all of it. */
  async shoot(path, { whole = false } = {}) {
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: whole });
    writeFileSync(path, Buffer.from(data, "base64"));
  }

  async print(path) {
    const { data } = await this.send("Page.printToPDF", { printBackground: false });
    writeFileSync(path, Buffer.from(data, "base64"));
  }

  async close() {
    await this.browser.send("Target.closeTarget", { targetId: this.targetId });
  }
}

function deferred() {
  const all = {};
  all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject }));
  return all;
}
