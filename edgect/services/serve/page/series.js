// A series as one: its slices from the feet to the head, a graph of them, and what the rule says.

import { svgElement, element } from "./element.js";
import { kind, kindName } from "./kinds.js";
import { reasonElement } from "./reasons.js";
import { label, number, plural, printable, probability, text } from "./texts.js";

const HEIGHT = 60; // of the graph, in pixels; positions along it are in percent
const FLOOR = HEIGHT - 14; // where probability 0 lies; below stand the slices without an answer
const ROOF = 8;

export class Series {
  /**
   * name: of series.names. rows: in order. summary: the program's, null where it could not be asked; failed: why.
   * open: what to do with the row that the slider comes to.
   */
  constructor(name, rows, summary, failed, settings, open) {
    Object.assign(this, { name, rows, summary, failed, settings, open });
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
    this.parts = [
      element("h2", { id: "series-title", tabindex: -1 }, element("bdi", {}, name)),
      ...this.statement(),
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

  /** The number of the slice to begin with: the one that the program says to look at first. */
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

  /** The verdict and what it means, what the rule goes by, and the rule; the same on paper, where `full`. */
  statement(full = false) {
    const summary = this.summary;
    if (!summary) {
      return [element("p", { class: "doubt" }, text("series_failed", { error: printable(this.failed) }))];
    }
    const kind_ = summary.rule_says ? kind({ status: "ok", label: summary.rule_says }, this.settings) : "rejected";
    const [negative, positive] = this.settings.labels.map(label);
    const says = text(`series_kind_${kind_}`, { negative, positive });
    return [
      element(
        "p",
        { class: "verdict" },
        element("span", { class: `chip ${kind_}` }, says),
        ` ${text(`series_means_${kind_}`, { negative, positive })}`,
      ),
      element("p", { class: "goes-by" }, this.facts().join("; ")),
      ...(full ? [element("p", {}, this.files())] : []),
      ...(summary.doubts
        ? [element("p", { class: "doubt" }, text("series_doubts", { doubts: "" }), reasonElement(summary.doubts))]
        : []),
      element("p", { class: "rule" }, `${text("series_rule")}: `, reasonElement(summary.rule)),
    ];
  }

  facts() {
    const summary = this.summary;
    return [
      text("series_slices", { all: number(summary.slices), answered: number(summary.answered) }),
      text("series_share", {
        positive: number(summary.positive),
        answered: number(summary.answered),
        label: label(this.settings.labels[1]),
      }),
      summary.highest_at == null ? "" : text("series_first", { number: number(summary.highest_at) }),
    ].filter(Boolean);
  }

  /** From which file to which, and how many. */
  files() {
    const paths = [...new Set(this.rows.map((row) => printable(row.path)))];
    if (paths.length === 1) return text("series_one_file", { file: paths[0] });
    return text("series_files", { files: plural("files", paths.length), first: paths[0], last: paths.at(-1) });
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
export function link(series, go) {
  const button = element(
    "button",
    { type: "button", class: "series-link" },
    element("bdi", {}, series.name),
    ` · ${plural("slices", series.rows.length)}`,
  );
  button.addEventListener("click", go);
  return button;
}
