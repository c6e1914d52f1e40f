/** Backup codes: made, shown once, kept as hashes. A new set kills the old one. */
import type { Conversation } from "../contracts/conversation.ts";
import type { BackupCodeStatus, Caller } from "../contracts/service.ts";
import type { Transaction } from "../contracts/store.ts";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { demandFreshCode, mustStillHaveNothing } from "./fresh-code.ts";
import { newBackupCodes } from "./new-backup-codes.ts";
import type { EngineParts } from "./parts.ts";
import { mayActOn } from "./permission.ts";
import { record } from "./record.ts";

/** @throws Fault `conflict` for a user with no authenticator: a backup needs something to back up */
export async function generateBackupCodes(
  parts: EngineParts,
  caller: Caller,
  user: string,
  conversation: Conversation,
): Promise<readonly string[]> {
  mayActOn(caller, user);
  const isProven = await demandFreshCode(parts, caller, user, conversation);
  // Ten slow hashes are not made for one who cannot have them.
  await parts.store.read((view) => mustHaveAuthenticator(view, user));
  const { codes, set } = await newBackupCodes(parts, user);
  await parts.store.transact(async (tx) => {
    await mustHaveAuthenticator(tx, user);
    if (!isProven) await mustStillHaveNothing(tx, user);
    await tx.backupCodes.replace(user, set, parts.clock.now());
    await record(tx, parts, caller, { action: "backup-codes-generate", user });
  });
  return codes;
}

export async function backupCodeStatus(
  parts: EngineParts,
  caller: Caller,
  user: string,
): Promise<BackupCodeStatus> {
  mayActOn(caller, user);
  const set = await parts.store.read((view) => view.backupCodes.find(user));
  return { user, left: set?.left ?? 0, createdAt: set?.createdAt };
}

/** How many unused codes died. */
export async function revokeBackupCodes(
  parts: EngineParts,
  caller: Caller,
  user: string,
  conversation: Conversation,
): Promise<number> {
  mayActOn(caller, user);
  const isProven = await demandFreshCode(parts, caller, user, conversation);
  return parts.store.transact(async (tx) => {
    if (!isProven) await mustStillHaveNothing(tx, user);
    const revoked = await tx.backupCodes.revoke(user);
    await record(tx, parts, caller, { action: "backup-codes-revoke", user, detail: `${revoked}` });
    return revoked;
  });
}

async function mustHaveAuthenticator(view: Transaction, user: string): Promise<void> {
  const overview = await view.accounts.overview(user);
  if (overview?.authenticators.some(({ status }) => status === "active")) return;
  const name = printable(user);
  throw new Fault("conflict", `${name} has no authenticator`, {
    hint: `countersign enroll ${name}`,
  });
}
