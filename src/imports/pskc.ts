/**
 * PSKC (RFC 6030): the file that comes with hardware tokens.
 *
 * It takes the memory of one entry, however many there are. So two entries of one serial number
 * are for the store to refuse, which has them all. A signature over the file is not looked at:
 * the administrator who imports it vouches for it.
 */
import type { ImportItem } from "../contracts/imported.ts";
import { Fault } from "../core/fault.ts";
import { judge } from "./fit.ts";
import type { Chunks } from "./lines.ts";
import { Misfit } from "./misfit.ts";
import { PSKC } from "./pskc-elements.ts";
import { readKeyPackage, serialOf } from "./pskc-key.ts";
import { type AskKey, Protection } from "./pskc-protection.ts";
import { type XmlElement, xmlChildren } from "./xml-children.ts";

export type { AskedKey, AskKey } from "./pskc-protection.ts";

export interface PskcOptions {
  /** Called once at most, and only when something is encrypted. */
  readonly ask: AskKey;
  /** Milliseconds since the epoch: a key's policy may end before it, or begin after. */
  readonly at: number;
}

/**
 * @param chunks the file's text, in pieces of any length
 * @throws Fault `import-invalid` for what is no PSKC file, or not a whole one
 * @throws Fault `import-key` when the key or passphrase is missing or wrong
 */
export async function* readPskc(
  chunks: Chunks,
  { ask, at }: PskcOptions,
): AsyncGenerator<ImportItem> {
  const protection = new Protection(ask);
  const head = new Set<string>();
  let count = 0;
  try {
    for await (const element of xmlChildren(chunks, ROOT)) {
      if (element.uri !== PSKC) continue;
      if (element.local === "KeyPackage") yield await item(element, ++count, protection, at);
      if (!HEAD.includes(element.local)) continue;
      // Once each and before the keys, as the schema has them: no two ways to read a file.
      if (head.has(element.local) || count > 0) {
        throw new Fault("import-invalid", `a second ${element.local}, or one after the keys`);
      }
      head.add(element.local);
      if (element.local === "KeyContainer") checkVersion(element);
      if (element.local === "EncryptionKey") protection.encryptionKey(element);
      if (element.local === "MACMethod") protection.macMethod(element);
    }
  } finally {
    protection.close();
  }
  if (count === 0) throw new Fault("import-invalid", "the file holds no KeyPackage");
}

const ROOT = { uri: PSKC, local: "KeyContainer", called: "PSKC file (RFC 6030)" };
const HEAD = ["KeyContainer", "EncryptionKey", "MACMethod"];

function checkVersion({ attributes }: XmlElement): void {
  if (attributes.get("Version") === "1.0") return;
  throw new Fault("import-invalid", "the file is of another version of PSKC than 1.0");
}

async function item(
  element: XmlElement,
  number: number,
  protection: Protection,
  at: number,
): Promise<ImportItem> {
  const found = await judged(element, `key ${number}`, protection, at);
  return found.kind === "unfit" ? { ...found, place: placeOf(element, found.place) } : found;
}

async function judged(
  element: XmlElement,
  place: string,
  protection: Protection,
  at: number,
): Promise<ImportItem> {
  try {
    return judge(await readKeyPackage(element, place, protection, at));
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return { kind: "unfit", place, user: undefined, why: error.message };
  }
}

/** With the serial number, by which people know a token. */
function placeOf(element: XmlElement, place: string): string {
  try {
    const serial = serialOf(element);
    return serial === undefined ? place : `${place} (${serial})`;
  } catch {
    return place;
  }
}
