// A page's first screen by day and by night: node picture.mjs CHROMIUM PAGE FOLDER.

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { Browser } from "./browser.mjs";

/** As wide as GitHub shows a README, and half as high again as it is seen at once; pixels. */
const LOOK = { width: 960, height: 930 };
/** What a picture may weigh, bytes. */
const MOST = 250_000;

const [program, page, folder] = process.argv.slice(2);
const browser = new Browser(program);
try {
  for (const scheme of ["light", "dark"]) {
    const file = `${folder}/report-${scheme}.png`;
    const opened = await browser.open(pathToFileURL(resolve(page)).href, { ...LOOK, scheme });
    await opened.shoot(file);
    await opened.close();
    const { size } = statSync(file);
    console.log(`${file}: ${size} bytes`);
    if (size > MOST) {
      console.error(`picture: ${file} has more than ${MOST} bytes; make LOOK in scripts/pages.d/picture.mjs smaller`);
      process.exitCode = 1;
    }
  }
} finally {
  await browser.close();
}
