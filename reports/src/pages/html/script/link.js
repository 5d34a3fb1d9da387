// @ts-check
// Links to any section, figure and table of the page, and to a table as it is sorted: #ID, or #ID&sort=COLUMN,ORDER with columns counted
// from 1. What the address names is opened if it is folded away.

/** What can be linked to: what has an address and a name. */
const TARGETS = "main :is(h2, h3)[id]:not(li *), main figure[id], main .scroll[id]";

/** What a target is called: a heading by its own words. @param {Element} target */
function name(target) {
  const named = target.matches("figure") ? (target.querySelector("figcaption") ?? target) : target;
  const words = [...named.childNodes].filter((node) => node instanceof Text).map((node) => node.textContent);
  return (target.ariaLabel || words.join("")).trim();
}

/** @param {Element} target */
const headings = (target) => [...target.querySelectorAll("thead th")].filter((head) => head instanceof HTMLTableCellElement);

/** A target's address, with the order that its table is in. @param {Element} target */
function address(target) {
  const heads = target.matches(".scroll") ? headings(target) : [];
  const sorted = heads.findIndex((head) => (head.ariaSort ?? "none") !== "none");
  return `#${encodeURIComponent(target.id)}${sorted < 0 ? "" : `&sort=${sorted + 1},${heads[sorted]?.ariaSort}`}`;
}

/** Puts a table in an order, as a reader would. @param {Element} target @param {string} asked */
function sort(target, asked) {
  const [column, order] = asked.split(",");
  const head = headings(target)[Number(column) - 1];
  const button = head?.querySelector("button");
  for (let press = 0; button && head && head.ariaSort !== order && press < 2; press += 1) button.click();
}

/** Goes where the address says. */
function follow() {
  const [id = "", ...rest] = location.hash.slice(1).split("&");
  let named = id;
  try {
    named = decodeURIComponent(id);
  } catch {
    // A stray per cent sign names itself.
  }
  const target = document.getElementById(named);
  if (!target) return;
  for (let folded = target.closest("details"); folded; folded = folded.parentElement?.closest("details") ?? null) folded.open = true;
  for (const part of rest) if (part.startsWith("sort=")) sort(target, part.slice("sort=".length));
  target.scrollIntoView();
}

/** @param {Element} target */
function makeLinkable(target) {
  const link = document.createElement("a");
  link.className = "link";
  link.href = address(target);
  link.textContent = "#";
  link.ariaLabel = `Link to ${name(target)}`;
  const said = document.createElement("span");
  said.className = "said";
  said.setAttribute("role", "status");
  link.addEventListener("click", async (event) => {
    // It leads to where the reader is; focus stays.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.replaceState(null, "", link.href);
    try {
      await navigator.clipboard.writeText(link.href);
      said.textContent = "Link copied";
    } catch {
      said.textContent = "Link is in the address bar";
    }
  });
  link.addEventListener("blur", () => said.replaceChildren());
  target.addEventListener("sorted", () => {
    link.href = address(target);
    if (location.hash.slice(1).split("&")[0] === encodeURIComponent(target.id)) history.replaceState(null, "", link.href);
  });
  if (target.matches("figure")) (target.querySelector("figcaption") ?? target).append(" ", link, said);
  else if (target.matches(".scroll")) target.before(link, said);
  else (target.closest("summary") ?? target).after(link, said);
}

for (const target of document.querySelectorAll(TARGETS)) makeLinkable(target);
addEventListener("hashchange", follow);
follow();
