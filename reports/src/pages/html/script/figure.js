// @ts-check
// Figures that are read point by point: each is one tab stop, within which arrow keys move. A point that is reached so, or pointed at,
// shows its value, its interval, and the runs that it was made from; screen readers are told as they come to it.

/** A place in a figure: a panel, a column of points one above the other, one of these. @typedef {[number, number, number]} Place */

/** @param {Element} point */
const x = (point) => Number(point.getAttribute("cx"));
/** @param {Element} point */
const y = (point) => Number(point.getAttribute("cy"));
/** Whose it is, as what it is named by begins. @param {SVGElement | undefined} point */
const who = (point) => point?.dataset.of?.split(",")[0];

/**
 * A panel's points by where they stand: columns from left to right, each from top to bottom.
 * @param {SVGElement[]} points
 */
function columns(points) {
  const sorted = [...points].sort((one, other) => x(one) - x(other) || y(one) - y(other));
  /** @type {SVGElement[][]} */
  const all = [];
  for (const point of sorted) {
    const last = all.at(-1);
    if (last?.[0] && x(last[0]) === x(point)) last.push(point);
    else all.push([point]);
  }
  return all;
}

/** What a point shows. @param {SVGElement} point */
function shown(point) {
  const { of = "", value = "", interval, note, runs } = point.dataset;
  const line = (/** @type {string} */ name, /** @type {string} */ text) => {
    const element = document.createElement(name);
    element.textContent = text;
    return element;
  };
  const what = `${value}${interval ? ` (${interval})` : ""}${note ? `, ${note}` : ""}`;
  const all = runs ? runs.split(", ") : [];
  // A ratio is of two runs.
  const each = all.length > 1 ? [" ", line("small", `${all.length} ${value.endsWith("×") ? "pairs" : "runs"}: ${runs}`)] : [];
  return [line("span", `${of}:`), " ", line("strong", what), ...each];
}

/** @param {HTMLElement} figure */
function makeReadable(figure) {
  const all = /** @type {SVGElement[]} */ ([...figure.querySelectorAll("svg .tip[data-value]")]);
  const area = figure.querySelector(".panels") ?? figure;
  if (all.length === 0 || !(area instanceof HTMLElement)) return;
  const panels = [...figure.querySelectorAll("svg")].map((svg) => columns(all.filter((point) => svg.contains(point))));
  const drawn = panels.filter((panel) => panel.length > 0);
  const box = document.createElement("p");
  box.className = "point";
  box.setAttribute("role", "status");
  area.append(box);
  area.classList.add("readable");
  area.tabIndex = 0;
  area.setAttribute("role", "application");
  const heading = figure.closest("section, details")?.querySelector("h2, h3, summary");
  area.ariaLabel = `${heading?.textContent?.trim() ?? "Figure"}: ${all.length} points. Arrow keys move between them.`;
  // The pointer has the box instead.
  for (const point of all) point.querySelector("title")?.remove();

  /** Where the keys are. @type {Place} */
  let place = [0, 0, 0];
  /** What is shown. @type {SVGElement | null} */
  let current = null;

  /** @param {Place} at */
  const at = ([panel, column, row]) => drawn[panel]?.[column]?.[row];

  const hide = () => {
    current?.classList.remove("current");
    current = null;
    box.replaceChildren();
  };

  /** @param {SVGElement | undefined} point */
  const show = (point) => {
    if (!point || point === current) return;
    hide();
    current = point;
    point.classList.add("current");
    box.replaceChildren(...shown(point));
    // Beside the point, near enough for a pointer to pass over, within the figure.
    const [frame, mark, own] = [area.getBoundingClientRect(), point.getBoundingClientRect(), box.getBoundingClientRect()];
    const [middle, above] = [(mark.left + mark.right) / 2 - frame.left, mark.top - frame.top - own.height];
    box.style.left = `${Math.max(0, Math.min(middle - own.width / 2, frame.width - own.width))}px`;
    box.style.top = `${above >= 0 ? above : mark.bottom - frame.top}px`;
  };

  /** Along x, from panel to panel at the ends, as near as may be to the same who. @param {1 | -1} by @returns {Place} */
  const along = (by) => {
    const [panel, column] = place;
    const inside = drawn[panel]?.[column + by] !== undefined;
    const next = inside ? panel : panel + by;
    const columns = drawn[next];
    if (!columns) return place;
    const to = inside ? column + by : by > 0 ? 0 : columns.length - 1;
    const same = (columns[to] ?? []).findIndex((point) => who(point) === who(at(place)));
    return [next, to, Math.max(same, 0)];
  };

  /** Within a column. @param {1 | -1} by @returns {Place} */
  const across = (by) => {
    const [panel, column, row] = place;
    return at([panel, column, row + by]) ? [panel, column, row + by] : place;
  };

  /** @type {Record<string, () => Place>} */
  const keys = {
    ArrowRight: () => along(1),
    ArrowLeft: () => along(-1),
    ArrowDown: () => across(1),
    ArrowUp: () => across(-1),
    Home: () => [0, 0, 0],
    End: () => [drawn.length - 1, (drawn.at(-1)?.length ?? 1) - 1, 0],
  };

  /** @param {Element} point @returns {Place} */
  const placeOf = (point) => {
    for (const [panel, columns] of drawn.entries()) {
      for (const [column, points] of columns.entries()) {
        const row = points.findIndex((known) => known === point);
        if (row >= 0) return [panel, column, row];
      }
    }
    return place;
  };

  area.addEventListener("keydown", (event) => {
    if (event.target !== area || event.altKey || event.ctrlKey || event.metaKey) return;
    const move = keys[event.key];
    if (event.key === "Escape") hide();
    if (!move) return;
    event.preventDefault();
    place = move();
    show(at(place));
  });
  area.addEventListener("focus", () => show(at(place)));
  area.addEventListener("blur", hide);
  const pointed = (/** @type {Event} */ event) => (event.target instanceof Element ? event.target.closest(".tip") : null);
  area.addEventListener("pointerdown", (event) => {
    const point = pointed(event);
    if (point) place = placeOf(point);
    show(at(place));
  });
  area.addEventListener("pointerover", (event) => {
    const point = pointed(event);
    if (point) show(/** @type {SVGElement} */ (point));
    else if (!(event.target instanceof Node && box.contains(event.target)) && document.activeElement !== area) hide();
  });
  area.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "mouse") return;
    if (document.activeElement === area) show(at(place));
    else hide();
  });
}

for (const figure of document.querySelectorAll("figure")) makeReadable(figure);
