// The pictures of the report, as data, with R and L in them and under the names of their files.

import { element } from "./element.js";
import { place } from "./kinds.js";
import { MAP_OPACITY, sidesKnown, windowName } from "./slice.js";
import { printable, text } from "./texts.js";

/** A row's file, and where in it the slice lies. */
export const named = (row) => element("span", {}, element("bdi", {}, printable(row.path)), ` ${place(row)}`);

/** The slice, and the slice under its heat map, as data, each with its file's name. */
export async function pictures(row, viewing) {
  if (!row.slice) return [element("p", {}, text("no_picture"))];
  const { url, window: window_ } = viewing.pictureOf(row);
  const layers = await Promise.all([url, row.activation].filter(Boolean).map(loadImage));
  return layers.map((_, last) => {
    const kind = text(last ? "one_map" : "one_slice");
    return element(
      "figure",
      {},
      element("img", { src: composited(layers.slice(0, last + 1), sidesKnown(row)), alt: kind }),
      element(
        "figcaption",
        {},
        [kind, windowName(window_)].filter(Boolean).join(", "),
        element("br"),
        named(row),
        ...(sidesKnown(row) ? [] : [element("br"), text("sides_unknown")]),
      ),
    );
  });
}

async function loadImage(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

function composited(layers, sides) {
  const { naturalWidth: width, naturalHeight: height } = layers[0];
  const canvas = element("canvas", { width, height });
  const context = canvas.getContext("2d");
  for (const [number_, layer] of layers.entries()) {
    context.globalAlpha = number_ ? MAP_OPACITY : 1;
    context.drawImage(layer, 0, 0);
  }
  context.globalAlpha = 1;
  if (sides) letters(context, width, height);
  return canvas.toDataURL("image/png");
}

/** R and L where the patient's right and left are, readable on black and on white. */
function letters(context, width, height) {
  const high = Math.max(12, Math.round(height / 14));
  context.font = `700 ${high}px sans-serif`;
  context.textBaseline = "middle";
  [context.lineWidth, context.strokeStyle, context.fillStyle] = [high / 5, "#000", "#fff"];
  for (const [words, align, x] of [
    [text("side_right"), "left", high / 2],
    [text("side_left"), "right", width - high / 2],
  ]) {
    context.textAlign = align;
    context.strokeText(words, x, height / 2);
    context.fillText(words, x, height / 2);
  }
}
