// @ts-check
// Tables that can be sorted: a button in each column's heading.
//
// What is sorted are rows, or groups of rows (a <tbody> each) where a table has several: a group goes where its ratio does, or else its
// first row. A column is of numbers if its heading says so (class "number"), else of words. A cell's data-sort goes before its text. What
// has no number comes last, whichever way. A third press brings back the order in which the table came.

/** @typedef {"ascending" | "descending" | "none"} Order */

/** @type {Record<string, Order>} */
const AFTER = { none: "ascending", ascending: "descending", descending: "none" };
/** A number, perhaps "from–to", whatever its sign, bound or unit. */
const NUMBER = /^[^\d–-]{0,3}([-−]?[\d,]*\.?\d+)(?:–([-−]?[\d,]*\.?\d+))?/u;
const words = new Intl.Collator("en", { numeric: true });

/** @param {string} digits */
const plain = (digits) => digits.replace(/(\d),(?=\d{3})/gu, "$1").replace("−", "-");

/**
 * A cell's number; an interval's is its middle.
 * @param {string} text
 * @returns {number}
 */
function number(text) {
  const [, from, to] = NUMBER.exec(text) ?? [];
  if (from === undefined) return NaN;
  return to === undefined ? Number(plain(from)) : (Number(plain(from)) + Number(plain(to))) / 2;
}

/**
 * What a cell says by itself: not what stands under it in small print.
 * @param {Element | undefined} cell
 * @returns {string}
 */
function said(cell) {
  if (!(cell instanceof HTMLElement)) return "";
  if (cell.dataset.sort !== undefined) return cell.dataset.sort;
  const own = /** @type {HTMLElement} */ (cell.cloneNode(true));
  for (const small of own.querySelectorAll("small")) small.remove();
  return (own.textContent ?? "").trim();
}

/**
 * What a row or a group of rows is sorted by.
 * @param {HTMLElement} part
 * @param {number} column
 * @param {boolean} isNumber
 */
function key(part, column, isNumber) {
  const rows = part instanceof HTMLTableRowElement ? [part] : [...part.querySelectorAll("tr")];
  const full = rows.filter((row) => row.cells.length > column);
  const row = full.find((row) => row.classList.contains("ratio")) ?? full[0];
  if (isNumber) return number(said(row?.cells[column]));
  return plain(said((column === 0 ? rows[0] : row)?.cells[column]));
}

/**
 * @param {string | number} one
 * @param {string | number} other
 * @param {Order} order
 */
function compare(one, other, order) {
  const sign = order === "descending" ? -1 : 1;
  if (typeof one === "string" || typeof other === "string") return sign * words.compare(String(one), String(other));
  if (Number.isNaN(one) || Number.isNaN(other)) return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
  return sign * (one - other);
}

/** @param {HTMLTableElement} table */
function makeSortable(table) {
  const bodies = [...table.tBodies];
  // A group that is alone has a heading, too, which is no row to be moved.
  const isGrouped = bodies.length > 1 || table.querySelector("[scope=rowgroup]") !== null;
  /** @type {HTMLElement[]} */
  const parts = isGrouped ? bodies : [...(bodies[0]?.rows ?? [])];
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  // One with an empty corner is read both ways, and has no order of rows to lose.
  const isPlain = table.tHead?.rows.length === 1 && heads.every((head) => head.tagName === "TH" && head.colSpan === 1);
  if (parts.length < 2 || !isPlain) return;
  const parent = isGrouped ? table : bodies[0];
  for (const [column, head] of heads.entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    head.ariaSort = "none";
    button.addEventListener("click", () => {
      const order = AFTER[head.ariaSort ?? "none"] ?? "ascending";
      const isNumber = head.classList.contains("number");
      const keyed = parts.map((part) => ({ part, key: key(part, column, isNumber) }));
      if (order !== "none") keyed.sort((one, other) => compare(one.key, other.key, order));
      for (const { part } of keyed) parent?.append(part);
      for (const other of heads) other.ariaSort = other === head ? order : "none";
      table.dispatchEvent(new CustomEvent("sorted", { bubbles: true }));
    });
  }
}

for (const table of document.querySelectorAll("table")) makeSortable(table);
