"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const body = at("rows");
  const kinds = Array.from(document.querySelectorAll("input[name=kind]"));
  const collator = new Intl.Collator(undefined, { numeric: true });
  // text of a cell, or of all of them, read once
  const text = (row, column) => (row.text[column] ??=
    (column ? row.tr.querySelector("." + column) : row.tr).textContent.toLowerCase());

  const rows = Array.from(body.rows, (tr, index) => ({
    tr,
    text: {},
    number: index,
    kind: tr.dataset.kind,
    answer: kinds.findIndex((box) => box.value === tr.dataset.kind),
    probability: parseFloat(tr.dataset.p), // NaN without an answer
  }));
  let shown = rows;

  // sorting: equal rows keep the order of the run, and what has no value goes last either way
  const compare = {
    number: (a, b) => a.number - b.number,
    answer: (a, b) => a.answer - b.answer,
    probability: (a, b) => a.probability - b.probability,
    file: (a, b) => collator.compare(text(a, "file"), text(b, "file")),
    remark: (a, b) => collator.compare(text(a, "remark"), text(b, "remark")),
  };
  const missing = (row, key) => key === "probability" ? isNaN(row.probability)
    : key === "remark" && text(row, "remark") === "";

  function sort(head) {
    const key = head.dataset.sort;
    const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of document.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    rows.sort((a, b) => missing(a, key) - missing(b, key)
      || (missing(a, key) ? 0 : sign * compare[key](a, b)) || a.number - b.number);
    const sorted = document.createDocumentFragment();
    for (const row of rows) sorted.append(row.tr);
    body.append(sorted);
    filter();
  }

  for (const head of document.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(head.firstChild); // its name, without the explanation below
    button.addEventListener("click", () => sort(head));
    head.prepend(button);
  }

  // filters
  const bound = (id, otherwise) => isNaN(at(id).valueAsNumber) ? otherwise : at(id).valueAsNumber;

  function filter() {
    const chosen = new Set(kinds.filter((box) => box.checked).map((box) => box.value));
    const needle = at("needle").value.trim().toLowerCase();
    const column = at("column").value;
    const [least, most] = [bound("least", -Infinity), bound("most", Infinity)];
    const anyProbability = least === -Infinity && most === Infinity;
    shown = rows.filter((row) => chosen.has(row.kind)
      && (!at("doubt").checked || "doubt" in row.tr.dataset)
      && (anyProbability || (row.probability >= least && row.probability <= most))
      && (!needle || text(row, column).includes(needle)));
    const seen = new Set(shown);
    for (const row of rows) row.tr.hidden = !seen.has(row);
    const hidden = rows.length - shown.length;
    at("shown").textContent = `${shown.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows shown`
      + (hidden ? `, ${hidden.toLocaleString("en")} hidden by filters` : "");
    at("shown").classList.toggle("some", hidden > 0);
    at("nothing").hidden = shown.length > 0;
  }

  at("filters").addEventListener("input", filter);
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("everything").addEventListener("click", () => {
    at("filters").reset();
    filter();
  });

  // the larger view
  const view = at("view");
  let current = null;

  function look(row) {
    current = row;
    const images = row.tr.querySelectorAll(".pictures img");
    const place = shown.indexOf(row);
    at("view-name").textContent = row.tr.querySelector(".file").innerText;
    for (const [number, id] of ["view-slice", "view-map"].entries()) {
      at(id).parentElement.hidden = !images[number];
      if (images[number]) at(id).src = images[number].src;
    }
    at("view-none").textContent = row.tr.querySelector(".none")?.textContent ?? "";
    for (const cell of ["answer", "probability"]) {
      at("view-" + cell).replaceChildren(...row.tr.querySelector("td." + cell).cloneNode(true).childNodes);
    }
    at("view-remark").textContent = row.tr.querySelector(".remark").textContent;
    at("view-more").replaceChildren(...Object.entries(JSON.parse(row.tr.dataset.more)).map(([name, value]) => {
      const [pair, term, description] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
      term.textContent = name;
      description.textContent = value;
      pair.classList.toggle("wide", value.length > 40);
      pair.append(term, description);
      return pair;
    }));
    at("view-place").textContent = `${place + 1} of ${shown.length} shown`;
    at("previous").disabled = place <= 0;
    at("next").disabled = place === shown.length - 1;
    if (!view.open) view.showModal();
  }

  function turn(step) {
    const next = shown[shown.indexOf(current) + step];
    if (next) look(next);
  }

  body.addEventListener("click", (event) => {
    if (event.target.closest(".pictures button")) {
      look(rows.find((row) => row.tr === event.target.closest("tr")));
    }
  });
  view.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") turn(-1);
    if (event.key === "ArrowRight") turn(1);
  });
  view.addEventListener("click", (event) => {
    if (event.target === view) view.close(); // beside the dialog
  });
  view.addEventListener("close", () => current.tr.querySelector("button").focus());
  at("previous").addEventListener("click", () => turn(-1));
  at("next").addEventListener("click", () => turn(1));
  at("close").addEventListener("click", () => view.close());

  document.querySelector("#filters fieldset").disabled = false;
  at("filters").reset(); // what a browser remembers of an earlier visit must hide nothing
  filter();
})();
