/**
 * Enrollment in two steps: a secret is begun, and becomes active only when a code proves
 * that the phone has it. What it replaces works until then.
 */
import type { Conversation } from "../contracts/conversation.ts";
import type { Caller, Confirmation, Enrollment, EnrollOptions } from "../contracts/service.ts";
import type { Authenticator, Transaction } from "../contracts/store.ts";
import { throttleKey } from "../core/account.ts";
import { secretCell } from "../core/cells.ts";
import { Fault } from "../core/fault.ts";
import { HOTP, isCounterBased } from "../core/hotp.ts";
import { isTimeBased, SECRET_BYTES } from "../core/totp.ts";
import type { Reason, Verdict } from "../core/verdict.ts";
import { mustStillHaveNothing } from "./fresh-code.ts";
import { byInvitation, useInvitation } from "./invitations.ts";
import { throttled } from "./judge.ts";
import { demandLeave } from "./leave-to-enroll.ts";
import { newBackupCodes } from "./new-backup-codes.ts";
import { type CheckedCode, checkCode, checkCounted, describe } from "./new-secret.ts";
import type { EngineParts } from "./parts.ts";
import { isAdministrator, mayActOn } from "./permission.ts";
import { record } from "./record.ts";

const ROOT = 0;

export async function beginEnrollment(
  parts: EngineParts,
  caller: Caller,
  user: string,
  asked: EnrollOptions,
  conversation: Conversation,
): Promise<Enrollment> {
  const options = asked.method === HOTP ? { ...asked, period: undefined } : asked;
  mayActOn(caller, user);
  mustBeEnrollable(parts, options.method);
  mustBeOn(parts, caller);
  const { isProven, invitation } = await demandLeave(parts, caller, user, conversation);
  const secret = parts.random(SECRET_BYTES[options.algorithm]);
  try {
    const begun = { ...options, invitation, isProven };
    const expiresAt = await storePending(parts, caller, user, begun, secret);
    const issuer = options.issuer ?? parts.policy.issuer;
    const { banner } = parts.policy.texts;
    return { ...describe(user, issuer, options, secret, expiresAt), ...(banner ? { banner } : {}) };
  } finally {
    secret.fill(0);
  }
}

/** Proves that the phone has the secret, then makes it active and hands out backup codes. */
export async function confirmEnrollment(
  parts: EngineParts,
  caller: Caller,
  user: string,
  method: string,
  typed: string,
): Promise<Confirmation> {
  mayActOn(caller, user);
  const pending = await parts.store.read((view) => findPending(view, parts, user, method));
  if (!pending) return { status: "not-begun" };
  const { match, offset, retryAt } = await parts.store.transact((tx) =>
    judgePending(tx, parts, caller, pending, typed),
  );
  if (retryAt !== undefined) throw tooManyGuesses();
  if (!match)
    return { status: "wrong-code", ...(offset === undefined ? {} : { clockOffset: offset }) };

  const { codes, set } = await newBackupCodes(parts, user);
  return parts.store.transact(async (tx): Promise<Confirmation> => {
    const at = parts.clock.now();
    await refuseDisabled(tx, user);
    const active = await tx.authenticators.activate(pending.id, match.step, match.drift, at);
    if (!active) return { status: "not-begun" };
    await dropBegun(tx, user);
    await useInvitation(tx, user, pending.invitation, at);
    await tx.backupCodes.replace(user, set, at);
    await tx.attempts.clear(throttleKey(user));
    const detail = byInvitation(pending.invitation);
    const told = { user, verdict: "accept", method, ...detail } as const;
    await record(tx, parts, caller, { action: "enroll-confirm", ...told });
    return { status: "active", backupCodes: codes };
  });
}

/**
 * Nobody sets up what nobody is asked for: they would take themselves for protected.
 * @throws Fault `refused`
 */
export function mustBeOn({ policy }: EngineParts, caller: Caller): void {
  if (policy.enabled || caller.uid === ROOT || caller.ownsStore) return;
  throw new Fault(
    "refused",
    "the policy of this host is off: nobody is asked for a second factor",
    {
      hint: "ask an administrator, who switches it on with: countersign policy on",
    },
  );
}

export async function cancelEnrollment(
  parts: EngineParts,
  caller: Caller,
  user: string,
  method: string,
): Promise<void> {
  mayActOn(caller, user);
  await parts.store.transact(async (tx) => {
    const removed = await tx.authenticators.remove(user, method, "pending");
    if (removed > 0) await record(tx, parts, caller, { action: "enroll-cancel", user, method });
  });
}

/**
 * What was begun while there was nothing to ask a code of, by whoever sat there, is not to be
 * confirmed once there is.
 */
export async function dropBegun(tx: Transaction, user: string): Promise<void> {
  await tx.authenticators.remove(user, undefined, "pending");
}

interface Begun extends EnrollOptions {
  readonly invitation: string | undefined;
  /** False where there was nothing to ask a code of. */
  readonly isProven: boolean;
}

function storePending(
  parts: EngineParts,
  caller: Caller,
  user: string,
  { method, algorithm, digits, period, invitation, isProven }: Begun,
  secret: Uint8Array,
): Promise<number> {
  const id = Buffer.from(parts.random(16)).toString("hex");
  const sealedSecret = parts.sealer.seal(secret, secretCell({ id, user }));
  return parts.store.transact(async (tx) => {
    const createdAt = parts.clock.now();
    const expiresAt = createdAt + parts.policy.enrollmentLifetime;
    await refuseDisabled(tx, user);
    if (!isProven) await mustStillHaveNothing(tx, user);
    await tx.accounts.ensure(user, throttleKey(user), createdAt);
    const parameters = { algorithm, digits, period };
    const row = { id, user, method, ...parameters, sealedSecret, createdAt, expiresAt, invitation };
    await tx.authenticators.begin(row);
    await record(tx, parts, caller, { action: "enroll-begin", user, method });
    return expiresAt;
  });
}

/** One-time passwords are what a phone is given a secret for, and what tokens show. */
export const BY_SECRET: readonly string[] = ["totp", HOTP];

/** @throws Fault `usage` */
export function mustBeEnrollable({ methods }: EngineParts, method: string): void {
  if (BY_SECRET.includes(method) && methods.some(({ name }) => name === method)) return;
  throw new Fault("usage", "there is no such method to enroll", {
    hint: "countersign enroll --method totp",
  });
}

/** @throws Fault `refused` */
export async function refuseDisabled(tx: Transaction, user: string): Promise<void> {
  if ((await tx.accounts.find(user))?.disabledAt === undefined) return;
  throw new Fault("refused", `${user} is disabled`, { hint: `countersign user enable ${user}` });
}

async function findPending(
  view: Transaction,
  parts: EngineParts,
  user: string,
  method: string,
): Promise<Authenticator | undefined> {
  const pending = await view.authenticators.find(user, method, "pending");
  return pending && (pending.expiresAt ?? 0) > parts.clock.now() ? pending : undefined;
}

function checkPending(parts: EngineParts, pending: Authenticator, typed: string): CheckedCode {
  const secret = parts.sealer.open(pending.sealedSecret, secretCell(pending));
  try {
    if (isTimeBased(pending)) return checkCode(parts, secret, pending, typed);
    return isCounterBased(pending) ? checkCounted(parts, secret, pending, typed) : {};
  } finally {
    secret.fill(0);
  }
}

interface JudgedCode extends CheckedCode {
  /** Where no code is looked at before. */
  readonly retryAt?: number;
}

/**
 * Whoever shares the user's session may try codes of what somebody else began: so each is an
 * attempt, counted before it is judged. Not an administrator's, who has no need to guess.
 */
async function judgePending(
  tx: Transaction,
  parts: EngineParts,
  caller: Caller,
  pending: Authenticator,
  typed: string,
): Promise<JudgedCode> {
  const { user, method } = pending;
  const refuse = (verdict: Verdict, reason: Reason | undefined) =>
    record(tx, parts, caller, { action: "enroll-confirm", user, method, verdict, reason });
  if (!isAdministrator(caller)) {
    const [at, { throttle }] = [parts.clock.now(), parts.policy];
    await tx.attempts.sweep(at, throttle);
    const admission = await tx.attempts.count(throttleKey(user), at, throttle);
    if (!admission.admitted) {
      await refuse("throttled", throttled(user, admission.retryAt).reason);
      return { retryAt: admission.retryAt };
    }
  }
  const checked = checkPending(parts, pending, typed);
  if (!checked.match) await refuse("reject", "wrong-code");
  return checked;
}

function tooManyGuesses(): Fault {
  return new Fault("refused", "too many failed attempts: nothing was changed", {
    hint: "try again later, or ask an administrator: countersign user unlock",
  });
}
