// Many rows: every one, to be filtered by kind and put in another order.

import { bar } from "./bar.js";
import { at, element } from "./element.js";
import { KINDS, kindName, place } from "./kinds.js";
import { patientName, patientNames, seriesName } from "./names.js";
import { chip, why } from "./slice.js";
import { label, number, plural, printable, probability, text } from "./texts.js";

const DOUBT = "doubt";
const ORDERS = {
  given: () => 0,
  highest: (a, b) => b.probability - a.probability,
  lowest: (a, b) => a.probability - b.probability,
};

export class List {
  /** open: what to do with a row that is touched; changed: when the rows shown are others. */
  constructor(rows, settings, files, { open, changed }) {
    Object.assign(this, { rows, settings, changed, shown: [...rows.all] });
    const patients = patientNames(rows.all);
    this.several = patients.length > 1; // then every row says whose it is
    at("list-patient").textContent = this.several ? "" : patients.join();
    at("list-patient").hidden = !at("list-patient").textContent;
    this.items = new Map(rows.all.map((row) => [row, this.item(row, open)]));
    at("list-title").textContent =
      `${plural("list_title", rows.all.length)} ${text("list_from", { files: plural("files", files) })}`;
    at("list-number").textContent = text("list_number", { positive: label(settings.labels[1]) });
    at("list-number").hidden = rows.all.every((row) => row.probability === null);
    this.controls();
    at("filters").onchange = () => this.apply();
    at("filters").onsubmit = (event) => event.preventDefault();
    this.apply();
  }

  controls() {
    const count = (kind) => this.rows.all.filter((row) => (kind === DOUBT ? row.doubted : row.kind === kind)).length;
    const boxes = KINDS.filter(count).map((kind) =>
      choice("checkbox", "kind", kind, kind, true, kindName(kind, this.settings), count(kind)),
    );
    if (count(DOUBT)) boxes.push(choice("checkbox", "doubt", DOUBT, DOUBT, false, text("doubt"), count(DOUBT)));
    at("kinds").replaceChildren(...boxes);
    at("orders").replaceChildren(
      ...Object.keys(ORDERS).map((order) =>
        choice("radio", "order", order, "", order === "given", text(`order_${order}`)),
      ),
    );
  }

  apply() {
    const filters = new FormData(at("filters"));
    const kinds = new Set(filters.getAll("kind"));
    const none = (row) => row.probability === null; // goes last, either way
    this.shown = this.rows.all
      .filter((row) => kinds.has(row.kind) && (!filters.has(DOUBT) || row.doubted))
      .sort(
        filters.get("order") === "given"
          ? ORDERS.given
          : (a, b) => none(a) - none(b) || (none(a) ? 0 : ORDERS[filters.get("order")](a, b)),
      );
    at("rows").replaceChildren(...this.shown.map((row) => this.items.get(row)));
    at("list-nothing").hidden = this.shown.length > 0;
    this.changed(this.shown);
  }

  /** Mark the row that is shown large. */
  mark(row) {
    for (const [other, item] of this.items) item.firstChild.setAttribute("aria-current", other === row);
    this.items.get(row)?.scrollIntoView({ block: "nearest" });
  }

  item(row, open) {
    const name = printable(row.path);
    const button = element(
      "button",
      { type: "button", class: "row", "aria-current": "false" },
      element("span", { class: "count" }, number(row.number)),
      thumbnail(row),
      element(
        "span",
        { class: "what" },
        element("bdi", { class: "name" }, name),
        element("small", {}, [place(row), seriesName(row)].filter(Boolean).join(" · ")),
        element("small", {}, this.several ? patientName(row) : ""),
        element(
          "span",
          { class: "answers" },
          chip(row.kind, row.provenance),
          ...(row.doubted ? [element("span", { class: "chip doubt" }, text("doubt"))] : []),
        ),
        element("small", { class: "caution" }, caution(row)),
      ),
      element(
        "span",
        { class: "probability" },
        ...(row.probability === null
          ? [element("small", {}, why(row))]
          : [
              element("b", {}, probability(row.probability)),
              bar(row.probability, row.provenance.threshold),
              element("span", { class: "unseen" }, text("number_of", { positive: label(this.settings.labels[1]) })),
            ]),
      ),
    );
    button.addEventListener("click", () => open(row));
    return element("li", {}, button);
  }
}

/** Under a label that could be taken for more than it is. */
export const caution = (row) =>
  row.kind === "negative" ? text("not_ruled_out", { positive: label(row.provenance.labels[1]) }) : "";

function thumbnail(row) {
  if (!row.slice) return element("span", { class: "thumbnail none" }, "–");
  const image = (src) => element("img", { src, alt: "", loading: "lazy", decoding: "async" });
  return element("span", { class: "thumbnail" }, image(row.slice), ...(row.activation ? [image(row.activation)] : []));
}

function choice(type, name, value, kind, checked, words, count = null) {
  const input = element("input", { type, name, value });
  input.checked = checked;
  return element(
    "label",
    { class: `chip choice ${kind}` },
    input,
    words,
    ...(count === null ? [] : [element("b", {}, ` ${number(count)}`)]),
  );
}
