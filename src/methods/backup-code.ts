/** The method `backup-code`: look-up secrets, hashed once per set and spent once. */
import type { CodeMethod } from "../contracts/method.ts";
import {
  BACKUP_CODE,
  BACKUP_CODE_LENGTH,
  BACKUP_CODE_SALT_BYTES,
  DIGIT_CODE_LENGTH,
  DIGIT_CODES_FACT,
} from "../core/backup-code.ts";
import { backupCodeCell } from "../core/cells.ts";

export const backupCode: CodeMethod = {
  name: BACKUP_CODE,
  kind: "code",
  shapes: ["backup-code", "one-time-password"],

  /** Digits are only where another system's single-use codes were imported, for anybody. */
  async takes(code, store) {
    if (code.length === BACKUP_CODE_LENGTH) return true;
    if (code.length !== DIGIT_CODE_LENGTH) return false;
    return (await store.read((view) => view.facts.get(DIGIT_CODES_FACT))) !== undefined;
  },

  async isEnrolled(tx, user) {
    const set = await tx.backupCodes.find(user);
    return set !== undefined && set.left > 0;
  },

  /** One hash for one attempt, whether or not there is a set: the time tells nothing. */
  async prepare(store, user, code, { random, slowHash, scryptCost, sealer }) {
    const set = await store.read((view) => view.backupCodes.find(user));
    const hash = await slowHash(
      code,
      set?.salt ?? random(BACKUP_CODE_SALT_BYTES),
      set?.cost ?? scryptCost,
    );
    return sealer.bind(hash, backupCodeCell(user));
  },

  async judge(tx, { user, at }, _parts, prepared) {
    if (!prepared) return { accepted: false, reason: "wrong-code" };
    if (await tx.backupCodes.spend(user, prepared, at)) return { accepted: true };
    const replayed = await tx.backupCodes.wasSpent(user, prepared);
    return { accepted: false, reason: replayed ? "replayed" : "wrong-code" };
  },
};
