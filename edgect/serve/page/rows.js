// The rows of one patient, with their pictures, in the memory of this page and nowhere else.

import { doubted, kind } from "./kinds.js";

const BY = ["model", "bundle", "backend", "engine", "precision", "threshold", "operating_point", "error_rate"];

export class Rows {
  constructor(settings) {
    [this.settings, this.all] = [settings, []];
  }

  /**
   * A row as the program gave it, in which pictures become URLs. `by` is what it was answered by: the row's
   * own word on it, and the settings where it has none.
   */
  add({ slice = null, activation = null, ...row }) {
    this.all.push({
      ...row,
      by: {
        ...this.settings,
        ...Object.fromEntries(BY.filter((name) => name in row).map((name) => [name, row[name]])),
      },
      number: this.all.length + 1,
      kind: kind(row, this.settings),
      doubted: doubted(row, this.settings),
      slice: slice && picture(slice),
      activation: activation && picture(activation),
    });
  }

  /** Rows by series, those of none left out, each from the feet to the head, as the program orders them. */
  series() {
    const found = Map.groupBy(
      this.all.filter((row) => row.series),
      (row) => row.series,
    );
    return new Map(Array.from(found, ([name, rows]) => [name, ordered(rows)]));
  }

  clear() {
    for (const { slice, activation } of this.all)
      for (const url of [slice, activation]) if (url) URL.revokeObjectURL(url);
    this.all = [];
  }
}

/** Stack by stack along the slices' normal; those without a position last, as they came. */
function ordered(rows) {
  const stacks = Map.groupBy(rows, (row) => (row.position == null ? "" : `normal ${row.normal}`));
  const loose = stacks.get("") ?? [];
  stacks.delete("");
  return [...[...stacks.values()].flatMap((stack) => stack.sort((a, b) => a.position - b.position)), ...loose];
}

function picture(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
}
