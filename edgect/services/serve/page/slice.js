// One slice: what the program says of it, and where it looked.

import { bar, scale } from "./bar.js";
import { at, element } from "./element.js";
import { kindName, place } from "./kinds.js";
import { patientName, seriesName } from "./names.js";
import { reasonElement } from "./reasons.js";
import { date, label, number, percent, printable, probability, text } from "./texts.js";

export const MAP_OPACITY = 0.6; // of the colours, at first and on paper, as in edgect.report.heat_map.overlay

/** Fill the view with a row. when: of the answers. viewing: through which window the pictures are looked at. */
export function show(row, when, viewing) {
  const where = place(row);
  at("detail-name").replaceChildren(
    element("bdi", {}, printable(row.path)),
    ...(where ? [element("small", {}, ` ${where}`)] : []),
  );
  for (const [id, words] of [
    ["detail-patient", patientName(row)],
    ["detail-series", seriesName(row)],
  ]) {
    at(id).hidden = !words;
    at(id).replaceChildren(element("bdi", {}, words));
  }
  at("detail-patient").classList.toggle("quiet", !row.patient_name);
  at("detail-answer").replaceChildren(chip(row.kind, row.provenance));
  at("detail").dataset.kind = row.kind;
  at("detail-says").textContent = explanation(row);
  reason(at("detail-doubt"), row.doubted, text("doubt_why", { reason: "" }), row);
  reason(at("detail-why"), !row.doubted && Boolean(row.reason), `${text("why")}: `, row);
  at("detail-means").hidden = row.probability === null;
  at("detail-number").replaceChildren(...probabilityParts(row));
  pictures(row, viewing);
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
    ["exact", row.probability === null ? "" : number(row.probability, 8)],
    ["threshold", `${number(threshold, 6)}${point ? ` (${point})` : ""}`],
    ["region", row.region ? text(`region_${row.region}`) : ""],
    ["network", `${text("network_bundle", { model, bundle })}, ${standing(row.provenance)}`],
    ["engine", `${backend} ${engine}, ${precision}; edgect ${edgect}`],
    ["time", date(when)],
  ]
    .filter(([, value]) => value)
    .map(([key, value]) => [text(key), value]);
}

/** Whether a bundle is released or signed, and by which key. settings: or a row's provenance. */
export const standing = ({ bundle_state: state, bundle_key: key }) => text(`bundle ${state}`, { key });

/** Why a row has no answer, or one to be doubted. Of what was never sent, the page itself says so. */
export const why = (row) =>
  row.kind === "unsent" ? element("span", {}, printable(row.reason)) : reasonElement(row.reason);

/** Whether a row's picture is turned so that sides are known: of volumes whose file says how they lie. */
export const sidesKnown = (row) => Boolean(row.normal);

export const windowName = (window_) => (window_ ? text(`window_${window_}`) : "");

const facts = (row, when) =>
  particulars(row, when).map(([term, value]) =>
    element("div", {}, element("dt", {}, term), element("dd", {}, value)),
  );

function reason(paragraph, shown, before, row) {
  paragraph.hidden = !shown;
  paragraph.replaceChildren(...(shown ? [before, why(row)] : []));
}

/** The pictures of a row, through the chosen window. */
export function pictures(row, viewing) {
  const name = printable(row.path);
  const { url, window: window_ } = viewing.pictureOf(row);
  for (const [id, source, alternative] of [
    ["detail-slice", url, text("one_slice_of", { name })],
    ["detail-under", row.activation && url, ""],
    ["detail-map", row.activation, text("one_map_of", { name })],
  ]) {
    if (source) at(id).src = source;
    else at(id).removeAttribute("src");
    at(id).alt = alternative;
    at(id).hidden = !source;
  }
  at("slice-caption").textContent = [text("one_slice"), windowName(window_)].filter(Boolean).join(", ");
  at("map-figure").hidden = at("colours").hidden = !row.activation;
  at("windows").hidden = !row.soft_tissue;
  at("pictures").dataset.sides = sidesKnown(row) ? "known" : "unknown";
  at("legend-means").textContent = text("legend", { positive: label(row.provenance.labels[1]) });
  at("pictures").hidden = !row.slice;
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
