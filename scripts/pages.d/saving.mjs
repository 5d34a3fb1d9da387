// What can be taken away from a page: its files, its tables as Markdown, its figures as SVG.

/** Clicks every button that saves or copies, and keeps what it gives; nothing reaches the disk. */
async function taken(page) {
  return page.run(async () => {
    document.querySelectorAll("details").forEach((each) => (each.open = true));
    const all = [];
    let name = "";
    const texts = [];
    URL.createObjectURL = (blob) => (texts.push(blob.text()), "blob:kept");
    HTMLAnchorElement.prototype.click = function () {
      name = this.download;
    };
    if (navigator.clipboard) navigator.clipboard.writeText = async (text) => void texts.push(Promise.resolve(text));
    for (const button of document.querySelectorAll("button.act")) {
      if (button.textContent === "Print") continue;
      name = "";
      button.click();
      for (let turn = 0; !/^(Done|Failed)/u.test(button.textContent); turn++) await new Promise(requestAnimationFrame);
      all.push({ button: button.title, said: button.textContent, name, text: (await texts.pop()) ?? "" });
    }
    return all;
  });
}

/** What is wrong with it. `files`: what each of those that the page carries must be, by name; others are not looked at. */
export async function saving(page, files) {
  const found = [];
  const all = await taken(page);
  if (all.length === 0) found.push("nothing can be taken away");
  for (const { button, said, name, text } of all) {
    if (said !== "Done") found.push(`${button}: ${said}`);
    if (name.endsWith(".svg")) {
      if (/var\(|class=|<script|href=/u.test(text)) found.push(`${button}: the SVG does not stand alone`);
      if (!/^<svg [^>]*xmlns=/u.test(text)) found.push(`${button}: no SVG: ${text.slice(0, 60)}`);
    } else if (name in files) {
      if (text !== files[name]) found.push(`${name} is saved as something else`);
    } else if (!/^\| .* \|\n\| -/u.test(text)) {
      found.push(`${button}: no table: ${text.slice(0, 60)}`);
    }
  }
  for (const name of Object.keys(files)) if (!all.some((one) => one.name === name)) found.push(`${name} cannot be saved`);
  return [...found, ...page.complaints.map((said) => `complains: ${said}`)];
}
