// Filters the list of labels by name, pinyin or initials. Without script the whole list stays.
(() => {
  const form = document.getElementById("search");
  const query = document.getElementById("query");
  const found = document.getElementById("found");
  const table = new URL("pinyin.txt", document.currentScript.src);
  const plain = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
  const sections = Array.from(document.querySelectorAll("main section"), (section) => ({
    section,
    rows: Array.from(section.querySelectorAll("li"), (row) => ({ row, name: plain(`${row.textContent} ${row.dataset.name ?? ""}`) })),
  }));

  // A line "wen文闻" says how characters are read. Loaded when somebody begins to search.
  const readings = new Map();
  let loading;
  const load = () => {
    loading ??= fetch(table)
      .then((answer) => (answer.ok ? answer.text() : ""))
      .then((text) => {
        for (const line of text.split("\n")) {
          const reading = line.match(/^[a-z]*/)[0];
          for (const sign of line.slice(reading.length)) {
            readings.set(sign, [...(readings.get(sign) || []), reading]);
          }
        }
        filter();
      })
      .catch(() => {
        loading = undefined;
      });
  };

  // Whether the signs from one place on can be typed so: each as itself, in full, or by its
  // initial. The last one may be half typed. Signs that nobody types, such as dots, are skipped.
  // What was in vain once is in vain again: without `dead` some names would take for ever.
  const spells = (signs, at, wanted, dead) => {
    if (wanted === "") return true;
    const here = at * 64 + wanted.length;
    if (at === signs.length || dead.has(here)) return false;
    const after = (typed) => spells(signs, at + 1, wanted.slice(typed.length), dead);
    const sign = signs[at];
    const ways = readings.get(sign) || [];
    const fits =
      (wanted.startsWith(sign) && after(sign)) ||
      ways.some((reading) => reading.startsWith(wanted)) ||
      ways.some((reading) => wanted.startsWith(reading) && after(reading)) ||
      ways.some((reading) => wanted[0] === reading[0] && after(reading[0])) ||
      (!/[\p{L}\p{N}]/u.test(sign) && after(""));
    if (!fits) dead.add(here);
    return fits;
  };
  const fits = (name, wanted) => {
    if (name.includes(wanted)) return true;
    if (!/[a-z]/.test(wanted)) return false;
    const signs = Array.from(name);
    const dead = new Set();
    return signs.some((sign, at) => readings.has(sign) && spells(signs, at, wanted, dead));
  };

  const filter = () => {
    const wanted = plain(query.value).slice(0, 40);
    let total = 0;
    for (const { section, rows } of sections) {
      let shown = 0;
      for (const { row, name } of rows) {
        const fit = fits(name, wanted);
        if (row.hidden === fit) row.hidden = !fit;
        shown += fit;
      }
      section.hidden = shown === 0;
      total += shown;
    }
    found.textContent = wanted === "" ? "" : total === 0 ? found.dataset.none : String(total);
  };
  form.hidden = false;
  query.addEventListener("focus", load);
  query.addEventListener("input", () => {
    load();
    filter();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = document.querySelector("main section:not([hidden]) li:not([hidden]) a");
    if (first && query.value.trim() !== "") first.click();
  });
  if (query.value !== "") {
    load();
    filter();
  }
})();
