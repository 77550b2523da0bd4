// Dialogs that wait for somebody: the token, and a program that does not answer.

import { tokenIsValid, setToken } from "./api.js";
import { at } from "./element.js";
import { printable, text } from "./texts.js";

/** Whom to ask, in the words of who set the program up. */
const contactText = (contact) => (contact ? text("contact", { contact: printable(contact) }) : text("contact_none"));

/** Ask for the token until it is right. It is kept in memory alone. */
export function askForToken(contact) {
  const [dialog, input] = [at("token"), at("token-input")];
  at("token-contact").textContent = contactText(contact);
  const form = dialog.querySelector("form");
  dialog.oncancel = (event) => event.preventDefault(); // there is nothing to do without
  dialog.showModal();
  return new Promise((done) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      setToken(input.value.trim());
      const right = await tokenIsValid().catch(() => null);
      at("token-wrong").textContent = right === null ? text("trouble_title") : right ? "" : text("token_wrong");
      input.value = "";
      if (!right) return input.focus();
      dialog.close();
      done();
    };
  });
}

/** Say that the program does not answer; resolves to whether to try again. */
export function askToRetry(message, { stop = true, contact = "" } = {}) {
  const dialog = at("trouble");
  at("trouble-contact").textContent = contactText(contact);
  at("trouble-text").textContent = message;
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
