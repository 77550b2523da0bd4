// What a row is, and how it is called: never anything but an answer may look like one.

import { label, number, text } from "./texts.js";

export const KINDS = ["positive", "negative", "indeterminate", "rejected", "error", "unsent"];

/** settings: of the program; labels are not COVID-19, COVID-19. */
export function kind(row, settings) {
  if (row.status !== "ok") return KINDS.includes(row.status) ? row.status : "error";
  const [negative, positive] = settings.labels;
  return { [negative]: "negative", [positive]: "positive" }[row.label] ?? "indeterminate";
}

/** Whether there is a label and a reason not to trust it. Of an indeterminate row, the reason is why there is none. */
export const doubted = (row, settings) => ["positive", "negative"].includes(kind(row, settings)) && Boolean(row.reason);

export function kindName(kind_, settings) {
  const [negative, positive] = settings.labels.map(label);
  return text(`kind_${kind_}`, { negative, positive });
}

/** What is known of where a slice lies in its file. */
export const place = (row) =>
  [
    row.frame == null ? "" : text("frame", { number: row.frame }),
    row.position == null ? "" : text("position", { position: number(row.position, 1) }),
  ]
    .filter(Boolean)
    .join(" · ");
