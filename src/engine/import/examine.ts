/** What becomes of one entry: by itself, by those before it in its file, by the store as it is. */
import type { ImportEntry, ImportFinding } from "../../contracts/imported.ts";
import type { StagedPlace, Staging } from "../../contracts/staging.ts";
import type { Transaction } from "../../contracts/store.ts";
import { throttleKey } from "../../core/account.ts";
import { type Cell, importedSecretCell, secretCell, tokenCell } from "../../core/cells.ts";
import { printable } from "../../core/printable.ts";
import { timeStepAt } from "../../core/totp.ts";
import type { EngineParts } from "../parts.ts";
import { flawOf, MOST_OF_ONE } from "./entry.ts";

/** As it was found, and what it is known by in its file. */
export interface Examined {
  readonly finding: ImportFinding;
  /** Undefined for what is no entry at all. */
  readonly mark?: { readonly serial: string; readonly digest: Uint8Array };
}

export async function examine(
  view: Transaction,
  parts: EngineParts,
  staging: Staging,
  entry: ImportEntry,
): Promise<Examined> {
  const flaw = flawOf(entry) ?? flawOfMethod(parts, entry);
  if (flaw !== undefined) return unfit(flaw);
  const { user, method } = entry;
  const digest = parts.sealer.bind(entry.secret, importedSecretCell(method));
  const twin = staging.withSecret(digest, user);
  if (twin && twin.user === user) return unfit(`the same secret as ${twin.place}`);
  const serial = serialOf(staging, entry);
  const mark = { serial, digest };
  const other = serial === "" ? undefined : staging.placeOfSerial(method, serial);
  if (other !== undefined) return unfit(`the same serial number as ${other}`);
  if (user !== undefined && staging.countOf(user, method) >= MOST_OF_ONE) {
    return unfit(`more than ${MOST_OF_ONE} of one user`);
  }
  const named = { ...entry, serial };
  const finding =
    user === undefined
      ? await ofNobody(view, parts, named)
      : await ofUser(view, parts, named, user);
  return { finding: twin ? alsoOf(twin, finding) : finding, mark };
}

/** Two accounts of one person, often; but each code of the one is good for the other as well. */
function alsoOf({ place, user }: StagedPlace, finding: ImportFinding): ImportFinding {
  if (finding.state !== "new") return finding;
  const whose = user === undefined ? "" : `, which is ${printable(user)}'s`;
  return { ...finding, remarks: [...finding.remarks, `the same secret as ${place}${whose}`] };
}

/** Nobody is given what no login asks for: it would only keep them out. */
function flawOfMethod({ methods }: EngineParts, { user, method }: ImportEntry): string | undefined {
  if (user === undefined || methods.some(({ name }) => name === method)) return undefined;
  return `${method} is off: countersign method enable ${method}`;
}

/** Several of one user have no serial number to tell them apart by: they are counted. */
function serialOf(staging: Staging, { user, method, serial }: ImportEntry): string {
  if (serial !== "" || user === undefined) return serial;
  const before = staging.countOf(user, method);
  return before === 0 ? "" : `${user}:${before + 1}`;
}

async function ofUser(
  view: Transaction,
  parts: EngineParts,
  entry: ImportEntry,
  user: string,
): Promise<ImportFinding> {
  const { method, serial } = entry;
  const has = await view.authenticators.all(user, method);
  const cells = has.map((each) => ({ ...each, cell: secretCell(each) }));
  if (cells.some((each) => isSame(parts, each, entry))) return { state: "here" };
  if (await view.accounts.isAnyDisabled(throttleKey(user))) {
    return cannot(`${printable(user)} is disabled: countersign user enable ${printable(user)}`);
  }
  if (has.some((each) => each.serial === serial)) {
    return cannot(
      `has another ${method} here: countersign reset ${printable(user)} --method ${method}`,
    );
  }
  const taken = await holderOf(view, method, serial);
  if (taken !== undefined) return cannot(taken);
  const past = await pastOf(view, user);
  if (entry.isFound && past !== undefined) {
    return cannot(`${past}: name the file to bring it all the same`);
  }
  const keeps = entry.scratchCodes.length > 0 && (await view.backupCodes.find(user))?.left;
  return {
    state: "new",
    serial,
    remarks: [
      ...(keeps ? ["has backup codes here, which stay: scratch codes do not come along"] : []),
      ...(past === undefined ? [] : [past]),
      ...aheadOf(entry, parts.clock.now()),
    ],
  };
}

/** Why a user who has none of this may well not be meant to have it. */
async function pastOf(view: Transaction, user: string): Promise<string | undefined> {
  if (await view.accounts.isAnySpellingEnrolled(throttleKey(user))) {
    return "is enrolled here already, and would have this as well";
  }
  const [reset] = await view.audit.tail(1, { user, action: "reset" });
  if (reset === undefined) return undefined;
  const day = new Date(reset.at).toISOString().slice(0, 10);
  return `was reset here on ${day}, and codes used before could be used again`;
}

async function ofNobody(
  view: Transaction,
  parts: EngineParts,
  entry: ImportEntry,
): Promise<ImportFinding> {
  const { method, serial } = entry;
  const token = await view.tokens.find(method, serial);
  if (token && isSame(parts, { ...token, cell: tokenCell(token) }, entry)) return { state: "here" };
  const owner = await view.authenticators.ownerOf(method, serial);
  const theirs = owner === undefined ? [] : await view.authenticators.all(owner, method);
  for (const each of theirs.filter((one) => one.serial === serial)) {
    if (isSame(parts, { ...each, cell: secretCell(each) }, entry)) return { state: "here" };
  }
  const taken = await holderOf(view, method, serial);
  if (taken !== undefined) return cannot(taken);
  return { state: "new", serial, remarks: aheadOf(entry, parts.clock.now()) };
}

async function holderOf(
  view: Transaction,
  method: string,
  serial: string,
): Promise<string | undefined> {
  if (serial === "") return undefined;
  const owner = await view.authenticators.ownerOf(method, serial);
  if (owner !== undefined) return `its serial number is ${printable(owner)}'s here`;
  const token = await view.tokens.find(method, serial);
  return token && "its serial number is among the tokens that are nobody's";
}

interface Kept {
  readonly sealedSecret: Uint8Array;
  readonly cell: Cell;
}

function isSame(
  { sealer }: EngineParts,
  { sealedSecret, cell }: Kept,
  entry: ImportEntry,
): boolean {
  const secret = sealer.open(sealedSecret, cell);
  const same = secret.equals(entry.secret);
  secret.fill(0);
  return same;
}

/** Used time steps that are still to come keep the device from being accepted until then. */
function aheadOf({ lastCounter, period, skew }: ImportEntry, now: number): string[] {
  if (lastCounter === undefined || period === undefined) return [];
  // The step after this one was used where somebody logged in at that very moment.
  if (lastCounter <= timeStepAt(now, period) + skew + 1) return [];
  const until = new Date((lastCounter + 1 - skew) * period * 1000);
  const when = Number.isNaN(until.getTime()) ? "for good" : `until ${until.toISOString()}`;
  return [`its last used time step is to come: refused ${when}`];
}

function unfit(why: string): Examined {
  return { finding: cannot(why) };
}

function cannot(why: string): ImportFinding {
  return { state: "unfit", why };
}
