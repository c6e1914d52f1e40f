/** Backup codes as they are made: for the person once, and for the store as slow hashes. */
import {
  BACKUP_CODE_LENGTH,
  BACKUP_CODE_SALT_BYTES,
  BACKUP_CODES_PER_SET,
  backupCodeFrom,
} from "../core/backup-code.ts";
import { backupCodeCell } from "../core/cells.ts";
import type { EngineParts } from "./parts.ts";

/** A new set: the codes for the person, the salt and hashes for the store. */
export async function newBackupCodes(
  { random, slowHash, scryptCost, sealer }: EngineParts,
  user: string,
) {
  const codes = new Set<string>();
  while (codes.size < BACKUP_CODES_PER_SET) codes.add(backupCodeFrom(random(BACKUP_CODE_LENGTH)));
  const salt = random(BACKUP_CODE_SALT_BYTES);
  const cell = backupCodeCell(user);
  const hashes = await Promise.all(
    [...codes].map(async (code) => sealer.bind(await slowHash(code, salt, scryptCost), cell)),
  );
  return { codes: [...codes], set: { salt, cost: scryptCost, hashes } };
}
