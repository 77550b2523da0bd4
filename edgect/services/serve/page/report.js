// The report: one article of elements, printed as it is, and saved as a page of its own without any script.
// Whatever is said in it, or shown, stands under the name of the file that it is of.

import { at, element } from "./element.js";
import { place } from "./kinds.js";
import { caution } from "./list.js";
import { patientName, patientNames, seriesName } from "./names.js";
import { named, pictures } from "./report_pictures.js";
import { chip, explanation, particulars, probabilityParts, why } from "./slice.js";
import { date, label, number, printable, probability, text } from "./texts.js";

const SHEET = "paper.css";
const POLICY = "default-src 'none'; img-src data:; style-src data:; base-uri 'none'; form-action 'none'";

/** Put the report of the rows, `row` first and large, into #paper. viewing: through which window. */
export async function compose({ row, rows, when, results, viewing }) {
  const several = rows.length > 1;
  at("paper").replaceChildren(
    element("p", { class: "notice" }, text("notice")),
    element("h1", {}, text("report_title"), " ", element("small", {}, date(when))),
    patient(patientNames(rows)),
    ...(results.mixed() ? [element("p", { class: "reason" }, results.mixed())] : []),
    await ofSlice(row, when, viewing),
    ...(await Promise.all(results.series.map((series) => ofSeries(series, row, viewing)))),
    ...(several
      ? [element("section", { class: "listing" }, element("h2", {}, text("report_rows")), listing(rows))]
      : []),
  );
}

/** Whose scans these are, as far as it is known, or room to write it by hand. */
function patient(names) {
  return names.length
    ? element("p", { class: "patient" }, element("bdi", {}, names.join("; ")))
    : element("p", { class: "patient by-hand" }, text("report_patient"));
}

async function ofSlice(row, when, viewing) {
  return element(
    "section",
    { class: "of-slice" },
    element("h2", {}, text("report_slice"), " ", named(row)),
    ...[patientName(row), seriesName(row)].filter(Boolean).map((words) => element("p", {}, element("bdi", {}, words))),
    element(
      "p",
      { class: "answer" },
      chip(row.kind, row.provenance),
      ...(row.doubted ? [" ", element("span", { class: "chip doubt" }, text("doubt"))] : []),
    ),
    element("p", {}, explanation(row)),
    ...(row.reason ? [element("p", { class: "reason" }, `${text("why")}: `, why(row))] : []),
    element("div", { class: "measured" }, ...probabilityParts(row).map(withoutIds)),
    ...(row.probability === null ? [] : [element("p", {}, text("number_means"))]),
    element("div", { class: "pair" }, ...(await pictures(row, viewing))),
    ...(row.activation
      ? [
          element(
            "p",
            {},
            text("legend", { positive: label(row.provenance.labels[1]) }),
            " ",
            element("strong", {}, text("legend_not")),
          ),
        ]
      : []),
    element(
      "dl",
      {},
      ...particulars(row, when).map(([term, value]) =>
        element("div", {}, element("dt", {}, term), element("dd", {}, value)),
      ),
    ),
  );
}

/**
 * With the picture of the slice to look at first, so that no other file's stands by its verdict; unless that is
 * the one above. row: which that is.
 */
async function ofSeries(series, row, viewing) {
  const first = series.rows[series.first() - 1];
  const above = [element("p", {}, text("report_above"), " ", named(first))];
  return element(
    "section",
    { class: "of-series" },
    element("h2", {}, text("report_series"), " ", element("bdi", {}, series.name)),
    ...[patientName(first)].filter(Boolean).map((words) => element("p", {}, element("bdi", {}, words))),
    ...series.statement(true),
    ...(first === row ? above : [element("div", { class: "pair" }, ...(await pictures(first, viewing)))]),
  );
}

/** The report in #paper as a file of HTML: nothing in it is fetched or run. */
export function file() {
  const page = document.implementation.createHTMLDocument(text("report_title"));
  page.documentElement.lang = document.documentElement.lang;
  const policy = element("meta", { "http-equiv": "Content-Security-Policy", content: POLICY });
  const style = element("link", {
    rel: "stylesheet",
    href: `data:text/css;charset=utf-8,${encodeURIComponent(rules())}`,
  });
  page.head.prepend(element("meta", { charset: "utf-8" }), policy);
  page.head.append(element("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }), style);
  const paper = at("paper").cloneNode(true);
  page.body.append(paper);
  return new Blob(["<!doctype html>\n", page.documentElement.outerHTML], { type: "text/html;charset=utf-8" });
}

/** Hand the file to the browser. Its name says when, and nothing of whom. */
export function save(when) {
  const url = URL.createObjectURL(file());
  const stamp = new Date(when - when.getTimezoneOffset() * 60_000).toISOString().slice(0, 16).replace(/[T:]/g, "-");
  element("a", { href: url, download: `edgect-report-${stamp}.html` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function rules() {
  const sheet = Array.from(document.styleSheets).find(({ href }) => href?.endsWith(SHEET));
  return Array.from(sheet.cssRules, (rule) => rule.cssText).join("\n");
}

function listing(rows) {
  const patients = patientNames(rows);
  const several = patients.length > 1;
  const lines = (row) =>
    [place(row), seriesName(row), several ? patientName(row) : ""].filter(Boolean).map(ofLine);
  const cells = (tag, parts) =>
    element("tr", {}, ...parts.map((cell) => element(tag, tag === "th" ? { scope: "col" } : {}, ...[cell].flat())));
  const positive = label(rows[0].provenance.labels[1]);
  return element(
    "table",
    {},
    element("colgroup", {}, ...Array.from({ length: 5 }, () => element("col"))),
    element(
      "thead",
      {}, // which is printed again on every page
      element("tr", {}, element("th", { class: "notice", colspan: 5 }, [text("notice"), ...patients].join(" · "))),
      cells("th", ["#", text("file"), text("kind"), text("number_of", { positive }), text("why")]),
    ),
    element(
      "tbody",
      {},
      ...rows.map((row) =>
        cells("td", [
          number(row.number),
          [element("bdi", {}, printable(row.path)), ...lines(row)],
          [chip(row.kind, row.provenance), ...[caution(row)].filter(Boolean).map(ofLine)],
          row.probability === null ? "" : probability(row.probability),
          row.reason ? why(row) : "",
        ]),
      ),
    ),
  );
}

const ofLine = (words) => element("div", { class: "line" }, words);

/** Without ids, of which the page has one each. */
function withoutIds(part) {
  for (const child of part.querySelectorAll("[id]")) child.removeAttribute("id");
  return part;
}
