// Dialogs that wait for somebody: the token, and a program that does not answer.

import { admitted, bear } from "./api.js";
import { at } from "./element.js";
import { text } from "./texts.js";

/** Ask for the token until it is right. It is kept in memory alone. */
export function token() {
  const [dialog, given] = [at("token"), at("token-given")];
  const form = dialog.querySelector("form");
  dialog.oncancel = (event) => event.preventDefault(); // there is nothing to do without
  dialog.showModal();
  return new Promise((done) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      bear(given.value.trim());
      const right = await admitted().catch(() => null);
      at("token-wrong").textContent = right === null ? text("trouble_title") : right ? "" : text("token_wrong");
      given.value = "";
      if (!right) return given.focus();
      dialog.close();
      done();
    };
  });
}

/** Say that the program does not answer; resolves to whether to try again. */
export function gone(said, { stop = true } = {}) {
  const dialog = at("trouble");
  at("trouble-said").textContent = said;
  at("stop-here").hidden = !stop;
  dialog.returnValue = "";
  dialog.oncancel = (event) => event.preventDefault();
  at("again").onclick = () => dialog.close("again");
  at("stop-here").onclick = () => dialog.close("stop");
  dialog.showModal();
  return new Promise((done) => {
    dialog.onclose = () => done(dialog.returnValue === "again");
  });
}
