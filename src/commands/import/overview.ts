/** What is shown of an import before it comes: as much as a person reads, however long it is. */
import type { ImportLine } from "../../client/import/bringing.ts";
import { printable } from "../../core/printable.ts";
import { table } from "../../terminal/table.ts";
import { fillLines } from "../help-text.ts";

/** Rows, problems and remarks that are shown; of the others is told how many they are. */
const ROWS = 20;
const PROBLEMS = 20;
const REMARKS = 12;
/** Users who are named beside a remark. */
const NAMED = 3;

const COLUMNS = 80;

export class Overview {
  readonly #rows: string[][] = [];
  readonly #problems: string[] = [];
  readonly #remarks = new Map<string, { readonly whose: string[]; count: number }>();
  #count = 0;
  #unfit = 0;

  add(line: ImportLine): void {
    this.#count += 1;
    if (this.#rows.length < ROWS && line.key !== undefined) this.#rows.push(rowOf(line));
    if (line.state === "unfit") {
      this.#unfit += 1;
      if (this.#problems.length < PROBLEMS) this.#problems.push(problemOf(line));
    }
    for (const remark of line.remarks) this.remark(remark, whoseOf(line));
  }

  /** What is to be known, and of whom or what. */
  remark(text: string, whose: string): void {
    const known = this.#remarks.get(text);
    // Who has two of the same is named once.
    if (known?.whose.includes(whose)) return;
    if (known) {
      known.count += 1;
      if (known.whose.length < NAMED) known.whose.push(whose);
    } else if (this.#remarks.size < REMARKS) {
      this.#remarks.set(text, { whose: [whose], count: 1 });
    }
  }

  lines(): string[] {
    const more = this.#count - this.#rows.length - (this.#unfit - this.#unfitShown());
    return [
      ...(this.#rows.length > 0 ? table(HEADINGS, this.#rows, { columns: COLUMNS }) : []),
      ...(more > 0 ? [`... and ${more} more`] : []),
      ...this.#section("cannot come:", this.#problems, this.#unfit),
      ...this.#section("to know:", [...this.#remarks].map(remarkLine)),
    ];
  }

  #unfitShown(): number {
    return this.#rows.filter((row) => row.at(-1) === STATES.unfit).length;
  }

  #section(title: string, entries: readonly string[], count = entries.length): string[] {
    if (entries.length === 0) return [];
    const filled = entries.flatMap((entry) => fillLines(entry, "    ", COLUMNS - 2));
    const more = count - entries.length;
    return [
      ...(this.#rows.length > 0 ? [""] : []),
      title,
      ...filled.map((line) => `  ${line}`),
      ...(more > 0 ? [`  ... and ${more} more`] : []),
    ];
  }
}

const HEADINGS = ["whose", "method", "codes", "used", "scratch", "comes"];

const STATES: Readonly<Record<ImportLine["state"], string>> = {
  new: "new",
  here: "is here",
  unfit: "cannot",
};

function rowOf({ state, key, ...line }: ImportLine): string[] {
  const { method = "", digits, period, algorithm, lastCounter, scratchCodes = 0 } = key ?? {};
  const codes = [
    ...(digits === undefined ? [] : [`${digits} digits`]),
    ...(period === undefined ? [] : [`${period} s`]),
    ...(algorithm === undefined || algorithm === "sha1" ? [] : [algorithm]),
  ];
  const used = lastCounter === undefined ? "not told" : lastCounter < 0 ? "none" : `${lastCounter}`;
  const scratch = scratchCodes === 0 ? "-" : `${scratchCodes}`;
  const whose = whoseOf({ ...line, ...(key ? { key } : {}) });
  return [whose, method, codes.join(", ") || "-", used, scratch, STATES[state]];
}

function whoseOf({ user, key, place }: Pick<ImportLine, "user" | "key" | "place">): string {
  const serial = key?.serial ?? "";
  // What was numbered here has its user's name in it.
  if (user === undefined) return printable(serial || place, 128);
  const own = serial === "" || serial.startsWith(`${user}:`) ? serial : `${user} ${serial}`;
  return printable(own || user, 128);
}

function problemOf({ place, user, why }: ImportLine): string {
  const where = printable(place, 128);
  const who = user === undefined ? "" : ` (${printable(user)})`;
  return `${where}${who}: ${why}`;
}

function remarkLine([text, { whose, count }]: readonly [
  string,
  { readonly whose: readonly string[]; readonly count: number },
]): string {
  const more = count > whose.length ? ` and ${count - whose.length} more` : "";
  return `${whose.join(", ")}${more}: ${text}`;
}
