// Judges pages in a browser: node check.mjs CHROMIUM INSTALLED OUT NAME=PAGE.. with INSTALLED the folder that has axe-core, and OUT the one that
// screenshots go to. Status 1 if anything is found.

import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { Browser } from "./browser.mjs";
import { controls } from "./controls.mjs";
import { dead, motion, read } from "./reading.mjs";
import { saving } from "./saving.mjs";

/** What Jenkins serves reports under unless it is told otherwise: scripts and styles within the page are dead. */
const JENKINS = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self'";
const SCHEMES = ["light", "dark"];
const WIDTHS = [1280, 360];
/** As many findings of a check as are said. */
const SAID = 8;

const [program, installed, out, ...named] = process.argv.slice(2);
const axe = readFileSync(`${installed}/node_modules/axe-core/axe.min.js`, "utf8");
const pages = named.map((each) => each.split("=")).map(([name, path]) => ({ name, path: resolve(path) }));

const jenkins = createServer((request, response) => {
  const page = pages.find(({ name }) => request.url === `/${name}`);
  response.writeHead(page ? 200 : 404, { "content-type": "text/html; charset=utf-8", "content-security-policy": JENKINS });
  response.end(page ? readFileSync(page.path) : "");
});
await new Promise((ready) => jenkins.listen(0, "127.0.0.1", ready));

const browser = new Browser(program);
let count = 0;

/** Opens a page, has it judged, and says what was found. */
async function judge(what, address, look, check) {
  const page = await browser.open(address, look);
  const found = await check(page);
  await page.close();
  count += found.length;
  console.log(`${found.length === 0 ? "ok   " : "FOUND"} ${what}`);
  for (const each of found.slice(0, SAID)) console.log(`      ${each}`);
  if (found.length > SAID) console.log(`      and ${found.length - SAID} more`);
}

try {
  for (const { name, path } of pages) {
    console.log(`${name}: ${Math.round(statSync(path).size / 1000)} kB, ${path}`);
    const address = pathToFileURL(path).href;
    for (const scheme of SCHEMES) {
      for (const width of WIDTHS) {
        const shot = `${out}/${name}-${scheme}-${width}`;
        await judge(`${name}, ${scheme}, ${width} wide: axe, requests, console, overflow`, address, { scheme, width }, async (page) => {
          await page.shoot(`${shot}.png`);
          await page.shoot(`${shot}-whole.png`, { whole: true });
          if (scheme === "light" && width === 1280) await page.print(`${out}/${name}.pdf`);
          return read(page, address, axe);
        });
      }
      const served = `http://127.0.0.1:${jenkins.address().port}/${name}`;
      await judge(`${name}, ${scheme}, under Jenkins' header`, served, { scheme }, async (page) => {
        await page.shoot(`${out}/${name}-${scheme}-jenkins.png`);
        await page.shoot(`${out}/${name}-${scheme}-jenkins-whole.png`, { whole: true });
        // Its icon the browser asks for by itself.
        const asked = page.requests.filter((url) => url !== served && !url.endsWith("/favicon.ico"));
        return [...(await dead(page)), ...asked.map((url) => `asks for ${url}`)];
      });
    }
    await judge(`${name}: nothing moves where nothing is to`, address, { motion: "reduce" }, motion);
    for (const width of WIDTHS) await judge(`${name}, ${width} wide: sorting, points, links`, address, { width }, controls);
    // Those that lie beside it.
    const files = ["manifest.json", "runs.jsonl", "runs.csv"].map((file) => [file, join(dirname(path), file)]);
    const beside = files.filter(([, file]) => existsSync(file)).map(([file, at]) => [file, readFileSync(at, "utf8")]);
    for (const scheme of SCHEMES) {
      await judge(`${name}, ${scheme}: what can be taken away`, address, { scheme }, (page) => saving(page, Object.fromEntries(beside)));
    }
  }
} finally {
  await browser.close();
  jenkins.close();
}
console.log(count === 0 ? `nothing was found in ${pages.length} pages; screenshots are in ${out}` : `${count} were found`);
process.exitCode = count === 0 ? 0 : 1;
