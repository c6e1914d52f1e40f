/**
 * Imports. What a client sends is examined and kept beside the store, as long as it takes; the
 * store itself is held once, at the end, when all of it comes in one transaction or none does.
 */
import type { ImportEntry, ImportFinding } from "../../contracts/imported.ts";
import type { Caller } from "../../contracts/service.ts";
import type { Staging } from "../../contracts/staging.ts";
import { BACKUP_CODE_SALT_BYTES } from "../../core/backup-code.ts";
import { backupCodeCell, secretCell, tokenCell } from "../../core/cells.ts";
import type { EngineParts } from "../parts.ts";
import { mayAdminister } from "../permission.ts";
import { Turns } from "../turns.ts";
import { type Examined, examine } from "./examine.ts";

/** One at a time: the threads that hash are the ones that logins by backup codes wait for. */
const HASHING = new Turns(1);

/** Hexadecimal digits of half of a row's id: the import's, then the row's own. */
const ROW_DIGITS = 16;

/** @param isTrial to look at alone: nothing of it can come */
export async function beginImport(
  { stagings, random }: EngineParts,
  caller: Caller,
  isTrial: boolean,
): Promise<string> {
  mayAdminister(caller);
  const id = Buffer.from(random(ROW_DIGITS)).toString("hex");
  stagings.open(id, isTrial);
  return id;
}

/** Examines the next entries, and keeps those that are to come. Their secrets are zeroed. */
export async function stageImport(
  parts: EngineParts,
  caller: Caller,
  id: string,
  entries: readonly ImportEntry[],
): Promise<readonly ImportFinding[]> {
  mayAdminister(caller);
  const staging = parts.stagings.find(id);
  try {
    const findings: ImportFinding[] = [];
    const coming: Coming[] = [];
    await parts.store.read(async (view) => {
      for (const entry of entries) {
        const examined = await examine(view, parts, staging, entry);
        findings.push(examined.finding);
        const row = keep(parts, staging, id, entry, examined);
        if (row !== undefined) coming.push({ ...entry, row });
      }
    });
    if (!staging.isTrial) for (const each of coming) await keepCodes(parts, staging, each);
    return findings;
  } catch (error) {
    // Whatever is half of it is not to come.
    parts.stagings.close(id);
    throw error;
  } finally {
    for (const { secret } of entries) secret.fill(0);
  }
}

export async function abandonImport(
  { stagings }: EngineParts,
  caller: Caller,
  id: string,
): Promise<void> {
  mayAdminister(caller);
  stagings.close(id);
}

/** One that is to come, and the id of its row. */
interface Coming extends Pick<ImportEntry, "user" | "scratchCodes"> {
  readonly row: string;
}

/** The id of its row, where it is to come. */
function keep(
  { sealer }: EngineParts,
  staging: Staging,
  id: string,
  entry: ImportEntry,
  { finding, mark }: Examined,
): string | undefined {
  if (mark === undefined || finding.state === "unfit") return undefined;
  const { place, user, method, secret, algorithm, digits, period, lastCounter, skew, isFound } =
    entry;
  const own = { place, user, method, serial: mark.serial };
  if (finding.state === "here") {
    staging.add({ ...own, digest: mark.digest });
    return undefined;
  }
  // In the order in which they come: rows of a million ids at random are slow to add.
  const row = id.slice(0, ROW_DIGITS) + staging.size.toString(16).padStart(ROW_DIGITS, "0");
  const cell = user === undefined ? tokenCell(own) : secretCell({ id: row, user });
  const sealedSecret = sealer.seal(secret, cell);
  const parameters = { algorithm, digits, period, lastCounter, skew, isFound };
  staging.add({ ...own, digest: mark.digest }, { ...own, id: row, sealedSecret, ...parameters });
  return row;
}

/** Kept as backup codes are: a slow hash each, of one salt. */
async function keepCodes(
  { random, slowHash, scryptCost, sealer }: EngineParts,
  staging: Staging,
  { user, scratchCodes, row }: Coming,
): Promise<void> {
  if (user === undefined || scratchCodes.length === 0) return;
  const salt = random(BACKUP_CODE_SALT_BYTES);
  const cell = backupCodeCell(user);
  const hashes = await HASHING.take(async () => {
    const made: Buffer[] = [];
    for (const code of new Set(scratchCodes)) {
      made.push(sealer.bind(await slowHash(code, salt, scryptCost), cell));
    }
    return made;
  });
  staging.setCodes(row, { salt, cost: scryptCost, hashes });
}
