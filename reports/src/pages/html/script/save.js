// @ts-check
// Takes away what the page carries and shows: its files, a table as Markdown, a figure as SVG, all of it on paper.

/**
 * A button that says for a moment that it has done what it says.
 * @param {string} name
 * @param {string} of what, for whoever hears of it out of place
 * @param {() => unknown} act
 */
function button(name, of, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "act";
  made.textContent = name;
  made.title = of;
  made.addEventListener("click", async () => {
    try {
      await act();
      made.textContent = "Done";
    } catch (error) {
      made.textContent = `Failed: ${error}`;
    }
    setTimeout(() => (made.textContent = name), 2000);
  });
  return made;
}

/**
 * @param {string} name
 * @param {Blob} content
 */
function save(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // A browser takes its time to begin.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * A file as it was before it was packed.
 * @param {string} base64
 */
function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).blob();
}

/**
 * A table as Markdown, a row a line.
 * @param {HTMLTableElement} table
 */
function markdown(table) {
  const rows = [...table.rows].map((row) =>
    [...row.cells].flatMap((cell) => [wordsOf(cell), ...Array(cell.colSpan - 1).fill("")]));
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(" | ")} |`;
  const rule = [...(table.rows[0]?.cells ?? [])].map((cell) => (cell.classList.contains("number") ? "---:" : "---"));
  return [...rows.slice(0, 1), rule, ...rows.slice(1)].map(line).join("\n") + "\n";
}

/**
 * The words of a cell, those of its parts set apart.
 * @param {Element} cell
 */
function wordsOf(cell) {
  const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  const parts = [];
  while (walk.nextNode()) parts.push(walk.currentNode.textContent ?? "");
  return parts.join(" ").replace(/\s+/g, " ").trim().replaceAll("|", "\\|");
}

/**
 * A figure as one picture that stands alone, as it is seen: key, titles and panels, with the colours of now.
 * @param {Element} figure
 */
function picture(figure) {
  const parts = [...figure.querySelectorAll(":scope > .legend, :scope > .panels")];
  const boxes = parts.map((part) => part.getBoundingClientRect());
  const left = Math.min(...boxes.map((box) => box.left)) - 8, top = Math.min(...boxes.map((box) => box.top)) - 8;
  const width = Math.max(...boxes.map((box) => box.right)) + 8 - left;
  const height = Math.max(...boxes.map((box) => box.bottom)) + 8 - top;
  const space = figure.querySelector("svg")?.namespaceURI ?? "";
  /**
   * @param {string} name
   * @param {Record<string, string | number>} attributes
   */
  const element = (name, attributes) => {
    const made = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    return made;
  };
  /** @param {DOMRect} box */
  const place = (box) => ({ x: box.left - left, y: box.top - top, width: box.width, height: box.height });

  const { fontFamily } = getComputedStyle(figure);
  const svg = element("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "font-family": fontFamily });
  svg.append(element("rect", { width, height, fill: getComputedStyle(document.body).backgroundColor }));
  for (const panel of figure.querySelectorAll(".panel")) {
    const fill = getComputedStyle(panel).backgroundColor;
    svg.append(element("rect", { ...place(panel.getBoundingClientRect()), fill }));
  }
  for (const one of figure.querySelectorAll("svg")) {
    const copy = coloured(one);
    for (const [key, value] of Object.entries(place(one.getBoundingClientRect()))) copy.setAttribute(key, String(value));
    svg.append(copy);
  }
  for (const { words, box, style } of parts.flatMap(linesOf)) {
    const [x, y] = [box.left - left, box.top - top + 0.78 * box.height];
    const { fontSize, fontWeight, color } = style;
    const text = element("text", { x, y, "font-size": fontSize, "font-weight": fontWeight, fill: color });
    text.textContent = words.join(" ");
    svg.append(text);
  }
  return new XMLSerializer().serializeToString(svg);
}

/**
 * A copy whose colours are numbers, without what only answers a pointer.
 * @param {SVGSVGElement} svg
 */
function coloured(svg) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const all = [...svg.querySelectorAll("*")];
  for (const [index, part] of [...copy.querySelectorAll("*")].entries()) {
    const style = getComputedStyle(all[index] ?? svg);
    if (part.matches(".tip") || style.display === "none") part.remove();
    if (!(part instanceof SVGGraphicsElement)) continue;
    for (const paint of ["fill", "stroke"]) {
      const colour = style.getPropertyValue(paint);
      part.setAttribute(paint, colour === "rgba(0, 0, 0, 0)" ? "none" : colour);
    }
  }
  return copy;
}

/**
 * The lines of HTML's words as they are broken now.
 * @param {Element} within
 */
function linesOf(within) {
  /** @type {{ words: string[], box: DOMRect, style: CSSStyleDeclaration }[]} */
  const lines = [];
  const walk = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const parent = node.parentElement;
    // What a script shows beside a point is no part of the figure.
    if (!parent || parent.closest("svg, button, [role=status]")) continue;
    const style = getComputedStyle(parent);
    /** @type {{ words: string[], box: DOMRect, style: CSSStyleDeclaration } | undefined} */
    let line;
    for (const { 0: word, index } of (node.textContent ?? "").matchAll(/\S+/g)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const box = range.getBoundingClientRect();
      if (line?.box.top === box.top) line.words.push(word);
      else lines.push((line = { words: [word], box, style }));
    }
  }
  return lines;
}

const bar = document.createElement("p");
bar.className = "acts";
if ("DecompressionStream" in window) {
  for (const file of document.querySelectorAll("script[data-file]")) {
    const name = file.getAttribute("data-file") ?? "";
    bar.append(button(`Save ${name}`, "a file that this page carries", async () =>
      save(name, await unpacked(file.textContent ?? ""))));
  }
}
bar.append(button("Print", "this page", () => print()));
document.querySelector("main header")?.append(bar);

for (const table of document.querySelectorAll("table")) {
  const frame = table.closest(".scroll") ?? table;
  const name = frame.getAttribute("aria-label") ?? "this table";
  // Where a page may not write to the clipboard there is a file.
  frame.after(navigator.clipboard
    ? button("Copy as Markdown", name, () => navigator.clipboard.writeText(markdown(table)))
    : button("Save as Markdown", name, () => save("table.md", new Blob([markdown(table)], { type: "text/markdown" }))));
}

for (const figure of document.querySelectorAll("figure:has(svg)")) {
  const name = figure.closest("section")?.getAttribute("aria-labelledby") ?? "figure";
  figure.after(button("Save as SVG", name, () =>
    save(`${name}.svg`, new Blob([picture(figure)], { type: "image/svg+xml" }))));
}
