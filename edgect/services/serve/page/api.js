// What the page asks of the program; its OpenAPI document is /openapi.json.

let token = ""; // in memory alone

export const setToken = (value) => {
  token = value;
};

/** An answer other than success. status: of HTTP; retry: seconds after which to ask again, or null. */
export class HttpError extends Error {
  constructor(status, message, retry) {
    super(message);
    [this.status, this.retry] = [status, retry];
  }
}

async function ask(path, options = {}) {
  const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(path, { ...options, headers, cache: "no-store" });
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({ error: response.statusText }));
  const retry = Number.parseFloat(response.headers.get("Retry-After"));
  throw new HttpError(response.status, String(error), Number.isNaN(retry) ? null : retry);
}

export const settings = async () => (await ask("/v1/settings")).json();

/** Whether the token that was given is the right one. */
export async function tokenIsValid() {
  try {
    await ask("/v1/model");
    return true;
  } catch (error) {
    if (error instanceof HttpError && error.status === 401) return false;
    throw error;
  }
}

/** Whether the program lives. */
export const isAlive = () =>
  fetch("/healthz", { cache: "no-store" }).then(
    (response) => response.ok,
    () => false,
  );

/** Rows one by one, with pictures; `row.file` is the number of the file in `files`. */
export async function* classify(files, signal) {
  const form = new FormData();
  for (const { file, name } of files) form.append("files", file, name);
  const response = await ask("/v1/classify?pictures=true", { method: "POST", body: form, signal });
  let rest = "";
  const chunks = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let chunk = await chunks.read(); !chunk.done; chunk = await chunks.read()) {
    const lines = (rest + chunk.value).split("\n");
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
  if (rest.trim()) throw new TypeError("the answer ended in the middle of a row");
}

const OWN = ["slice", "soft_tissue", "activation", "provenance", "kind", "doubted", "number"]; // of the page
const OF_PATIENT = ["patient_name", "patient_birth_date"]; // which no rule needs
const kept = ([name]) => !OWN.includes(name) && !OF_PATIENT.includes(name);

/** What the rows of series say together. A busy program is asked again, `attempts` times. */
export async function series(rows, attempts = 10) {
  const plain = rows.map((row) => Object.fromEntries(Object.entries(row).filter(kept)));
  const options = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ rows: plain }),
  };
  for (;;) {
    try {
      return (await (await ask("/v1/series", options)).json()).series;
    } catch (error) {
      if (error.retry == null || attempts-- <= 0) throw error;
      await new Promise((go) => setTimeout(go, 1000 * error.retry));
    }
  }
}
