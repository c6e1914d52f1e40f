/** One import: looked at entry by entry, then made to come as a whole. */
import type {
  ImportEntry,
  ImportedAuthenticator,
  ImportFinding,
  ImportFormat,
  ImportItem,
  ImportOutcome,
} from "../../contracts/imported.ts";
import type { Countersign } from "../../contracts/service.ts";
import { printable } from "../../core/printable.ts";
import { batchesOf } from "./batches.ts";

/** Entries that are looked at together. */
const BATCH = 500;

/** What an import is of. */
export interface Content {
  readonly format: ImportFormat;
  readonly items: AsyncIterable<ImportItem>;
  /** Of all that was read by now. */
  sha256(): string;
  /** What is to be known of the file itself. */
  readonly remarks?: readonly string[];
  close?(): void;
}

export interface BringingOptions {
  /** To look at alone. */
  readonly isTrial: boolean;
  /** Of these names, those that no user of the host has. */
  readonly unknownUsers: (names: readonly string[]) => Promise<readonly string[]>;
}

/** What is told of one entry. */
export interface ImportLine extends Pick<ImportedAuthenticator, "place" | "user"> {
  readonly state: ImportFinding["state"];
  /** What it is; undefined where it could not be read. */
  readonly key?: Pick<
    ImportedAuthenticator,
    "method" | "serial" | "algorithm" | "digits" | "period" | "lastCounter"
  > & { readonly scratchCodes: number };
  /** Why it cannot come. */
  readonly why?: string;
  readonly remarks: readonly string[];
}

export class Bringing {
  readonly #service: Countersign;
  readonly #content: Content;
  readonly #options: BringingOptions;
  #id: string | undefined;
  /** How many entries were told of in which state. */
  readonly counts = { new: 0, here: 0, unfit: 0 };

  constructor(service: Countersign, content: Content, options: BringingOptions) {
    this.#service = service;
    this.#content = content;
    this.#options = options;
  }

  /** Every entry, once it is looked at. @throws Fault as the parser, the file and the engine do */
  async *lines(): AsyncGenerator<ImportLine> {
    this.#id = await this.#service.beginImport(this.#options.isTrial);
    let batch: ImportItem[] = [];
    for await (const item of this.#content.items) {
      batch.push(item);
      if (batch.length < BATCH) continue;
      yield* this.#told(batch);
      batch = [];
    }
    yield* this.#told(batch);
  }

  /** All that was told as new comes, or nothing does. */
  async commit(isPartly: boolean, progress?: (entries: number) => void): Promise<ImportOutcome> {
    const { format } = this.#content;
    const source = { format, sha256: this.#content.sha256() };
    return this.#service.commitImport(this.#take(), source, isPartly, progress);
  }

  /** Nothing comes. Does nothing once it is over. */
  async abandon(): Promise<void> {
    if (this.#id !== undefined) await this.#service.abandonImport(this.#take());
  }

  #take(): string {
    const id = this.#id ?? "";
    this.#id = undefined;
    return id;
  }

  async *#told(items: readonly ImportItem[]): AsyncGenerator<ImportLine> {
    const known = await this.#withoutUnknown(items);
    const entries = known.filter((item) => item.kind === "authenticator");
    // The engine zeroes what it is given; what is told has been taken from it by then.
    const keys = entries.map(keyOf);
    const findings = this.#found(entries.map(({ kind: _, remarks: __, ...entry }) => entry));
    let next = 0;
    for (const item of known) {
      const { place, user } = item;
      const line: ImportLine =
        item.kind === "unfit"
          ? { place, user, state: "unfit", why: item.why, remarks: [] }
          : { place, user, ...toldOf(item, (await findings.next()).value, keys[next++]) };
      this.counts[line.state] += 1;
      yield line;
    }
  }

  async *#found(entries: readonly ImportEntry[]): AsyncGenerator<ImportFinding, undefined> {
    for (const batch of batchesOf(entries)) {
      yield* await this.#service.stageImport(this.#id ?? "", batch);
    }
  }

  /** Enrolled under a slip of the pen, the person meant would be left without. */
  async #withoutUnknown(items: readonly ImportItem[]): Promise<readonly ImportItem[]> {
    const users = items.flatMap(({ kind, user }) =>
      kind === "authenticator" && user !== undefined ? [user] : [],
    );
    const unknown = new Set(users.length > 0 ? await this.#options.unknownUsers(users) : []);
    return items.map((item) => {
      if (item.kind === "unfit" || item.user === undefined || !unknown.has(item.user)) return item;
      item.secret.fill(0);
      const why = `this host has no user ${printable(item.user)}`;
      return { kind: "unfit", place: item.place, user: item.user, why };
    });
  }
}

function keyOf(item: ImportedAuthenticator): NonNullable<ImportLine["key"]> {
  const { method, serial, algorithm, digits, period, lastCounter, scratchCodes } = item;
  const parameters = { algorithm, digits, period, lastCounter };
  return { method, serial, ...parameters, scratchCodes: scratchCodes.length };
}

function toldOf(
  item: ImportedAuthenticator,
  finding: ImportFinding | undefined,
  key: ImportLine["key"],
): Omit<ImportLine, "place" | "user"> {
  if (finding === undefined || key === undefined) {
    throw new RangeError("an entry was sent, and nothing was found of it");
  }
  if (finding.state === "unfit") return { state: "unfit", key, why: finding.why, remarks: [] };
  if (finding.state === "here") return { state: "here", key, remarks: [] };
  const remarks = [...item.remarks, ...finding.remarks];
  return { state: "new", key: { ...key, serial: finding.serial }, remarks };
}
