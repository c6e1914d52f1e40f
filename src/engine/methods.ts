/** Methods that a service judges, as administrators set them up and users enroll in them. */
import type { Conversation } from "../contracts/conversation.ts";
import type { ChallengeMethod } from "../contracts/method.ts";
import type {
  Caller,
  MethodHealth,
  MethodState,
  Origin,
  PurgeOutcome,
  VerifyOutcome,
} from "../contracts/service.ts";
import { BACKUP_CODE } from "../core/backup-code.ts";
import { methodSecretCell } from "../core/cells.ts";
import { Fault } from "../core/fault.ts";
import { METHOD_NAMES } from "../core/method-name.ts";
import { printable } from "../core/printable.ts";
import { YUBIKEY } from "../core/yubikey-otp.ts";
import { judgeByChallenge, openSecret } from "./challenge.ts";
import { unavailable } from "./conclude.ts";
import { mustBeOn } from "./enroll.ts";
import { demandLeave, sayBanner } from "./leave-to-enroll.ts";
import type { EngineParts } from "./parts.ts";
import { mayActOn, mayAdminister } from "./permission.ts";
import { record } from "./record.ts";

export async function listMethods(
  { store, methods }: EngineParts,
  caller: Caller,
): Promise<MethodState[]> {
  mayAdminister(caller);
  return store.read(async (view) => {
    const enrolled = await view.authenticators.tally();
    const states: MethodState[] = [];
    for (const method of METHOD_NAMES) {
      const own = method === BACKUP_CODE ? await view.backupCodes.tally() : enrolled.get(method);
      states.push({
        method,
        on: methods.some(({ name }) => name === method),
        hasSecret: (await view.methodSecrets.find(method)) !== undefined,
        enrolled: own ?? 0,
      });
    }
    return states;
  });
}

/** For good. Backup codes are for who has something to fall back from, and go with the last of it. */
export async function purgeMethod(
  parts: EngineParts,
  caller: Caller,
  name: string,
): Promise<PurgeOutcome> {
  mayAdminister(caller);
  const method = METHOD_NAMES.find((each) => each === name);
  if (!method) throw new Fault("usage", `there is no method ${printable(name)}`);
  return parts.store.transact(async (tx) => {
    const isCodes = method === BACKUP_CODE;
    const removed = isCodes
      ? await tx.backupCodes.purge("all")
      : (await tx.authenticators.purge(method)) + (await tx.tokens.purge(method));
    const backupCodeSets = isCodes ? 0 : await tx.backupCodes.purge("stranded");
    await tx.methodSecrets.remove(method);
    await tx.accounts.forgetPreferredMethod(method);
    const detail = `removed=${removed} backup-code-sets=${backupCodeSets}`;
    await record(tx, parts, caller, { action: "method-purge", method, detail });
    return { method, removed, backupCodeSets };
  });
}

/** Sealed under a name of its own, so a method need not be set up yet to have its secret. */
export async function setMethodSecret(
  parts: EngineParts,
  caller: Caller,
  method: string,
  secret: string,
): Promise<void> {
  mayAdminister(caller);
  const plain = Buffer.from(secret);
  const sealed = parts.sealer.seal(plain, methodSecretCell(method));
  plain.fill(0);
  await parts.store.transact(async (tx) => {
    await tx.methodSecrets.set(method, sealed, parts.clock.now());
    await record(tx, parts, caller, { action: "method-secret-set", method });
  });
}

export async function checkMethod(
  parts: EngineParts,
  caller: Caller,
  name: string,
): Promise<MethodHealth> {
  mayAdminister(caller);
  const method = await challengeMethod(parts, name);
  const secret = await openSecret(parts, method);
  try {
    return { method: name, ...(await method.check(secret)) };
  } finally {
    secret.fill(0);
  }
}

/** Beside what they have, which a fresh code shows to be theirs. */
export async function enrollByChallenge(
  parts: EngineParts,
  caller: Caller,
  user: string,
  name: string,
  origin: Origin,
  conversation: Conversation,
): Promise<VerifyOutcome> {
  mayActOn(caller, user);
  const method = await challengeMethod(parts, name);
  mustBeOn(parts, caller);
  const { isProven, invitation } = await demandLeave(parts, caller, user, conversation);
  await sayBanner(parts, conversation);
  if (method.word === undefined) throw new Fault("usage", `${name} is enrolled by its codes`);
  const answer = { shape: method.word, code: "" } as const;
  const own = { enrolls: { isProven }, invitation };
  const request = { user, origin, caller, method, answer, ...own };
  const { reason, ...outcome } = await judgeByChallenge(parts, request, conversation).catch(
    (error: unknown) => unavailable(parts, request, error),
  );
  if (outcome.fault) throw outcome.fault;
  const mayKnow = caller.uid === 0 || caller.ownsStore;
  return mayKnow && reason !== undefined ? { ...outcome, reason } : outcome;
}

async function challengeMethod(
  { methods, store }: EngineParts,
  name: string,
): Promise<ChallengeMethod> {
  const found = methods.find((each) => each.name === name && each.kind === "challenge");
  if (found?.kind === "challenge") return found;
  const isSetUp = (await store.read((view) => view.methodSecrets.find(name))) !== undefined;
  // One that is off at first, or judges here as well, has nothing by which to tell.
  const isDuos = name.startsWith("duo-");
  const what = isSetUp ? "is off" : isDuos ? "is not set up" : "is off, or not set up";
  const enable = `countersign method enable ${name}`;
  const setUp = isDuos ? `countersign duo configure ${name}` : enable;
  const hint = isSetUp ? enable : name === YUBIKEY ? "countersign help yubikey configure" : setUp;
  throw new Fault("usage", `${name} ${what}`, { hint });
}
