// Files from a dialog or a drop, folders to any depth: each as { file, name }, in the order of their names.
// What cannot be read becomes { name, failed }, so that it gets a row all the same.

const collator = new Intl.Collator(undefined, { numeric: true });
const LONGEST = 900; // bytes of a name; the program takes 1024, quotation marks and the like escaped

/** Of an <input type=file>; a folder's files have their path in it as their name. */
export const chosen = (input) =>
  sorted(Array.from(input.files, (file) => ({ file, name: file.webkitRelativePath || file.name })));

/** Of a drop. Must be called while the event is handled: after it, the browser forgets what was dropped. */
export function dropped(transfer) {
  const items = Array.from(transfer.items).filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const alone = entries.filter((one) => one instanceof File).map((file) => ({ file, name: file.name }));
  return walk(
    entries.filter((one) => one && !(one instanceof File)),
    alone,
  ).then(sorted);
}

/** Adds the files below the roots to those that were found. */
async function walk(roots, found) {
  for (const queue = [...roots]; queue.length;) {
    const entry = queue.pop();
    const name = entry.fullPath.replace(/^\//, "");
    try {
      if (entry.isDirectory) queue.push(...(await inside(entry.createReader())));
      else found.push({ file: await new Promise((take, fail) => entry.file(take, fail)), name });
    } catch {
      found.push({ name, failed: entry.isDirectory ? "folder_unreadable" : "unreadable" });
    }
  }
  return found;
}

/** All that lies in a folder: the browser gives a hundred entries at a time. */
async function inside(reader) {
  const entries = [];
  for (;;) {
    const some = await new Promise((take, fail) => reader.readEntries(take, fail));
    if (!some.length) return entries;
    entries.push(...some);
  }
}

/** In order of their names. Hidden ones in folders are left out, as on the command line, and counted. */
function sorted(found) {
  const kept = found.filter(
    ({ name }) =>
      !name
        .split("/")
        .slice(1)
        .some((part) => part.startsWith(".")),
  );
  kept.sort((a, b) => collator.compare(a.name, b.name));
  return { files: kept, hidden: found.length - kept.length };
}

/** The name to send: the end of it, where it is too long for the program. */
export function sent(name) {
  const bytes = new TextEncoder().encode(name.replace(/["\r\n]/g, "   "));
  return bytes.length <= LONGEST ? name : new TextDecoder().decode(bytes.slice(-LONGEST)).replace(/^\uFFFD+/, "");
}
