// What a page can do beyond being read: tables are sorted, points are read, links lead where they say. Each check gives what it found.

/** Every table that can be sorted, by every column. */
async function sorting(page) {
  const found = await page.run(() => {
    const found = [];
    const tables = [...document.querySelectorAll("table")].filter((table) => table.querySelector("button.sort"));
    if (tables.length === 0 && [...document.querySelectorAll("table")].some((table) => table.tBodies[0]?.rows.length > 1)) {
      found.push("no table can be sorted");
    }
    for (const table of tables) {
      const order = () => (table.tBodies.length > 1 ? [...table.tBodies] : [...table.tBodies[0].rows]);
      const original = order();
      for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
        const name = `${table.closest("[aria-label]")?.ariaLabel}, ${head.textContent}`;
        for (const asked of ["ascending", "descending", "none"]) {
          head.querySelector("button").click();
          if (head.ariaSort !== asked) found.push(`${name}: aria-sort is ${head.ariaSort} instead of ${asked}`);
          const now = order();
          if (new Set(now).size !== original.length || now.length !== original.length) found.push(`${name}: rows were lost`);
          if (asked === "none" && now.some((row, place) => row !== original[place])) found.push(`${name}: the order does not come back`);
          if (table.tBodies.length > 1 || !head.classList.contains("number")) continue;
          // By itself, that it may not be wrong in the same way.
          const texts = now.map((row) => row.cells[column].innerText.split("\n")[0].replaceAll(",", ""));
          const values = texts.map((text) => parseFloat(text.match(/[-\d.]+/u)?.[0] ?? "")).filter((value) => !Number.isNaN(value));
          const sign = { ascending: 1, descending: -1, none: 0 }[asked];
          if (!texts.some((text) => text.includes("–")) && values.some((value, place) => place > 0 && sign * (value - values[place - 1]) < 0)) {
            found.push(`${name}: not ${asked}: ${values}`);
          }
        }
      }
    }
    for (let folded = tables[0]?.closest("details"); folded; folded = folded.parentElement.closest("details")) folded.open = true;
    tables[0]?.querySelector("button.sort").focus();
    return found;
  });
  await page.press("Enter");
  const pressed = await page.run(() => document.querySelector("button.sort")?.closest("th").ariaSort ?? "ascending");
  return pressed === "ascending" ? found : [...found, `Enter on a heading makes aria-sort ${pressed}`];
}

/** Every figure's points, by keys. */
async function reading(page) {
  const found = await page.run(() => {
    document.querySelectorAll("details").forEach((each) => (each.open = true));
    const found = [];
    for (const area of document.querySelectorAll(".readable")) {
      const tips = area.querySelectorAll(".tip");
      const stops = area.querySelectorAll("[tabindex], a, button");
      if (stops.length > 0) found.push(`${area.ariaLabel}: ${stops.length} further tab stops`);
      const current = () => area.querySelector(".tip.current");
      const box = area.querySelector("[role=status]");
      const seen = new Set();
      const press = (key) => {
        area.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        const [point, { left, right }, frame] = [current(), box.getBoundingClientRect(), area.getBoundingClientRect()];
        seen.add(point);
        const { of, value, interval = "", runs = "" } = point.dataset;
        const missing = [of, value, interval, runs.includes(", ") ? runs : ""].filter((each) => !box.textContent.includes(each));
        if (missing.length > 0) found.push(`${area.ariaLabel}: ${box.textContent} does not say ${missing}`);
        if (left < frame.left - 1 || right > frame.right + 1) found.push(`${area.ariaLabel}: ${box.textContent} is not within the figure`);
        return point;
      };
      area.focus();
      press("Home");
      for (let foot = null; foot !== current(); ) {
        for (const key of ["ArrowUp", "ArrowDown"]) for (let before = null; before !== current(); press(key)) before = current();
        foot = current();
        press("ArrowRight");
      }
      if (seen.size !== tips.length) found.push(`${area.ariaLabel}: keys reach ${seen.size} of ${tips.length} points`);
      area.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
      if (current() || box.textContent) found.push(`${area.ariaLabel}: Escape leaves what was shown`);
    }
    return [...new Set(found)].slice(0, 20);
  });
  // And once with real keys and a real pointer.
  const begin = () => {
    const area = [...document.querySelectorAll(".readable")].find((each) => each.querySelectorAll(".tip").length > 1);
    area?.scrollIntoView({ block: "center" });
    // It may have the focus still, if it is the only one.
    document.activeElement?.blur();
    area?.focus();
    return area && { first: area.querySelector("[role=status]").textContent };
  };
  // Once nothing is focused: what is said of a point takes room, and moves the others.
  const where = () => {
    const area = document.activeElement;
    area.blur();
    const tip = area.querySelectorAll(".tip")[1];
    tip.scrollIntoView({ block: "center", inline: "center" });
    const { left, right, top, bottom } = tip.getBoundingClientRect();
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const there = document.elementFromPoint(x, y);
    return { x, y, there: `${there?.tagName} ${there?.getAttribute("class") ?? ""}` };
  };
  const said = () => document.activeElement?.querySelector("[role=status]")?.textContent;
  const begun = await page.run(begin);
  if (!begun) return found;
  const steps = [];
  for (const key of ["Home", "End"]) {
    await page.press(key);
    steps.push(await page.run(said));
  }
  if (!begun.first || !steps[0] || steps[0] === steps[1]) found.push(`keys move nothing: ${steps}`);
  const { x, y, there } = await page.run(where);
  await page.point(x, y);
  const pointed = await page.run(() => document.querySelector(".tip.current")?.dataset.of);
  if (!pointed) found.push(`a point that is pointed at shows nothing; at ${x}, ${y} there is ${there}`);
  return found;
}

/** Where links lead, what they open, and in which order. */
async function linking(page) {
  const found = await page.run(() => {
    const found = [];
    const links = new Set([...document.querySelectorAll("a.link")].map((link) => decodeURIComponent(link.hash.slice(1).split("&")[0])));
    for (const id of links) if (!document.getElementById(id)) found.push(`a link leads nowhere: #${id}`);
    const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
    for (const id of new Set(ids)) if (ids.filter((each) => each === id).length > 1) found.push(`two are called ${id}`);
    for (const each of document.querySelectorAll("main :is(figure, table)")) {
      const own = [each, each.closest("[id]"), each.closest("section")?.querySelector(":is(h2, h3)[id]")];
      if (!own.some((target) => target && links.has(target.id))) found.push(`no link leads to ${each.textContent.trim().slice(0, 60)}`);
    }
    return found;
  });
  const target = await page.run(() => {
    const scrolls = [...document.querySelectorAll("main .scroll[id]")].filter((each) => each.querySelector("button.sort"));
    const folded = scrolls.find((each) => each.closest("details")) ?? scrolls[0];
    document.querySelectorAll("details").forEach((each) => (each.open = false));
    return folded?.id;
  });
  if (!target) return found;
  const address = `#${target}&sort=2,descending`;
  await page.run(async (address) => {
    const told = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
    location.hash = address;
    await told;
  }, address);
  const wrong = await page.run((id) => {
    const target = document.getElementById(id);
    const { top, bottom } = target.getBoundingClientRect();
    const link = [...document.querySelectorAll("a.link")].find((each) => each.hash.startsWith(`#${encodeURIComponent(id)}`));
    return [
      [!target.closest("details:not([open])"), "does not open what it is folded into"],
      [target.querySelectorAll("th")[1].ariaSort === "descending", "does not bring the order back"],
      [bottom > 0 && top < innerHeight, `is not in sight: ${top} to ${bottom}`],
      [link?.hash.endsWith("&sort=2,descending"), `is not what its own link says: ${link?.hash}`],
    ].flatMap(([holds, said]) => (holds ? [] : [said]));
  }, target);
  await page.run(() => [...document.querySelectorAll("a.link")].find((link) => link.checkVisibility()).focus());
  await page.press("Enter");
  // The clipboard may keep it waiting.
  const said = await page.run(
    () =>
      new Promise((resolve) => {
        const status = document.activeElement.nextElementSibling;
        const look = () => (status.textContent ? resolve(status.textContent) : requestAnimationFrame(look));
        look();
      }),
  );
  if (!/copied|address/u.test(said)) wrong.push(`says "${said}" when it is followed`);
  return [...found, ...wrong.map((what) => `${address} ${what}`)];
}

/** All of them. */
export async function controls(page) {
  const found = [...(await sorting(page)), ...(await reading(page)), ...(await linking(page))];
  return [...found, ...page.complaints.map((said) => `complains: ${said}`)];
}
