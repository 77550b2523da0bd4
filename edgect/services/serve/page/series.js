// A series as one: its slices from the feet to the head, a graph of them, and what the rule says.

import { svgElement, element } from "./element.js";
import { kindName } from "./kinds.js";
import { label, language, number, plural, printable, probability, text } from "./texts.js";

const HEIGHT = 80; // of the graph, in pixels; positions along it are in percent
const FLOOR = HEIGHT - 14; // where probability 0 lies; below stand the slices without an answer
const ROOF = 8;

export class Series {
  /**
   * rows: in order. summary: the program's, null where it could not be asked; failed: why.
   * open: what to do with the row that the slider comes to.
   */
  constructor(number_, rows, summary, failed, settings, open) {
    Object.assign(this, { number: number_, rows, summary, settings, open });
    this.slider = element("input", {
      type: "range",
      min: 1,
      max: rows.length,
      step: 1,
      value: this.first(),
      "aria-label": text("series_slider"),
    });
    this.slider.addEventListener("input", () => this.open(rows[this.slider.value - 1]));
    this.cursor = svgElement("line", { class: "cursor", y1: 0, y2: HEIGHT });
    const says =
      summary &&
      (summary.rule_says ? text("series_rule_says", { label: label(summary.rule_says) }) : text("series_no_answer"));
    this.parts = [
      element(
        "h2",
        { id: "series-title", tabindex: -1 },
        text("series_title", { number: number(number_) }),
        says ? ` · ${says}` : "",
      ),
      ...(summary
        ? this.rule()
        : [element("p", { class: "doubt" }, text("series_failed", { error: printable(failed) }))]),
      this.graph(),
      element(
        "div",
        { class: "along" },
        element("span", {}, text("series_feet")),
        this.slider,
        element("span", {}, text("series_head")),
      ),
    ];
  }

  /** The slice to begin with: the one that the rule judged by. */
  first() {
    return this.summary?.highest_at ?? 1;
  }

  follow(row) {
    const at = this.rows.indexOf(row);
    if (at < 0) return;
    this.slider.value = at + 1;
    this.slider.setAttribute(
      "aria-valuetext",
      [
        text("place", { number: number(at + 1), all: number(this.rows.length) }),
        kindName(row.kind, this.settings),
        row.probability === null ? "" : probability(row.probability),
      ]
        .filter(Boolean)
        .join(", "),
    );
    for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, this.x(at));
  }

  /** What the rule goes by, and the rule, in the program's words. */
  rule() {
    const summary = this.summary;
    const facts = [
      text("series_slices", { all: number(summary.slices), answered: number(summary.answered) }),
      text("series_share", {
        positive: number(summary.positive),
        answered: number(summary.answered),
        label: label(this.settings.labels[1]),
      }),
      summary.highest_smoothed == null
        ? ""
        : text("series_highest", { value: probability(summary.highest_smoothed), number: number(summary.highest_at) }),
    ].filter(Boolean);
    return [
      element("p", {}, facts.join("; ")),
      element(
        "p",
        { class: "rule" },
        ...(language === "en" ? [] : [element("strong", {}, text("series_not")), " "]),
        element("span", { lang: "en" }, printable(summary.rule)),
      ),
      ...(summary.doubts
        ? [
            element(
              "p",
              { class: "doubt" },
              text("series_doubts", { doubts: "" }),
              element("span", { lang: "en" }, printable(summary.doubts)),
            ),
          ]
        : []),
    ];
  }

  x(at) {
    return `${(100 * (at + 0.5)) / this.rows.length}%`;
  }

  graph() {
    const y = (value) => FLOOR - value * (FLOOR - ROOF);
    const threshold = this.summary?.threshold ?? this.settings.threshold;
    const wide = Math.min(1.6, 60 / this.rows.length); // percent
    const marks = this.rows.map((row, at) =>
      row.probability === null
        ? svgElement(
            "text",
            { class: `mark ${row.kind}`, x: this.x(at), y: HEIGHT - 1, "text-anchor": "middle" },
            row.kind === "rejected" ? "–" : "×",
          )
        : svgElement("rect", {
            class: `mark ${row.kind}`,
            x: `${(100 * (at + 0.5)) / this.rows.length - wide / 2}%`,
            width: `${wide}%`,
            y: y(row.probability),
            height: Math.max(2, FLOOR - y(row.probability)),
          }),
    );
    const graph = svgElement(
      "svg",
      {
        class: "graph",
        role: "img",
        height: HEIGHT,
        "aria-label": text("series_graph", { positive: label(this.settings.labels[1]) }),
      },
      svgElement("rect", { class: "track", x: 0, y: ROOF, width: "100%", height: FLOOR - ROOF }),
      ...marks,
      svgElement("line", { class: "across", x1: 0, x2: "100%", y1: y(threshold), y2: y(threshold) }),
      this.cursor,
    );
    graph.addEventListener("click", (event) => {
      const box = graph.getBoundingClientRect();
      const at = Math.floor(((event.clientX - box.left) / box.width) * this.rows.length);
      this.open(this.rows[Math.max(0, Math.min(this.rows.length - 1, at))]);
    });
    return graph;
  }
}

/** The button that leads to a series from the list. */
export function link(number_, rows, go) {
  const button = element(
    "button",
    { type: "button", class: "series-link" },
    `${text("series_title", { number: number(number_) })} · ${plural("slices", rows.length)}`,
  );
  button.addEventListener("click", go);
  return button;
}
