// Forgets the patient when nobody is there: a countdown that any touch stops, then everything is cleared.
// It goes by the clock on the wall, so that a machine that slept clears at once when it wakes.

import { at } from "./element.js";
import { number, text } from "./texts.js";

const WARNING = 30; // seconds of countdown, or half the time where that is shorter
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "input", "drop"];

/** seconds: of quiet, 0 for never. hasPatient: whether there is anything to forget; busy: whether work goes on. */
export function watchIdle(seconds, { hasPatient, busy, clear }) {
  if (!seconds) return;
  const dialog = at("idle");
  const warning = Math.min(WARNING, seconds / 2);
  let last = Date.now();
  const alive = () => {
    last = Date.now();
    if (dialog.open) dialog.close();
  };
  for (const sign of SIGNS) addEventListener(sign, alive, { capture: true, passive: true });
  dialog.addEventListener("close", () => {
    last = Date.now();
  });
  setInterval(() => {
    if (!hasPatient() || busy()) return alive();
    const left = seconds - (Date.now() - last) / 1000;
    if (left <= 0) {
      dialog.close();
      clear();
    } else if (left <= warning) {
      at("idle-text").textContent = text("idle_text", { seconds: number(Math.ceil(left)) });
      if (!dialog.open) dialog.showModal();
    }
  }, 250);
}
