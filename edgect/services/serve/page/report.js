// The report: one article of elements, printed as it is, and saved as a page of its own without any script.

import { at, element } from "./element.js";
import { place } from "./kinds.js";
import { MAP_OPACITY, chip, probabilityParts, particulars, explanation } from "./slice.js";
import { date, label, number, printable, probability, text } from "./texts.js";

const SHEET = "paper.css";
const POLICY = "default-src 'none'; img-src data:; style-src data:; base-uri 'none'; form-action 'none'";

/** Put the report of the rows, `row` first and large, into #paper. series: [{ title, rule, ... }] of texts. */
export async function compose({ row, rows, when, series }) {
  const notice = () => element("p", { class: "notice" }, text("notice"));
  const table =
    rows.length > 1
      ? [element("section", { class: "listing" }, element("h2", {}, text("report_rows")), listing(rows))]
      : [];
  at("paper").replaceChildren(
    notice(),
    element("h1", {}, text("report_title"), " ", element("small", {}, date(when))),
    ...series.map((lines) => element("section", {}, ...lines.map((line) => element("p", {}, line)))),
    element(
      "section",
      {},
      element("h2", {}, element("bdi", {}, printable(row.path)), ` ${place(row)}`),
      element("div", { class: "pair" }, ...(await pictures(row))),
      element(
        "p",
        { class: "answer" },
        chip(row.kind, row.provenance),
        ...(row.doubted ? [" ", element("span", { class: "chip doubt" }, text("doubt"))] : []),
      ),
      element("div", { class: "measured" }, ...probabilityParts(row).map(withoutIds)),
      element("p", {}, explanation(row)),
      ...(row.reason ? [element("p", { class: "reason" }, `${text("why")}: ${printable(row.reason)}`)] : []),
      ...(row.probability === null ? [] : [element("p", {}, text("number_means"))]),
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
        ...particulars(row, when)
          .slice(1)
          .map(([term, value]) => element("div", {}, element("dt", {}, term), element("dd", {}, value))),
      ),
    ),
    ...table,
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

/** The slice, and the slice under its heat map, as data. */
async function pictures(row) {
  if (!row.slice) return [element("p", {}, text("no_picture"))];
  const layers = await Promise.all([row.slice, row.activation].filter(Boolean).map(loadImage));
  return layers.map((_, last) =>
    element(
      "figure",
      {},
      element("img", { src: composited(layers.slice(0, last + 1)), alt: text(last ? "one_map" : "one_slice") }),
      element("figcaption", {}, text(last ? "one_map" : "one_slice")),
    ),
  );
}

async function loadImage(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

function composited(layers) {
  const canvas = element("canvas", { width: layers[0].naturalWidth, height: layers[0].naturalHeight });
  const context = canvas.getContext("2d");
  for (const [number_, layer] of layers.entries()) {
    context.globalAlpha = number_ ? MAP_OPACITY : 1;
    context.drawImage(layer, 0, 0);
  }
  return canvas.toDataURL("image/png");
}

function listing(rows) {
  const cells = (tag, texts) =>
    element("tr", {}, ...texts.map((cell) => element(tag, tag === "th" ? { scope: "col" } : {}, cell)));
  return element(
    "table",
    {},
    element(
      "thead",
      {}, // which is printed again on every page
      element("tr", {}, element("th", { class: "notice", colspan: 5 }, text("notice"))),
      cells("th", ["#", text("file"), text("kind"), text("exact"), text("why")]),
    ),
    element(
      "tbody",
      {},
      ...rows.map((row) =>
        cells("td", [
          number(row.number),
          [printable(row.path), place(row)].filter(Boolean).join(", "),
          chip(row.kind, row.provenance),
          row.probability === null ? "" : probability(row.probability),
          printable(row.reason ?? ""),
        ]),
      ),
    ),
  );
}

/** Without ids, of which the page has one each. */
function withoutIds(part) {
  for (const child of part.querySelectorAll("[id]")) child.removeAttribute("id");
  return part;
}
