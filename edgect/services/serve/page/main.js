// The kiosk page: put in scans, wait, look, clear. All it knows of a patient is in `held`, and goes with it.

import * as api from "./api.js";
import { gone, token } from "./asking.js";
import { at } from "./element.js";
import { chosen, dropped } from "./files.js";
import { watch } from "./idle.js";
import * as report from "./report.js";
import { Results, summary, turning } from "./results.js";
import { Rows } from "./rows.js";
import { load, number, plural, text } from "./texts.js";
import { Upload } from "./upload.js";

const VIEWS = ["start", "working", "result"];
let settings;
let held = null; // { rows, stop, results, when } of the patient at hand
let uncoloured = () => {};

function view(name) {
  for (const one of VIEWS) at(one).hidden = one !== name;
  for (const button of document.querySelectorAll(".only-result")) button.hidden = name !== "result";
  document.body.dataset.view = name;
  scrollTo(0, 0);
}

/** Say something to those who do not see the page, and, where it is no news to the eye, for a while to all. */
function say(words, seen = false) {
  at("live").textContent = words;
  at("live").classList.toggle("unseen", !seen);
  clearTimeout(say.over);
  if (seen) say.over = setTimeout(() => at("live").classList.add("unseen"), 6000);
}

/** Ask how the program is set, which may be another after a while. Waits until it answers. */
async function greet() {
  for (;;) {
    try {
      settings = await api.settings();
      const { model, threshold, operating_point: point } = settings;
      at("model").textContent = text(point && point !== "balanced" ? "model_point" : "model", {
        model,
        threshold: number(threshold, 3),
        point,
      });
      return;
    } catch {
      await gone(text("trouble_start"), { stop: false });
    }
  }
}

/** Look at files, one patient's. found: { files, hidden }, maybe still to come. */
async function take(found) {
  if (held) return say(text("clear_first"), true);
  const mine = (held = { rows: new Rows(settings), stop: new AbortController(), results: null, when: null });
  const { files, hidden } = await found;
  if (files.length) await greet();
  if (held !== mine) return undefined;
  if (!files.length) {
    clear();
    return say(text("nothing_there"), true);
  }
  mine.rows.settings = settings;
  view("working");
  progress(0, files.length);
  at("working-title").focus();
  const tell = {
    row: (row) => mine.rows.add(row),
    done: (done) => held === mine && progress(done, files.length),
    busy: (seconds) => {
      at("busy").textContent = seconds ? text("working_busy", { seconds: number(seconds) }) : "";
    },
    gone: (done) => gone(text("trouble_working", { done: number(done), all: number(files.length) })),
    admit: token,
  };
  await new Upload(files, settings, tell, mine.stop.signal).run();
  if (held !== mine) return mine.rows.clear(); // cleared meanwhile
  mine.when = new Date();
  at("left-out").hidden = !hidden;
  at("left-out").textContent = hidden ? plural("left_out", hidden) : "";
  const results = new Results(mine.rows, settings, files.length, mine.when);
  view("result");
  await results.open(() => held === mine);
  if (held !== mine) return mine.rows.clear();
  mine.results = results;
  say(text("done", { summary: summary(mine.rows, settings) }));
}

function progress(done, all) {
  at("progress").max = all;
  at("progress").value = done;
  at("count").textContent = text("working_count", { done: number(done), all: number(all) });
}

/** Forget everything: rows, pictures, chosen files, what is under way, and what is on view. */
function clear() {
  const before = held;
  held = null;
  before?.stop.abort();
  before?.rows.clear();
  for (const dialog of document.querySelectorAll("dialog[open]")) if (dialog.id !== "token") dialog.close();
  for (const id of ["files", "folder"]) at(id).value = "";
  for (const id of [
    "rows",
    "kinds",
    "series",
    "series-links",
    "paper",
    "facts",
    "one-name",
    "one-answer",
    "one-number",
    "one-why",
    "one-doubt",
    "list-title",
    "left-out",
    "place",
  ])
    at(id).replaceChildren();
  for (const id of ["one-slice", "one-under", "one-map"]) {
    at(id).removeAttribute("src");
    at(id).alt = "";
  }
  uncoloured();
  view("start");
  say(text("cleared"));
  at("choose-files").focus();
}

function entrances() {
  for (const [button, input] of [
    ["choose-files", "files"],
    ["choose-folder", "folder"],
  ]) {
    at(button).addEventListener("click", () => at(input).click());
    at(input).addEventListener("change", () => {
      const found = chosen(at(input));
      at(input).value = "";
      take(found);
    });
  }
  let over = 0;
  const hover = (step) => {
    over = Math.max(0, over + step);
    document.body.classList.toggle("over", over > 0);
    at("drop-here").textContent = text(over ? "start_let_go" : "start_drop");
  };
  addEventListener("dragenter", () => hover(1));
  addEventListener("dragleave", () => hover(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    // anywhere: a browser would open what falls beside
    event.preventDefault();
    hover(-Infinity);
    if (!document.querySelector("dialog[open]")) take(dropped(event.dataTransfer));
  });
}

/** Put the report into #paper; false, and nothing in it, where the patient was cleared meanwhile. */
async function paper() {
  const mine = held;
  const { rows, results, when } = mine;
  try {
    await report.compose({ row: results.current, rows: rows.all, when, series: results.said() });
  } catch (error) {
    if (held === mine) throw error; // else its pictures went while they were drawn
  }
  if (held === mine) return true;
  at("paper").replaceChildren();
  return false;
}

function exits() {
  at("clear").addEventListener("click", clear);
  at("cancel").addEventListener("click", () => held?.stop.abort());
  at("print").addEventListener("click", async () => {
    if (await paper()) print();
  });
  addEventListener("afterprint", () => at("paper").replaceChildren());
  at("save").addEventListener("click", async () => {
    if (!(await paper())) return;
    report.save(held.when);
    at("paper").replaceChildren(); // what is printed is made anew, so that it is what is on view
    say(text("report_saved"), true);
  });
}

await load();
await greet();
at("start-kept").textContent = text("start_kept", { host: location.hostname });
if (settings.token_needed) await token();
uncoloured = turning(() => held?.results);
entrances();
exits();
watch(settings.idle_seconds, {
  held: () => held !== null,
  busy: () => !held?.when && !document.querySelector("dialog[open]:not(#idle)"),
  clear,
});
view("start");
at("choose-files").focus();
