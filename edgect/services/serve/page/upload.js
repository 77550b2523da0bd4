// Sends files a few at a time, one request under way, and gives every file its rows: the program's, or one of
// the page's own that says why there is none. No file is lost, and none is taken for looked at that was not.

import { HttpError, classify, isAlive } from "./api.js";
import { uploadName } from "./files.js";
import { printable, size, text } from "./texts.js";

const FILES = 8; // of one request: enough to keep all cores busy, few enough to show progress
const BYTES = 64e6; // of one request, unless a single file has more
const OVERHEAD = 4096; // bytes round each file in a request, at most
const ATTEMPTS = 30; // while the program is busy, before it counts as gone
const WAIT = 2; // seconds, where the program names none

/**
 * settings: of the program. callbacks: { row(row), done(number of files), busy(seconds), async askToRetry(number
 * of files), async askForToken() }, of which askToRetry resolves to whether to try again. signal: of an
 * AbortController, to cancel.
 */
export class Upload {
  constructor(files, settings, callbacks, signal) {
    Object.assign(this, { settings, callbacks, signal, done: 0, stopped: "" });
    this.limit = Math.min(settings.max_file_bytes ?? Infinity, settings.max_request_bytes - OVERHEAD);
    this.batches = this.batched(files);
  }

  async run() {
    while (this.batches.length) {
      const batch = this.batches.shift();
      if (this.signal.aborted || this.stopped)
        this.refuse(batch, text(this.signal.aborted ? "cancelled" : "not_reached"));
      else await this.send(batch, 0);
    }
  }

  /** Files in requests; those that cannot be sent stand alone, and keep their place. */
  batched(files) {
    const batches = [];
    let [batch, bytes] = [[], 0];
    const most = Math.min(FILES, this.settings.max_files);
    for (const item of files) {
      const length = item.file ? item.file.size + OVERHEAD : 0;
      const alone = this.rejection(item) !== null;
      if (
        batch.length &&
        (alone || batch.length === most || bytes + length > Math.min(BYTES, this.settings.max_request_bytes))
      ) {
        batches.push(batch);
        [batch, bytes] = [[], 0];
      }
      batch.push(item);
      bytes += length;
      if (alone) {
        batches.push(batch);
        [batch, bytes] = [[], 0];
      }
    }
    if (batch.length) batches.push(batch);
    return batches;
  }

  rejection({ file, failed }) {
    if (failed) return text(failed);
    return file.size > this.limit ? text("too_large", { size: size(file.size), limit: size(this.limit) }) : null;
  }

  async send(batch, attempt) {
    const reason = this.rejection(batch[0]);
    if (reason !== null) return this.refuse(batch, reason);
    const received = batch.map(() => []);
    try {
      for await (const row of classify(
        batch.map(({ file, name }) => ({ file, name: uploadName(name) })),
        this.signal,
      )) {
        received[row.file].push(row);
        this.callbacks.done(this.done + row.file); // those before it are complete
      }
    } catch (error) {
      const whole = this.whole(received);
      this.keep(batch.slice(0, whole), received);
      return this.recover(error, batch.slice(whole), whole ? 0 : attempt);
    }
    return this.keep(batch, received);
  }

  /** How many files from the first on have all their rows: of the last that has any, more may be missing. */
  whole(received) {
    return Math.max(
      0,
      received.findLastIndex((rows) => rows.length),
    );
  }

  keep(batch, received) {
    for (const [number, item] of batch.entries()) {
      if (!received[number].length) this.refuse([item], text("no_row"));
      else {
        for (const row of received[number]) this.callbacks.row({ ...row, path: this.displayName(item, row.path) });
        this.callbacks.done(++this.done);
      }
    }
  }

  /** The name as it is here: browsers write quotation marks of a name as %22. Members of a zip keep theirs. */
  displayName({ name }, path) {
    const escaped = uploadName(name)
      .replace(/\r\n?|\n/g, "%0D%0A")
      .replace(/"/g, "%22");
    return path.startsWith(escaped) ? name + path.slice(escaped.length) : path;
  }

  refuse(batch, reason) {
    for (const { name } of batch) {
      this.callbacks.row({ path: name, status: "unsent", label: "", reason, probability: null });
      this.callbacks.done(++this.done);
    }
  }

  async recover(error, batch, attempt) {
    if (this.signal.aborted) return this.refuse(batch, text("cancelled"));
    const httpError = error instanceof HttpError ? error : null;
    if (httpError && [429, 503].includes(httpError.status) && attempt < ATTEMPTS) {
      await this.pause(Math.min(httpError.retry ?? WAIT, 30));
      return this.again(batch, attempt + 1);
    }
    if (httpError?.status === 401) {
      await this.callbacks.askForToken();
      return this.again(batch, attempt);
    }
    if (httpError && ![429, 503].includes(httpError.status))
      return this.smaller(batch, text("refused", { error: printable(httpError.message) }));
    if (!httpError && attempt < 1) return this.again(batch, attempt + 1); // a connection that happened to close
    if (!httpError && (await isAlive())) return this.smaller(batch, text("unsendable"));
    if (await this.callbacks.askToRetry(this.done)) return this.again(batch, 0);
    this.stopped = true;
    return this.refuse(batch, text("not_reached"));
  }

  /** Each half by itself, until the file that is at fault stands alone. */
  smaller(batch, reason) {
    if (batch.length === 1) return this.refuse(batch, reason);
    const half = Math.ceil(batch.length / 2);
    this.batches.unshift(batch.slice(0, half), batch.slice(half));
  }

  again(batch, attempt) {
    if (this.signal.aborted) return this.refuse(batch, text("cancelled"));
    return this.send(batch, attempt);
  }

  async pause(seconds) {
    for (let left = Math.ceil(seconds); left > 0 && !this.signal.aborted; left--) {
      this.callbacks.busy(left);
      await new Promise((next) => setTimeout(next, 1000));
    }
    this.callbacks.busy(0);
  }
}
