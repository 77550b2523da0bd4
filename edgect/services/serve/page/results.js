// The results of one patient: one slice large, many in a list, series in order; and what leads between them.

import { series as askForSeries } from "./api.js";
import { at } from "./element.js";
import { List } from "./list.js";
import { patientNames, seriesNames } from "./names.js";
import { chip, colours, pictures, show } from "./slice.js";
import { Series, link } from "./series.js";
import { number, text } from "./texts.js";
import { Viewing } from "./viewing.js";

export class Results {
  constructor(rows, settings, files, when, viewing) {
    Object.assign(this, { rows, settings, files, when, viewing, current: null, turned: rows.all, shown: null });
    this.many = rows.all.length > 1;
    at("result").dataset.many = this.many;
    this.series = [];
  }

  /** isCurrent: whether the patient is the one at hand, which may be cleared while the program is asked. */
  async open(isCurrent) {
    await this.sumUp();
    if (!isCurrent()) return;
    this.list = new List(this.rows, this.settings, this.files, {
      open: (row) => this.go(row, true),
      changed: () => this.follow(),
    });
    at("series-links").replaceChildren(
      ...this.series.map((series) => link(series, () => this.enter(series))),
    );
    at("mixed").textContent = this.mixed();
    at("mixed").hidden = !this.mixed();
    at("result").hidden = false;
    if (this.series.length === 1 && this.series[0].rows.length === this.rows.all.length && this.many)
      this.enter(this.series[0]);
    else {
      this.leave();
      this.go(this.rows.all[0]);
      at(this.many ? "list-title" : "detail-name").focus();
    }
  }

  /** Every series of several slices, with what the program's rule says of it. */
  async sumUp() {
    const all = [...this.rows.series()];
    const names = seriesNames(all.map(([, rows]) => rows[0]));
    const groups = all.map(([key, rows], at_) => [key, rows, names[at_]]).filter(([, rows]) => rows.length > 1);
    if (!groups.length) return;
    const [summaries, failed] = await askForSeries(this.rows.all.filter((row) => row.series)).then(
      (all) => [all, ""],
      (error) => [[], error.message],
    );
    this.series = groups.map(
      ([key, rows, name]) =>
        new Series(
          name,
          rows,
          summaries.find(({ series }) => series === key) ?? null,
          failed,
          this.settings,
          (row) => this.go(row),
        ),
    );
  }

  enter(series) {
    this.shown = series;
    at("series").replaceChildren(...series.parts);
    at("series").hidden = false;
    at("result").dataset.view = "series";
    this.turned = series.rows;
    this.go(series.rows[series.first() - 1]);
    at("series-title").focus();
  }

  leave() {
    this.shown = null;
    at("series").hidden = true;
    at("series").replaceChildren();
    at("result").dataset.view = this.many ? "list" : "detail";
    this.follow();
  }

  /** The rows to turn over are those that the list shows. */
  follow() {
    if (this.shown || !this.list) return;
    this.turned = this.list.shown;
    if (this.current) this.place();
  }

  /** Show a row large. fromList: chosen by hand in the list, of which a small screen then shows nothing. */
  go(row, fromList = false) {
    this.current = row;
    show(row, this.when, this.viewing);
    this.list?.mark(row);
    this.shown?.follow(row);
    if (fromList && at("result").dataset.view === "list") {
      at("result").dataset.view = "detail";
      at("detail-name").focus();
    }
    this.place();
  }

  place() {
    const here = this.turned.indexOf(this.current);
    at("turn").hidden = !this.many;
    at("place").textContent =
      here < 0 ? "" : text("place", { number: number(here + 1), all: number(this.turned.length) });
    at("previous").disabled = here <= 0;
    at("next").disabled = here < 0 || here === this.turned.length - 1;
  }

  turn(step) {
    const next = this.turned[this.turned.indexOf(this.current) + step];
    if (next && this.turned.includes(this.current)) this.go(next);
  }

  /** Back to the list, from one row or from a series. */
  toList() {
    this.leave();
    at("result").dataset.view = "list";
    at("list-title").focus();
  }

  /** What to say where the files name more than one patient; empty otherwise. */
  mixed() {
    const names = patientNames(this.rows.all);
    return names.length > 1 ? text("patients_mixed", { names: names.join("; ") }) : "";
  }

  /** The pictures again, as another window was chosen. */
  look() {
    if (this.current) pictures(this.current, this.viewing);
  }
}

/** How many of each kind, for those who do not see it. */
export const summary = (rows, settings) =>
  [...Map.groupBy(rows.all, (row) => row.kind)]
    .map(([kind, some]) =>
      text("summary_part", { kind: chip(kind, settings).textContent, number: number(some.length) }),
    )
    .join(", ");

/**
 * Buttons, keys and swipes that lead from slice to slice, and how pictures are looked at. current: the results on
 * view, null without any. Returns the viewing, and what puts the colours back.
 */
export function connectTurning(current) {
  const resetColours = colours();
  const viewing = new Viewing({ turn: (step) => current()?.turn(step), changed: () => current()?.look() });
  at("previous").addEventListener("click", () => current()?.turn(-1));
  at("next").addEventListener("click", () => current()?.turn(1));
  at("to-list").addEventListener("click", () => current()?.toList());
  addEventListener("keydown", (event) => {
    if (event.target.closest("dialog") || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape" && current()?.many) current().toList();
    if (event.target.closest("input")) return; // which has a use for arrows
    if (event.key === "ArrowLeft") current()?.turn(-1);
    if (event.key === "ArrowRight") current()?.turn(1);
    if (event.key === "+") viewing.enlarge(1.5);
    if (event.key === "-") viewing.enlarge(1 / 1.5);
    if (event.key === "0") viewing.fit();
  });
  return { viewing, resetColours };
}
