// What holds of any page as it lies before a reader: nothing asked of the network, nothing complained of, nothing for axe to find, nothing
// wider than the screen, nothing that moves where a reader wants nothing to move. Each check gives what it found, in words.

/** Of a page by itself, once with all folded as it came and once with all unfolded. */
export async function read(page, address, axe) {
  const found = [];
  await page.run(axe);
  for (const unfolded of [false, true]) {
    if (unfolded) await page.run(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
    found.push(...(await page.run(violations)), ...(await page.run(overflow)));
  }
  const asked = page.requests.filter((url) => url !== address);
  found.push(...asked.map((url) => `asks for ${url}`), ...page.complaints.map((said) => `complains: ${said}`));
  return [...new Set(found)];
}

export async function violations() {
  const { violations } = await globalThis.axe.run({ resultTypes: ["violations"] });
  return violations.map(({ id, help, nodes }) => `axe, ${id}: ${help}: ${nodes.length}, as ${nodes[0].html.slice(0, 160)}`);
}

export function overflow() {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.querySelectorAll("body *")].filter(
    (each) => each.getBoundingClientRect().right > width + 1 && !each.parentElement.closest(".scroll, svg"),
  );
  // A long word sticks out of an element that does not.
  const words = [...document.querySelectorAll("body *")].filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0);
  const last = wide.at(-1) ?? words.at(-1);
  return [`wider than its ${width} pixels by ${document.documentElement.scrollWidth - width}: ${last?.outerHTML.slice(0, 120)}`];
}

/** Of a page whose reader wants nothing to move. */
export const motion = (page) =>
  page.run(() => {
    const moves = (style) =>
      [style.transitionDuration, style.animationDuration].some((all) => all.split(",").some((each) => parseFloat(each) > 0)) ||
      style.scrollBehavior === "smooth";
    const moving = [...document.querySelectorAll("*")].filter((each) => moves(getComputedStyle(each)));
    return moving.map((each) => `moves although asked not to: ${each.outerHTML.slice(0, 80)}`).slice(0, 3);
  });

/** Of a page whose styles and scripts are dead. */
export const dead = (page) =>
  page.run(() => {
    const found = [];
    const black = ["rgb(0, 0, 0)", "#000", "black"];
    if (document.styleSheets.length > 0) found.push("a style is alive");
    const controls = document.querySelectorAll("button, input, select, textarea, a.link, [role=application]");
    if (controls.length > 0) found.push(`${controls.length} controls that cannot work, as ${controls[0].outerHTML.slice(0, 80)}`);
    // In order, and to be seen.
    let above = -Infinity;
    for (const each of document.querySelectorAll("main :is(h1, h2, h3, table, figure)")) {
      if (each.closest("details:not([open])")) continue;
      const { top, width, height } = each.getBoundingClientRect();
      const name = each.textContent.trim().slice(0, 40);
      if (!(width > 0 && height > 0)) found.push(`not to be seen: ${name}`);
      if (top < above) found.push(`out of order: ${name}`);
      above = top;
    }
    const parts = (colour) => colour.match(/[\d.]+/gu).map(Number);
    const light = (colour) => {
      const [red, green, blue] = parts(colour).map((each) => (each /= 255) <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const night = matchMedia("(prefers-color-scheme: dark)").matches;
    const paper = night ? "rgb(18, 18, 18)" : "rgb(255, 255, 255)";
    const contrast = (ink) => {
      const [less, more] = [light(ink), light(paper)].sort((a, b) => a - b);
      return (more + 0.05) / (less + 0.05);
    };
    if (contrast(getComputedStyle(document.body).color) < 4.5) found.push("text is not to be told from its ground");
    for (const figure of document.querySelectorAll("main figure")) {
      const name = (figure.closest("section")?.querySelector("h2, h3") ?? figure).textContent.trim().slice(0, 40);
      for (const svg of figure.querySelectorAll(".panel svg")) {
        const painted = new Set();
        for (const each of svg.querySelectorAll("path, rect, circle, polyline, polygon")) {
          const { fill, stroke } = getComputedStyle(each);
          if (fill !== "none") painted.add(fill);
          if (stroke !== "none") painted.add(stroke);
          // What is not said is black.
          if (black.includes(fill) && !each.hasAttribute("fill")) found.push(`${name}: black, for want of a colour: ${each.outerHTML.slice(0, 80)}`);
        }
        const colours = [...painted].filter((each) => !black.includes(each));
        if (colours.length < 2) found.push(`${name}: its picture has no colours but ${[...painted]}`);
        for (const text of svg.querySelectorAll("text")) {
          const { fill } = getComputedStyle(text);
          // On a tile it keeps the tile's.
          if (text.getAttribute("fill") === "currentColor" && contrast(fill) < 4.5) found.push(`${name}: ${text.textContent.trim()} is not to be read`);
        }
      }
    }
    return [...new Set(found)];
  });
