// What people call a series and a patient by, in the words of DICOM headers.

import { printable, text } from "./texts.js";

/** Number, description and kernel of a row's series; empty where the row is of none. */
export function seriesName(row) {
  if (!row.series) return "";
  const { series_number: number_, series_description: description, kernel } = row;
  if (row.series === row.instance) return text("series_of", { file: printable(row.path) }); // a volume's file
  return [
    number_ != null ? text("series_number", { number: printable(number_) }) : text("series_unnumbered"),
    printable(description ?? ""),
    kernel ? text("series_kernel", { kernel: printable(kernel) }) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Names of several series, of which no two are alike. rows: one of each. */
export function seriesNames(rows) {
  const names = rows.map(seriesName);
  return names.map((name, at) => {
    const alike = names.filter((other) => other === name).length;
    return alike > 1 ? `${name} (${names.slice(0, at + 1).filter((other) => other === name).length})` : name;
  });
}

/** Name and birth date, where the server shows them and the file has them; otherwise that it has none. */
export function patientName({ patient_name: name, patient_birth_date: born, provenance }) {
  if (!provenance.shows_patient) return "";
  if (!name && !born) return text("patient_unnamed");
  return text(born ? "patient_born" : "patient", {
    name: printable(name || text("patient_nameless")),
    born: birthDate(born ?? ""),
  });
}

/** Every patient that the rows name, once. */
export const patientNames = (rows) => [
  ...new Set(rows.filter((row) => row.patient_name || row.patient_birth_date).map(patientName)),
].filter(Boolean);

/** As the language writes it; what is no date of ISO 8601 as it is. */
function birthDate(born) {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(born) ? new Date(`${born}T00:00:00`) : new Date(NaN);
  return Number.isNaN(date.getTime())
    ? printable(born)
    : date.toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "short", year: "numeric" });
}
