// How the pictures are looked at: enlarged, moved, and through which window; both pictures alike.

import { at } from "./element.js";
import { number, text } from "./texts.js";

const MOST = 8; // times
const STEP = 1.5;
const SWIPE = 60; // pixels sideways
export const WINDOWS = { lung: "slice", soft_tissue: "soft_tissue" }; // and which picture of a row shows it

export class Viewing {
  /** turn: what a swipe leads to, by +1 or -1. changed: called when another window was chosen. */
  constructor({ turn, changed }) {
    Object.assign(this, { turn, changed, pointers: new Map(), start: null });
    this.surface = at("pictures");
    at("zoom-in").addEventListener("click", () => this.enlarge(STEP));
    at("zoom-out").addEventListener("click", () => this.enlarge(1 / STEP));
    at("zoom-fit").addEventListener("click", () => this.fit());
    for (const name of Object.keys(WINDOWS)) at(`window-${name}`).addEventListener("click", () => this.look(name));
    addEventListener("resize", () => this.apply());
    this.connect();
    this.reset();
  }

  /** As at first. */
  reset() {
    this.fit();
    this.look("lung");
  }

  fit() {
    [this.scale, this.x, this.y] = [1, 0, 0];
    this.apply();
  }

  look(window_) {
    this.window = window_;
    for (const name of Object.keys(WINDOWS)) at(`window-${name}`).setAttribute("aria-pressed", name === window_);
    this.changed();
  }

  /** The picture of a row through the chosen window, and that window's name, which is none of pictures. */
  pictureOf(row) {
    if (!row.soft_tissue) return { url: row.slice, window: null };
    return { url: row[WINDOWS[this.window]], window: this.window };
  }

  /** By a factor, so that the point at x, y of the frame, by default its middle, stays where it is. */
  enlarge(factor, point = null) {
    const { width, height } = this.frame();
    const [x, y] = point ?? [width / 2, height / 2];
    const scale = Math.min(MOST, Math.max(1, this.scale * factor));
    [this.x, this.y] = [x - ((x - this.x) * scale) / this.scale, y - ((y - this.y) * scale) / this.scale];
    this.scale = scale;
    this.apply();
  }

  move(x, y) {
    [this.x, this.y] = [this.x + x, this.y + y];
    this.apply();
  }

  apply() {
    const { width, height } = this.frame();
    const within = (value, side) => Math.min(0, Math.max(side * (1 - this.scale), value));
    [this.x, this.y] = [within(this.x, width), within(this.y, height)];
    for (const pane of this.surface.querySelectorAll(".pane"))
      pane.style.transform = this.scale === 1 ? "" : `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.surface.classList.toggle("enlarged", this.scale > 1);
    at("zoom-out").disabled = at("zoom-fit").disabled = this.scale === 1;
    at("zoom-in").disabled = this.scale === MOST;
    at("zoom-value").value = text("zoom_value", { times: number(this.scale, 1) });
  }

  frame() {
    const { clientWidth: width, clientHeight: height } = this.surface.querySelector(".frame");
    return { width, height };
  }

  connect() {
    const within = (event) => {
      const box = (event.target.closest(".frame") ?? this.surface.querySelector(".frame")).getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const on = (name, handle, options) => this.surface.addEventListener(name, handle, options);
    on("wheel", (event) => this.wheel(event, within(event)), { passive: false });
    on("dblclick", (event) => {
      if (event.target.closest(".frame")) this.scale > 1 ? this.fit() : this.enlarge(3, within(event));
    });
    on("pointerdown", (event) => {
      if (!event.target.closest(".frame")) return;
      this.pointers.set(event.pointerId, event);
      this.start = this.pointers.size === 1 && this.scale === 1 ? event : null;
      if (this.scale > 1 || this.pointers.size > 1) event.target.setPointerCapture(event.pointerId);
    });
    on("pointermove", (event) => this.pointers.has(event.pointerId) && this.drag(event));
    on("pointerup", (event) => {
      this.pointers.delete(event.pointerId);
      if (this.start) this.swipe(event);
      this.start = null;
    });
    on("pointercancel", (event) => this.pointers.delete(event.pointerId));
  }

  /** With Ctrl, as browsers tell of two fingers on a pad, or where the picture is enlarged already. */
  wheel(event, point) {
    if (!event.target.closest(".frame") || !(event.ctrlKey || this.scale > 1 || event.deltaY < 0)) return;
    event.preventDefault();
    this.enlarge(Math.exp(-event.deltaY / 400), point);
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    const other = [...this.pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (other) {
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      const box = event.target.closest(".frame")?.getBoundingClientRect();
      const middle = box && [
        (event.clientX + other.clientX) / 2 - box.left,
        (event.clientY + other.clientY) / 2 - box.top,
      ];
      if (apart(before)) this.enlarge(apart(event) / apart(before), middle);
    } else if (this.scale > 1) this.move(event.clientX - before.clientX, event.clientY - before.clientY);
  }

  swipe(event) {
    const [x, y] = [event.clientX - this.start.clientX, event.clientY - this.start.clientY];
    if (Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) this.turn(x < 0 ? 1 : -1);
  }
}
