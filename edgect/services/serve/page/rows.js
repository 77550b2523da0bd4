// The rows of one patient, with their pictures, in the memory of this page and nowhere else.

import { doubted, kind } from "./kinds.js";

const PROVENANCE = ["model", "edgect", "bundle", "backend", "engine", "precision", "threshold", "operating_point", "error_rate"];
const STANDING = ["bundle_state", "bundle_key"]; // which come with pictures alone

export class Rows {
  constructor(settings) {
    [this.settings, this.all] = [settings, []];
  }

  /**
   * A row as the program gave it, in which pictures become URLs. `provenance` is how its answer came about: the
   * columns of the row, and the settings where it has none.
   */
  add({ slice = null, soft_tissue = null, activation = null, ...row }) {
    this.all.push({
      ...row,
      provenance: {
        ...this.settings,
        ...Object.fromEntries([...PROVENANCE, ...STANDING].filter((name) => name in row).map((name) => [name, row[name]])),
      },
      number: this.all.length + 1,
      kind: kind(row, this.settings),
      doubted: doubted(row, this.settings),
      slice: slice && picture(slice),
      soft_tissue: soft_tissue && picture(soft_tissue),
      activation: activation && picture(activation),
    });
  }

  /** Rows by series, those of none left out, each from the feet to the head, as the program orders them. */
  series() {
    const groups = Map.groupBy(
      this.all.filter((row) => row.series),
      (row) => row.series,
    );
    return new Map(Array.from(groups, ([name, rows]) => [name, ordered(rows)]));
  }

  clear() {
    for (const { slice, soft_tissue, activation } of this.all)
      for (const url of [slice, soft_tissue, activation]) if (url) URL.revokeObjectURL(url);
    this.all = [];
  }
}

const ANGLE = 0.5; // degrees that the normals of one stack may be off, as in edgect/model/decision/series.py

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
  const near = (first, other) => Math.hypot(...vector(first).map((part, axis) => part - vector(other)[axis])) <= chord;
  const byPlace = [...counts.keys()].sort((a, b) => {
    const [first, other] = [vector(a), vector(b)];
    return first[0] - other[0] || first[1] - other[1] || first[2] - other[2];
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
