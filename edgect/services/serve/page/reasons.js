// The program's reasons, which are English, in the page's language: reasons/xx.json translates each of its
// sentences, with {placeholders} for what varies in them.

import { element } from "./element.js";
import { language, printable } from "./texts.js";

let sentences = [];

/** Load the translations of the page's language; English needs none. */
export async function loadReasons() {
  if (language === "en") return;
  const response = await fetch(`/page/reasons/${language}.json`);
  if (!response.ok) return;
  sentences = Object.entries(await response.json())
    .map(([english, words]) => ({ english, words, literal: english.replace(/\{\w+\}/g, "").length }))
    .sort((a, b) => b.literal - a.literal) // the most particular first
    .map(({ english, words }) => ({ words, ...pattern(english) }));
}

function pattern(english) {
  const names = Array.from(english.matchAll(/\{(\w+)\}/g), ([, name]) => name);
  const parts = english.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return { names, expression: new RegExp(`^${parts.join("(.+?)")}$`, "s") };
}

/** In the page's language; null where there is no translation. */
function translated(english) {
  for (const { words, names, expression } of sentences) {
    const match = expression.exec(english);
    if (!match) continue;
    const values = Object.fromEntries(names.map((name, at) => [name, match[at + 1]]));
    return words.replace(/\{(\w+)\}/g, (_, name) => translated(values[name]) ?? localNumber(values[name]));
  }
  return null;
}

/** 1,234.50 as the language writes it; whatever is no number stays as it is. */
function localNumber(words) {
  if (!/^\d{1,3}(,\d{3})+$|^\d+\.\d+$/.test(words)) return words;
  const digits = words.split(".")[1]?.length ?? 0;
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return Number(words.replaceAll(",", "")).toLocaleString(language, format);
}

/** A reason as an element: in the page's language, or marked as English. */
export function reasonElement(english) {
  const words = language === "en" ? null : (eachTranslated(english) ?? translated(english));
  return element("span", language === "en" || words !== null ? {} : { lang: "en" }, printable(words ?? english));
}

/** Of several reasons in one text. */
function eachTranslated(english) {
  const parts = english.split("; ").map(translated);
  return parts.includes(null) ? null : parts.join("; ");
}
