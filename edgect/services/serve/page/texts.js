// The texts of the page. Another language is one more file, texts/xx.json with the keys of en.json; it is
// taken by ?lang=xx, or where the browser asks for it first. Numbers, dates and plurals are the browser's (Intl).

const OTHERWISE = "en";
let texts = {};
export let language = OTHERWISE;

/** Load the texts of the first language that has a file, and fill the page with them. */
export async function load() {
  const query = new URLSearchParams(location.search).get("lang");
  const wanted = [query, ...navigator.languages].filter(Boolean).map((tag) => tag.toLowerCase().split("-")[0]);
  for (const code of new Set([...wanted, OTHERWISE])) {
    if (!/^[a-z]{2,3}$/.test(code)) continue;
    const response = await fetch(`/page/texts/${code}.json`);
    if (!response.ok) continue;
    [texts, language] = [await response.json(), code];
    break;
  }
  document.documentElement.lang = language;
  document.title = text("title");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", text(element.dataset.label));
  }
}

/** The text of a key, its {placeholders} filled from `values`. */
export function text(key, values = {}) {
  if (!(key in texts)) throw new Error(`no text ${key}`);
  return texts[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Of the keys KEY_one, KEY_other ... the one that `all` of something needs. */
export function plural(key, all) {
  const form = `${key}_${new Intl.PluralRules(language).select(all)}`;
  return text(form in texts ? form : `${key}_other`, { all: number(all) });
}

/** A label of the network, in this language where it is known. */
export const label = (name) => texts[`label ${name}`] ?? name;

export const number = (value, digits = 0) =>
  value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });

export const percent = (value) => value.toLocaleString(language, { style: "percent", maximumFractionDigits: 1 });

export const date = (when) => when.toLocaleString(language, { dateStyle: "long", timeStyle: "short" });

/** Bytes in MB, as file managers show them. */
export const size = (bytes) =>
  (bytes / 1e6).toLocaleString(language, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 });

/** Four digits, but no certainty where there is none. */
export function probability(value) {
  if (value > 0 && value < 0.0001) return `< ${number(0.0001, 4)}`;
  if (value < 1 && value > 0.9999) return `> ${number(0.9999, 4)}`;
  return number(value, 4);
}

/** Text of foreign origin as one line: what does not print, or turns the order of letters, is written out. */
export const printable = (foreign) =>
  String(foreign).replace(/[\p{C}\u2028\u2029]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
