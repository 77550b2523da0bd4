// Files from a dialog or a drop, folders to any depth: each as { file, name }, in the order of their names.
// What cannot be read becomes { name, failed }, so that it gets a row all the same.

const collator = new Intl.Collator(undefined, { numeric: true });
const LONGEST = 900; // bytes of a name; the program takes 1024, quotation marks and the like escaped

/** Of an <input type=file>; a folder's files have their path in it as their name. */
export const filesOfInput = (input) =>
  sorted(Array.from(input.files, (file) => ({ file, name: file.webkitRelativePath || file.name })));

/** Of a drop. Must be called while the event is handled: after it, the browser forgets what was dropped. */
export function filesOfDrop(transfer) {
  const items = Array.from(transfer.items).filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const alone = entries.filter((entry) => entry instanceof File).map((file) => ({ file, name: file.name }));
  return walk(
    entries.filter((entry) => entry && !(entry instanceof File)),
    alone,
  ).then(sorted);
}

/** Adds the files below the roots to `files`. */
async function walk(roots, files) {
  for (const queue = [...roots]; queue.length;) {
    const entry = queue.pop();
    const name = entry.fullPath.replace(/^\//, "");
    try {
      if (entry.isDirectory) queue.push(...(await inside(entry.createReader())));
      else files.push({ file: await new Promise((take, fail) => entry.file(take, fail)), name });
    } catch {
      files.push({ name, failed: entry.isDirectory ? "folder_unreadable" : "unreadable" });
    }
  }
  return files;
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
function sorted(files) {
  const kept = files.filter(
    ({ name }) =>
      !name
        .split("/")
        .slice(1)
        .some((part) => part.startsWith(".")),
  );
  kept.sort((a, b) => collator.compare(a.name, b.name));
  return { files: kept, hidden: files.length - kept.length };
}

/** The name to send: the end of it, where it is too long for the program. */
export function uploadName(name) {
  const bytes = new TextEncoder().encode(name.replace(/["\r\n]/g, "   "));
  return bytes.length <= LONGEST ? name : new TextDecoder().decode(bytes.slice(-LONGEST)).replace(/^\uFFFD+/, "");
}
