// The kiosk page: put in scans, wait, look, clear. All it knows of a patient is in `patient`, and goes with it.

import * as api from "./api.js";
import { askForToken, askToRetry } from "./dialogs.js";
import { at } from "./element.js";
import { filesOfInput, filesOfDrop } from "./files.js";
import { watchIdle } from "./idle.js";
import * as report from "./report.js";
import { Results, summary, connectTurning } from "./results.js";
import { Rows } from "./rows.js";
import { loadReasons } from "./reasons.js";
import { standing } from "./slice.js";
import { load, number, plural, text } from "./texts.js";
import { Upload } from "./upload.js";

const VIEWS = ["start", "working", "result"];
let settings;
let patient = null; // { rows, stop, results, when } of the patient at hand
let [viewing, resetColours] = [null, () => {}];

function view(name) {
  for (const id of VIEWS) at(id).hidden = id !== name;
  for (const button of document.querySelectorAll(".only-result")) button.hidden = name !== "result";
  document.body.dataset.view = name;
  scrollTo(0, 0);
}

/** Say something to those who do not see the page, and, where it is no news to the eye, for a while to all. */
function announce(words, seen = false) {
  at("live").textContent = words;
  at("live").classList.toggle("unseen", !seen);
  clearTimeout(announce.over);
  if (seen) announce.over = setTimeout(() => at("live").classList.add("unseen"), 6000);
}

/** Ask how the program is set, which may be another after a while. Waits until it answers. */
async function loadSettings() {
  for (;;) {
    try {
      settings = await api.settings();
      const { model, threshold, operating_point: point } = settings;
      at("model").textContent = text(point && point !== "balanced" ? "model_point" : "model", {
        model: settings.bundle_state === "released" ? model : `${model} (${standing(settings)})`,
        threshold: number(threshold, 3),
        point,
      });
      return;
    } catch {
      await askToRetry(text("trouble_start"), { stop: false, contact: settings?.contact });
    }
  }
}

/** Look at files, one patient's. selection: { files, hidden }, maybe still to come. */
async function addFiles(selection) {
  if (patient) return announce(text("clear_first"), true);
  const current = (patient = { rows: new Rows(settings), stop: new AbortController(), results: null, when: null });
  const { signal } = current.stop;
  view("working"); // which can be cancelled: a folder may take long to list, or for ever
  at("progress").removeAttribute("value");
  at("count").textContent = "";
  at("working-title").focus();
  const { files, hidden } = await Promise.race([selection, nothingOnce(signal)]);
  if (files.length) await loadSettings();
  if (patient !== current) return undefined;
  if (!files.length) {
    const { aborted } = signal;
    clear();
    return aborted ? undefined : announce(text("nothing_there"), true);
  }
  current.rows.settings = settings;
  progress(0, files.length);
  const callbacks = {
    row: (row) => current.rows.add(row),
    done: (done) => patient === current && progress(done, files.length),
    busy: (seconds) => {
      at("busy").textContent = seconds ? text("working_busy", { seconds: number(seconds) }) : "";
    },
    askToRetry: (done) =>
      askToRetry(text("trouble_working", { done: number(done), all: number(files.length) }), {
        contact: settings.contact,
      }),
    askForToken: () => askForToken(settings.contact),
  };
  await new Upload(files, settings, callbacks, signal).run();
  if (patient !== current) return current.rows.clear(); // cleared meanwhile
  current.when = new Date();
  at("left-out").hidden = !hidden;
  at("left-out").textContent = hidden ? plural("left_out", hidden) : "";
  const results = new Results(current.rows, settings, files.length, current.when, viewing);
  view("result");
  viewing.reset();
  await results.open(() => patient === current);
  if (patient !== current) return current.rows.clear();
  current.results = results;
  announce(text("done", { summary: summary(current.rows, settings) }));
}

/** An empty selection, once a signal comes. */
const nothingOnce = (signal) =>
  new Promise((end) => signal.addEventListener("abort", () => end({ files: [], hidden: 0 })));

function progress(done, all) {
  at("progress").max = all;
  at("progress").value = done;
  at("count").textContent = text("working_count", { done: number(done), all: number(all) });
}

/** Forget everything: rows, pictures, chosen files, what is under way, and what is on view. */
function clear() {
  const before = patient;
  patient = null;
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
    "detail-name",
    "detail-patient",
    "detail-series",
    "list-patient",
    "mixed",
    "detail-answer",
    "detail-number",
    "detail-why",
    "detail-doubt",
    "list-title",
    "left-out",
    "place",
  ])
    at(id).replaceChildren();
  for (const id of ["detail-slice", "detail-under", "detail-map"]) {
    at(id).removeAttribute("src");
    at(id).alt = "";
  }
  resetColours();
  viewing.reset();
  view("start");
  announce(text("cleared"));
  at("choose-files").focus();
}

function connectInputs() {
  for (const [button, input] of [
    ["choose-files", "files"],
    ["choose-folder", "folder"],
  ]) {
    at(button).addEventListener("click", () => at(input).click());
    at(input).addEventListener("change", () => {
      const selection = filesOfInput(at(input));
      at(input).value = "";
      addFiles(selection);
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
    if (!document.querySelector("dialog[open]")) addFiles(filesOfDrop(event.dataTransfer));
  });
}

/** Put the report into #paper; false, and nothing in it, where the patient was cleared meanwhile. */
async function paper() {
  const current = patient;
  const { rows, results, when } = current;
  try {
    await report.compose({ row: results.current, rows: rows.all, when, results, viewing });
  } catch (error) {
    if (patient === current) throw error; // else its pictures went while they were drawn
  }
  if (patient === current) return true;
  at("paper").replaceChildren();
  return false;
}

function connectButtons() {
  at("clear").addEventListener("click", clear);
  at("cancel").addEventListener("click", () => patient?.stop.abort());
  at("print").addEventListener("click", async () => {
    if (await paper()) print();
  });
  addEventListener("afterprint", () => at("paper").replaceChildren());
  at("save").addEventListener("click", async () => {
    if (!(await paper())) return;
    report.save(patient.when);
    at("paper").replaceChildren(); // what is printed is made anew, so that it is what is on view
    announce(text("report_saved"), true);
  });
}

await load();
await loadReasons();
await loadSettings();
at("start-kept").textContent = text("start_kept", { host: location.hostname });
if (settings.token_needed) await askForToken(settings.contact);
({ viewing, resetColours } = connectTurning(() => patient?.results));
connectInputs();
connectButtons();
watchIdle(settings.idle_seconds, {
  hasPatient: () => patient !== null,
  busy: () => !patient?.when && !document.querySelector("dialog[open]:not(#idle)"),
  clear,
});
view("start");
at("choose-files").focus();
