// One slice: what the program says of it, and where it looked.

import { bar, scale } from "./bar.js";
import { at, element } from "./element.js";
import { kindName, place } from "./kinds.js";
import { date, label, number, percent, printable, probability, text } from "./texts.js";

export const MAP_OPACITY = 0.6; // of the colours, at first and on paper, as in edgect.report.heat_map.overlay

/** Fill the view with a row. when: of the answers. */
export function show(row, when) {
  const name = printable(row.path);
  const where = place(row);
  at("detail-name").replaceChildren(element("bdi", {}, name), ...(where ? [element("small", {}, ` ${where}`)] : []));
  at("detail-answer").replaceChildren(chip(row.kind, row.provenance));
  at("detail").dataset.kind = row.kind;
  at("detail-says").textContent = explanation(row);
  reason(at("detail-doubt"), row.doubted, text("doubt_why", { reason: "" }), row.reason);
  reason(at("detail-why"), !row.doubted && Boolean(row.reason), `${text("why")}: `, row.reason, row.kind !== "unsent");
  at("detail-means").hidden = row.probability === null;
  at("detail-number").replaceChildren(...probabilityParts(row));
  pictures(row, name);
  at("facts").replaceChildren(...facts(row, when));
}

export const chip = (kind, settings) => element("span", { class: `chip ${kind}` }, kindName(kind, settings));

/** What the answer means, in a sentence; the same on paper. */
export function explanation({ kind, provenance }) {
  const [negative, positive] = provenance.labels.map(label);
  return text(`says_${kind}`, {
    negative,
    positive,
    threshold: number(provenance.threshold, 3),
    rate: percent(provenance.error_rate ?? 0),
  });
}

/** The number, its bar, and what it is a number of; nothing where there is none. */
export function probabilityParts(row) {
  if (row.probability === null) return [];
  return [
    element(
      "p",
      { class: "number" },
      element("b", { id: "detail-probability" }, probability(row.probability)),
      ` ${text("number_of", { positive: label(row.provenance.labels[1]) })}`,
    ),
    bar(row.probability, row.provenance.threshold),
    scale(row.provenance.threshold),
  ];
}

/** [name, value] of what else is known of a row and of how it came about. */
export function particulars(row, when) {
  const { threshold, operating_point: point, model, bundle, backend, engine, precision, edgect } = row.provenance;
  return [
    ["file", printable(row.path) + (place(row) && `, ${place(row)}`)],
    ["exact", row.probability === null ? "" : number(row.probability, 8)],
    ["region", row.region ? text(`region_${row.region}`) : ""],
    ["threshold", `${number(threshold, 6)}${point ? ` (${point})` : ""}`],
    ["network", `${text("network_bundle", { model, bundle })}, ${standing(row.provenance)}`],
    ["engine", `${backend} ${engine}, ${precision}; edgect ${edgect}`],
    ["time", date(when)],
  ]
    .filter(([, value]) => value)
    .map(([key, value]) => [text(key), value]);
}

/** Whether a bundle is released or signed, and by which key. settings: or a row's provenance. */
export const standing = ({ bundle_state: state, bundle_key: key }) => text(`bundle ${state}`, { key });

const facts = (row, when) =>
  particulars(row, when)
    .slice(1)
    .map(([term, value]) => element("div", {}, element("dt", {}, term), element("dd", {}, value)));

/** The program's own words are English, whatever the page speaks. */
function reason(paragraph, shown, before, words, english = true) {
  paragraph.hidden = !shown;
  paragraph.replaceChildren(
    ...(shown ? [before, element("span", english ? { lang: "en" } : {}, printable(words))] : []),
  );
}

function pictures(row, name) {
  for (const [id, url, alternative] of [
    ["detail-slice", row.slice, text("one_slice_of", { name })],
    ["detail-under", row.slice, ""],
    ["detail-map", row.activation, text("one_map_of", { name })],
  ]) {
    if (url) at(id).src = url;
    else at(id).removeAttribute("src");
    at(id).alt = alternative;
    at(id).hidden = !url;
  }
  at("legend-means").textContent = text("legend", { positive: label(row.provenance.labels[1]) });
  at("legend-most").textContent = text("legend_most", { scale: number(row.provenance.heat_map_scale, 1) });
  for (const id of ["pictures", "colours"]) at(id).hidden = !row.slice;
  at("no-picture").hidden = Boolean(row.slice);
}

/** The slider; it stays as it is from slice to slice. Returns what puts it back. */
export function colours() {
  const slider = at("opacity");
  const follow = () => {
    at("detail-map").style.opacity = slider.value / 100;
    at("opacity-value").value = percent(slider.value / 100);
    slider.setAttribute("aria-valuetext", percent(slider.value / 100));
  };
  slider.addEventListener("input", follow);
  const reset = () => {
    slider.value = 100 * MAP_OPACITY;
    follow();
  };
  reset();
  return reset;
}
