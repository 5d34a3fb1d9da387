// @ts-check
// For your service: three fields, and what this sweep's fitted costs come to for them. Nothing is fitted here.

/**
 * @typedef {"one" | "clients" | "per-client" | "per-rate" | "bytes"} Term
 * @typedef {{clients: number, rate_hz: number, bytes: number}} Asked
 * @typedef {{offset: number, terms: Term[], coefficients: number[], spread: [number, number[][]] | null}} Cost
 * @typedef {{place: string, who: string, measured: [Asked, Asked], cpu_us: Cost | null, user_kib: Cost | null,
 *            kernel_kib: Cost | null, bytes_more: Cost | null}} Offer
 * @typedef {{value: number, reach: number | null}} Estimate
 */

const DELIVERIES_PER_S = (/** @type {Asked} */ asked) => asked.clients * asked.rate_hz;
const US_PER_S = 1e6;
const KIB_PER_MIB = 1024;
const BITS_PER_MEGABIT = 1e6 / 8;
const MONTH_S = 30 * 86_400;
const BYTES_PER_GB = 1e9;

/** @type {Record<Term, (asked: Asked) => number>} */
const TERMS = {
  one: () => 1,
  clients: (asked) => asked.clients,
  "per-client": (asked) => 1 / asked.clients,
  "per-rate": (asked) => 1 / asked.rate_hz,
  bytes: (asked) => asked.bytes,
};

/** @type {[keyof Asked, string, string][]} */
const FIELDS = [
  ["clients", "clients", "1"],
  ["rate_hz", "updates a second to each", "any"],
  ["bytes", "bytes of an update", "1"],
];

/** @type {[string, (offer: Offer, asked: Asked) => Estimate | null][]} */
const COLUMNS = [
  ["server cores", (offer, asked) => scaled(at(offer.cpu_us, asked), DELIVERIES_PER_S(asked) / US_PER_S)],
  ["server memory, MiB", (offer, asked) => scaled(at(offer.user_kib, asked), 1 / KIB_PER_MIB)],
  ["kernel memory, MiB", (offer, asked) => scaled(at(offer.kernel_kib, asked), 1 / KIB_PER_MIB)],
  ["Mbit/s", (offer, asked) => scaled(bytes(offer, asked), DELIVERIES_PER_S(asked) / BITS_PER_MEGABIT)],
  ["GB in 30 days", (offer, asked) => scaled(bytes(offer, asked), (DELIVERIES_PER_S(asked) * MONTH_S) / BYTES_PER_GB)],
];

/**
 * What a cost comes to, and how far the 95% interval of one more run reaches.
 * @param {Cost | null} cost
 * @param {Asked} asked
 * @returns {Estimate | null}
 */
function at(cost, asked) {
  if (!cost) return null;
  const terms = cost.terms.map((term) => TERMS[term](asked));
  const sum = (/** @type {number[]} */ row) => row.reduce((all, each, place) => all + each * (terms[place] ?? 0), 0);
  const value = cost.offset + sum(cost.coefficients);
  if (!cost.spread) return { value, reach: null };
  const [one, form] = cost.spread;
  return { value, reach: Math.sqrt(Math.max(0, one + sum(form.map(sum)))) };
}

/**
 * Bytes a delivery, those of the update included.
 * @param {Offer} offer
 * @param {Asked} asked
 */
function bytes(offer, asked) {
  const more = at(offer.bytes_more, asked);
  return more && { value: more.value + asked.bytes, reach: more.reach };
}

/**
 * @param {Estimate | null} estimate
 * @param {number} by
 */
function scaled(estimate, by) {
  return estimate && { value: estimate.value * by, reach: estimate.reach === null ? null : estimate.reach * by };
}

const PLAIN = new Intl.NumberFormat("en-US");

/** @param {number} value */
function number(value) {
  if (value === 0) return "0";
  const digits = value >= 1000 ? { maximumFractionDigits: 0 } : { minimumSignificantDigits: 3, maximumSignificantDigits: 3 };
  return new Intl.NumberFormat("en-US", digits).format(value);
}

/**
 * Which of what is asked lies outside of what was measured, in words; empty if nothing does.
 * @param {Offer} offer
 * @param {Asked} asked
 */
function outside({ measured: [least, most] }, asked) {
  const said = FIELDS.filter(([key]) => asked[key] < least[key] || asked[key] > most[key]).map(([key, name]) => {
    const range = least[key] < most[key] ? `${PLAIN.format(least[key])} to ${PLAIN.format(most[key])}` : `${PLAIN.format(least[key])} only`;
    return `${name} (${range})`;
  });
  return said.length === 0 ? "" : `outside what was measured: ${said.join(", ")}`;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * A row's cells for what is asked. The row itself stays, for others may have put rows in an order.
 * @param {Offer} offer
 * @param {Asked} asked
 */
function cells(offer, asked) {
  const estimates = COLUMNS.map(([, of]) => {
    const estimate = of(offer, asked);
    if (!estimate) return element("td", { class: "number" }, "not stated");
    const { value, reach } = estimate;
    const interval = reach === null ? "no interval" : `${number(Math.max(0, value - reach))}–${number(value + reach)}`;
    return element("td", { class: "number" }, number(value), element("small", {}, interval));
  });
  const name = [offer.place, offer.who].filter((part) => part !== "").join(", ");
  const where = outside(offer, asked);
  return [element("th", { scope: "row" }, name, ...(where ? [element("small", { class: "outside" }, where)] : [])), ...estimates];
}

/**
 * A field of what is asked.
 * @param {string} step
 * @param {number} value
 */
const field = (step, value) =>
  element("input", { type: "number", min: step === "any" ? "0" : "1", step, value: String(value), inputmode: "decimal" });

/**
 * @param {{asked: Asked, offers: Offer[]}} data
 * @param {HTMLElement} place
 */
function ask({ asked, offers }, place) {
  const fields = FIELDS.map(([key, name, step]) => ({ key, name, input: field(step, asked[key]) }));
  const said = element("p", { role: "status" });
  const heads = COLUMNS.map(([name]) => element("th", { scope: "col", class: "number" }, name));
  const rows = offers.map((offer) => ({ offer, row: element("tr") }));
  const body = element("tbody", {}, ...rows.map(({ row }) => row));
  const head = element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "transport"), ...heads));
  const region = { class: "scroll", id: "costs-of-your-service-table", role: "region", "aria-label": "Costs of your service: table", tabindex: "0" };
  const scroll = element("div", region, element("table", { class: "comparison" }, head, body));
  const show = () => {
    const now = { ...asked };
    for (const { key, input } of fields) now[key] = input.valueAsNumber;
    const isAsked = fields.every(({ key }) => now[key] > 0);
    scroll.hidden = !isAsked;
    if (!isAsked) {
      said.textContent = "Each of the three has to be more than nought.";
      return;
    }
    const [clients, rate, bytes] = [now.clients, now.rate_hz, now.bytes].map((value) => PLAIN.format(value));
    said.textContent = `${clients} clients, ${rate} updates a second of ${bytes} B to each: by this sweep’s costs, and in which 95% interval another run would lie.`;
    for (const { offer, row } of rows) row.replaceChildren(...cells(offer, now));
  };
  for (const { input } of fields) input.addEventListener("input", show);
  place.replaceChildren(element("div", { class: "fields" }, ...fields.map(({ name, input }) => element("label", {}, name, input))), said, scroll);
  show();
}

const data = document.getElementById("service-costs");
const place = document.getElementById("service-asked");
if (data && place) ask(JSON.parse(data.textContent ?? ""), place);
