import { byId, element } from "./elements.js";

/** Rows of the table on the page; the files have all. */
const MOST_ROWS = 1000;

const place = (face) => {
  const [x, y, width, height] = face.box ?? [];
  return { x, y, width, height, score: face.score };
};

const answer = (face) => ({
  emotion: face.emotion,
  confidence: face.confidence,
  uncertain: face.uncertain,
  label_set: face.label_set.join(" "),
  ...face.probabilities,
  other: face.other ?? undefined,
});

/** Returns the rows of a photo: the columns of `fer predict --format csv`. */
export function photoRows(path, { result, error }) {
  if (error) return [{ path, error: error.message }];
  if (!result.faces.length) return [{ path }];
  return result.faces.map((face, index) => ({ path, face: index, ...place(face), ...answer(face) }));
}

/** Returns the rows of a frame: the columns of `fer predict VIDEO --format csv`. */
export function frameRows(path, time, faces) {
  return faces.map((face) => {
    const smoothed = Object.entries(face.smoothed).map(([label, share]) => [`smoothed_${label}`, share]);
    return { path, time, person: face.person, ...place(face), ...answer(face), ...Object.fromEntries(smoothed) };
  });
}

/** Collects rows, shows them and saves them. */
export class Table {
  #rows = [];
  #answers = [];
  #body = element("tbody");
  #columns = [];

  constructor() {
    byId("save-csv").addEventListener("click", () => save("fer.csv", "text/csv", csv(this.#rows)));
    byId("save-json").addEventListener("click", () => save("fer.json", "application/json", JSON.stringify(this.#answers, undefined, 1)));
  }

  /** Adds `rows`, and the answer that they come from. */
  add(rows, answer) {
    this.#answers.push(answer);
    byId("table-panel").hidden = false;
    for (const row of rows) {
      this.#rows.push(row);
      this.#widen(Object.keys(row));
      if (this.#body.childElementCount < MOST_ROWS) this.#body.append(this.#line(row));
    }
  }

  clear() {
    this.#rows = [];
    this.#answers = [];
    this.#columns = [];
    this.#body.replaceChildren();
    byId("table").replaceChildren();
    byId("table-panel").hidden = true;
  }

  #widen(columns) {
    if (columns.every((column) => this.#columns.includes(column))) return;
    this.#columns = columnsOf(this.#rows);
    const head = element("tr", {}, ...this.#columns.map((column) => element("th", { scope: "col" }, column)));
    // The last row is appended by the caller.
    this.#body.replaceChildren(...this.#rows.slice(0, -1).slice(0, MOST_ROWS).map((row) => this.#line(row)));
    byId("table").replaceChildren(element("table", {}, element("thead", {}, head), this.#body));
  }

  #line(row) {
    return element("tr", {}, ...this.#columns.map((column) => cell(row[column])));
  }
}

const cell = (value) => element("td", {}, typeof value === "number" && !Number.isInteger(value) ? value.toFixed(3) : String(value ?? ""));

/** The columns of all rows; what went wrong comes last. */
function columnsOf(rows) {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return [...names].filter((name) => name !== "error").concat(names.has("error") ? ["error"] : []);
}

function csv(rows) {
  const columns = columnsOf(rows);
  const lines = rows.map((row) => columns.map((column) => quoted(row[column])).join(","));
  return [columns.join(","), ...lines, ""].join("\r\n");
}

function quoted(value) {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
