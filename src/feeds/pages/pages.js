// Filters the list of labels by name, pinyin or initials. Without script the whole list stays.
(() => {
  const form = document.getElementById("search");
  const query = document.getElementById("query");
  const found = document.getElementById("found");
  const plain = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
  const sections = Array.from(document.querySelectorAll("main section"), (section) => ({
    section,
    rows: Array.from(section.querySelectorAll("li"), (row) => {
      const link = row.firstElementChild;
      return { row, keys: plain(link.textContent) + "\n" + (link.dataset.k || "") };
    }),
  }));
  const filter = () => {
    const wanted = plain(query.value);
    let total = 0;
    for (const { section, rows } of sections) {
      let shown = 0;
      for (const { row, keys } of rows) {
        const fits = keys.includes(wanted);
        if (row.hidden === fits) row.hidden = !fits;
        shown += fits;
      }
      section.hidden = shown === 0;
      total += shown;
    }
    found.textContent = wanted === "" ? "" : total === 0 ? found.dataset.none : String(total);
  };
  form.hidden = false;
  query.addEventListener("input", filter);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = document.querySelector("main section:not([hidden]) li:not([hidden]) a");
    if (first && query.value.trim() !== "") first.click();
  });
  if (query.value !== "") filter();
})();
