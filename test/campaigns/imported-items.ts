/** What holds of everything that an importer makes of a text, whatever the text is. */
import assert from "node:assert/strict";
import type { ImportedAuthenticator, ImportItem } from "../../src/contracts/imported.ts";
import { encodeBase32 } from "../../src/core/base32.ts";
import { Fault } from "../../src/core/fault.ts";
import { isPrintable } from "../../src/core/printable.ts";
import { ALGORITHMS, codeAt, SECRET_BOUNDS } from "../../src/core/totp.ts";
import { MAX_COUNTER, MAX_PERIOD, MAX_SKEW } from "../../src/imports/fit.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

type Items = AsyncIterable<ImportItem> | Iterable<ImportItem>;

/** Microseconds of a processor for one small file; a thousand times what it takes. */
const PATIENCE = 5_000_000;

/** The text with a few bytes changed, as whoever opens a file would decode it. */
export function damaged(random: Random, text: string): string {
  return mutate(random, Buffer.from(text)).toString("utf8");
}

/** The text in chunks, as a file is read. */
export function* chunksOf(random: Random, text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const to = at + 1 + random.below(random.below(2) ? 8 : 2_000);
    yield text.slice(at, to);
    at = to;
  }
}

/** How a secret could be told: in its file's spelling, and in those of others; parts suffice. */
export function secretsIn(secret: Uint8Array, spelled: string): string[] {
  const spellings = [spelled, encodeBase32(secret), Buffer.from(secret).toString("hex")];
  return [...spellings, Buffer.from(secret).toString("base64")].map((text) => text.slice(2, 12));
}

/**
 * Reads to the end, and holds every item, or the fault, to what any import promises.
 * @param secrets what no word may hold, whatever the letter case
 */
export async function holds(items: Items, secrets: readonly string[]): Promise<void> {
  const began = process.threadCpuUsage();
  try {
    for await (const item of items) {
      holdsWords(item, secrets);
      if (item.kind === "authenticator") holdsBounds(item);
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.ok(error instanceof Fault, `no fault: ${error}`);
    assert.ok(["import-invalid", "import-key", "usage"].includes(error.code), error.code);
    holdsText(error.message, secrets);
    holdsText(error.hint ?? "", secrets);
  }
  const { user, system } = process.threadCpuUsage(began);
  assert.ok(user + system < PATIENCE, "it took too long");
}

function holdsWords(item: ImportItem, secrets: readonly string[]): void {
  const { kind, place, user } = item;
  holdsText(place, secrets);
  if (user !== undefined) holdsText(user, kind === "unfit" ? secrets : []);
  if (kind === "unfit") {
    assert.notEqual(item.why, "");
    holdsText(item.why, secrets);
  } else {
    holdsText(item.serial, secrets);
    for (const remark of item.remarks) holdsText(remark, secrets);
  }
}

function holdsText(text: string, secrets: readonly string[]): void {
  assert.ok(text.length <= 300, "a message without an end");
  assert.ok(isPrintable(text), "a message holds control characters");
  const told = secrets.some((secret) => text.toLowerCase().includes(secret.toLowerCase()));
  assert.ok(!told, "a message tells a secret");
}

function holdsBounds(item: ImportedAuthenticator): void {
  const { method, secret, algorithm, digits, period, lastCounter, skew, scratchCodes } = item;
  if (lastCounter !== undefined) {
    assert.ok(Number.isSafeInteger(lastCounter) && lastCounter >= -1 && lastCounter <= MAX_COUNTER);
  }
  assert.ok(Number.isInteger(skew) && Math.abs(skew) <= MAX_SKEW, "a skew out of bounds");
  for (const code of scratchCodes) assert.match(code, /^[0-9]{6,10}$/);
  if (method === "yubikey") {
    assert.equal(secret.length, 22);
    assert.match(item.serial, /^[cbdefghijklnrtuv]{2,32}$/);
    assert.deepEqual([algorithm, digits, period], [undefined, undefined, undefined]);
    return;
  }
  const { shortest, longest } = SECRET_BOUNDS;
  assert.ok(secret.length >= shortest && secret.length <= longest, "a secret out of bounds");
  assert.ok(algorithm !== undefined && ALGORITHMS.includes(algorithm), "no algorithm");
  assert.ok(digits === 6 || digits === 7 || digits === 8, "digits out of bounds");
  const isPeriod = period !== undefined && Number.isInteger(period) && period >= 1;
  assert.ok(method === "totp" ? isPeriod && period <= MAX_PERIOD : period === undefined, "period");
  // What was let in can be computed with.
  assert.match(
    codeAt(secret, Math.max(0, lastCounter ?? 0), { algorithm, digits }),
    /^[0-9]{6,8}$/,
  );
}

/** Reads the text whole and in pieces, so that the same comes of both, and holds it as `holds`. */
export async function readAnyhow(
  random: Random,
  text: string,
  reader: (chunks: Iterable<string>) => Items,
  secrets: readonly string[],
): Promise<readonly ImportItem[]> {
  const whole = await outcomeOf(reader([text]));
  const inPieces = await outcomeOf(reader(chunksOf(random, text)));
  assert.deepEqual(inPieces.items, whole.items, "how it is cut into chunks counts");
  assert.equal(inPieces.fault?.code, whole.fault?.code, "of chunks comes another fault");
  await holds(again(whole), secrets);
  return whole.items;
}

interface Outcome {
  readonly items: ImportItem[];
  /** Undefined where the text was read to its end. */
  readonly fault: Fault | undefined;
}

async function outcomeOf(read: Items): Promise<Outcome> {
  const items: ImportItem[] = [];
  try {
    for await (const item of read) items.push(item);
    return { items, fault: undefined };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { items, fault: error };
  }
}

function* again({ items, fault }: Outcome): Generator<ImportItem> {
  yield* items;
  if (fault) throw fault;
}
