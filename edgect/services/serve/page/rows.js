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

const ANGLE = 0.5; // degrees that the normals of one stack may be off, as in edgect/series.py

/** Stack by stack along the slices' normal; those without a position last, as they came. */
function ordered(rows) {
  const placed = rows.filter((row) => row.position != null && row.normal);
  const axes = axesOf(placed.map((row) => row.normal));
  const stacks = Map.groupBy(placed, (row) => axes.get(row.normal));
  const height = (row) => row.position * (vector(axes.get(row.normal))[2] / vector(row.normal)[2]);
  const loose = rows.filter((row) => row.position == null || !row.normal);
  return [...[...stacks.values()].flatMap((stack) => stack.sort((a, b) => height(a) - height(b))), ...loose];
}

/** For every normal that of its stack: the one with most slices round it comes first, then the next. */
function axesOf(normals) {
  const counts = Map.groupBy(normals, (normal) => normal);
  const chord = 2 * Math.sin((ANGLE * Math.PI) / 360);
  const near = (one, other) => Math.hypot(...vector(one).map((part, axis) => part - vector(other)[axis])) <= chord;
  const byPlace = [...counts.keys()].sort((a, b) => {
    const [one, other] = [vector(a), vector(b)];
    return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
  });
  const crowd = (normal) =>
    byPlace.reduce((sum, other) => sum + (near(normal, other) ? counts.get(other).length : 0), 0);
  const crowds = new Map(byPlace.map((normal) => [normal, crowd(normal)]));
  const axes = new Map();
  for (const axis of byPlace.toSorted((a, b) => crowds.get(b) - crowds.get(a)))
    if (!axes.has(axis)) for (const each of byPlace) if (!axes.has(each) && near(each, axis)) axes.set(each, axis);
  return axes;
}

const vector = (normal) => normal.split(" ").map(Number);

function picture(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
}
