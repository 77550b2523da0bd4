// A probability as a bar, with the threshold across it.

import { svgElement } from "./element.js";
import { number, probability, text } from "./texts.js";

const CROWDED = 0.25; // nearer to an end than this, the threshold's name takes the place of the end's

/** Both from 0 to 1. The label says in words what the bar shows. */
export function bar(value, threshold) {
  const across = Math.min(100 * threshold, 99.4);
  return svgElement(
    "svg",
    {
      class: "bar",
      role: "img",
      "aria-label": text("bar", { value: probability(value), threshold: number(threshold, 3) }),
    },
    svgElement("rect", { class: "track", y: "25%", width: "100%", height: "50%", rx: 3 }),
    svgElement("rect", { class: "value", y: "25%", width: `${100 * value}%`, height: "50%", rx: 3 }),
    svgElement("rect", { class: "threshold", x: `${across}%`, width: 4, height: "100%" }),
  );
}

/** What stands under a bar: its ends, and the threshold where it lies. */
export function scale(threshold) {
  const [low, high] = [threshold < CROWDED, threshold > 1 - CROWDED];
  const written = (x, anchor, words) => svgElement("text", { x: `${x}%`, y: "1em", "text-anchor": anchor }, words);
  return svgElement(
    "svg",
    { class: "scale", "aria-hidden": "true" },
    ...(low ? [] : [written(0, "start", number(0))]),
    written(
      100 * threshold,
      low ? "start" : high ? "end" : "middle",
      text("bar_threshold", { threshold: number(threshold, 3) }),
    ),
    ...(high ? [] : [written(100, "end", number(1))]),
  );
}
