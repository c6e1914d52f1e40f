/**
 * Enrollment within a login: the secret is shown, a code of it asked for, the backup codes shown,
 * and then, in one statement of the store, all of it becomes active and the login is accepted.
 * Until then the secret is nowhere but here, so that whatever cuts it short leaves nothing.
 */
import type { Conversation } from "../contracts/conversation.ts";
import type { VerifyOutcome } from "../contracts/service.ts";
import type { Transaction } from "../contracts/store.ts";
import { throttleKey } from "../core/account.ts";
import { secretCell } from "../core/cells.ts";
import { backupCodeLines, enrollmentBanner, wrongCodeLines } from "../core/enrollment-words.ts";
import { printable } from "../core/printable.ts";
import { DEFAULT_PARAMETERS, type Match, SECRET_BYTES } from "../core/totp.ts";
import { conclude, recordAlone, unanswered } from "./conclude.ts";
import { byInvitation } from "./invitations.ts";
import { barredBy, throttled, type VerifyRequest } from "./judge.ts";
import { newBackupCodes } from "./new-backup-codes.ts";
import { type CheckedCode, checkCode, describe } from "./new-secret.ts";
import type { EngineParts } from "./parts.ts";
import { record } from "./record.ts";

const METHOD = "totp";
const TRIES = 3;

/** Codes of an app, which is what can be set up without another program. */
export function canEnrollHere({ methods }: EngineParts): boolean {
  return methods.some(({ name }) => name === METHOD);
}

/** @throws what the conversation throws; Fault */
export async function enrollAtLogin(
  parts: EngineParts,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<VerifyOutcome> {
  const delayed = await begin(parts, request);
  if (delayed) return delayed;
  const secret = parts.random(SECRET_BYTES[DEFAULT_PARAMETERS.algorithm]);
  try {
    await show(parts, request, secret, conversation);
    const match = await askForCode(parts, request, secret, conversation);
    if ("verdict" in match) return match;
    return await handOver(parts, request, secret, match, conversation);
  } finally {
    secret.fill(0);
  }
}

/** Recorded before anything is shown; the refusal, where a delay is in force. */
function begin(parts: EngineParts, request: VerifyRequest): Promise<VerifyOutcome | undefined> {
  const { user, caller, origin } = request;
  return parts.store.transact(async (tx) => {
    const { throttle } = parts.policy;
    const retryAt = await tx.attempts.retryAt(throttleKey(user), parts.clock.now(), throttle);
    if (retryAt !== undefined) return conclude(tx, parts, request, throttled(user, retryAt));
    const told = { user, origin, method: METHOD, detail: "in a login" };
    await record(tx, parts, caller, { action: "enroll-begin", ...told });
    return undefined;
  });
}

async function show(
  parts: EngineParts,
  { user, origin: { enrolls = "ascii" } }: VerifyRequest,
  secret: Uint8Array,
  conversation: Conversation,
): Promise<void> {
  const options = { method: METHOD, ...DEFAULT_PARAMETERS };
  const content = describe(user, parts.policy.issuer, options, secret, 0);
  const card = await parts.loginCard({ ...content, account: user }, enrolls);
  const { banner } = parts.policy.texts;
  const lead = [...enrollmentBanner(), ...(banner === undefined ? [] : [banner])];
  for (const line of [...lead, "", ...card]) await conversation.info(line);
}

/** Every code is an attempt, counted before it is judged (DESIGN.md 6.2). */
async function askForCode(
  parts: EngineParts,
  request: VerifyRequest,
  secret: Uint8Array,
  conversation: Conversation,
): Promise<Match | VerifyOutcome> {
  for (let left = TRIES; left > 0; left--) {
    const reply = await conversation.prompt("Code from the app: ");
    if (reply.kind !== "text") return recordAlone(parts, request, unanswered(request, reply.kind));
    const judged = await parts.store.transact((tx) =>
      judge(tx, parts, request, secret, reply.text),
    );
    if ("verdict" in judged) return judged;
    if (judged.match) return judged.match;
    if (left > 1) for (const line of wrongCodeLines(judged.offset)) await conversation.info(line);
  }
  return recordAlone(parts, request, rejected(request, "wrong-code"));
}

async function judge(
  tx: Transaction,
  parts: EngineParts,
  request: VerifyRequest,
  secret: Uint8Array,
  typed: string,
): Promise<CheckedCode | VerifyOutcome> {
  const { user, caller, origin } = request;
  const at = parts.clock.now();
  await tx.attempts.sweep(at, parts.policy.throttle);
  const admission = await tx.attempts.count(throttleKey(user), at, parts.policy.throttle);
  if (!admission.admitted) {
    return conclude(tx, parts, request, throttled(user, admission.retryAt));
  }
  const checked = checkCode(parts, secret, DEFAULT_PARAMETERS, typed);
  if (!checked.match) {
    const told = { user, origin, method: METHOD, verdict: "reject", reason: "wrong-code" } as const;
    await record(tx, parts, caller, { action: "enroll-confirm", ...told });
  }
  return checked;
}

/** The backup codes first: who never saw them has nothing enrolled, and begins anew. */
async function handOver(
  parts: EngineParts,
  request: VerifyRequest,
  secret: Uint8Array,
  match: Match,
  conversation: Conversation,
): Promise<VerifyOutcome> {
  const { codes, set } = await newBackupCodes(parts, request.user);
  for (const line of backupCodeLines(codes)) await conversation.info(line);
  // What is said is shown with the next question, and lost where none follows: sshd keeps it.
  const reply = await conversation.prompt("Write these down, then press Enter: ");
  if (reply.kind !== "text") return recordAlone(parts, request, unanswered(request, reply.kind));
  return parts.store.transact((tx) => activate(tx, parts, request, secret, match, set));
}

type Codes = Awaited<ReturnType<typeof newBackupCodes>>["set"];

async function activate(
  tx: Transaction,
  parts: EngineParts,
  request: VerifyRequest,
  secret: Uint8Array,
  { step, drift }: Match,
  codes: Codes,
): Promise<VerifyOutcome> {
  const { user, caller, origin, invitation } = request;
  const at = parts.clock.now();
  const refuse = (reason: Refusal) => conclude(tx, parts, request, rejected(request, reason));
  const barred = await barredBy(tx, user);
  if (barred) return refuse(barred);
  await tx.accounts.ensure(user, throttleKey(user), at);
  if (invitation !== undefined && !(await tx.invitations.use(invitation, user, at))) {
    return refuse("wrong-invitation");
  }
  const id = Buffer.from(parts.random(16)).toString("hex");
  const sealedSecret = parts.sealer.seal(secret, secretCell({ id, user }));
  const enrolled = { id, user, method: METHOD, ...DEFAULT_PARAMETERS, sealedSecret, step, drift };
  // Another login of theirs was faster, or somebody at a terminal.
  if (!(await tx.authenticators.addFirst(enrolled, at))) return refuse("enrolled-meanwhile");
  // Begun by whoever sat there while there was nothing to ask a code of: not to be confirmed now.
  await tx.authenticators.remove(user, undefined, "pending");
  await tx.invitations.revoke(user);
  await tx.backupCodes.replace(user, codes, at);
  await tx.attempts.clear(throttleKey(user));
  const told = { user, origin, method: METHOD, verdict: "accept" } as const;
  await record(tx, parts, caller, {
    ...{ action: "enroll-confirm", ...told },
    ...byInvitation(invitation),
  });
  const accepted = { verdict: "accept", user: printable(user), method: METHOD } as const;
  return conclude(tx, parts, request, accepted);
}

type Refusal = NonNullable<VerifyOutcome["reason"]>;

function rejected({ user }: VerifyRequest, reason: Refusal): VerifyOutcome {
  return { verdict: "reject", user: printable(user), method: METHOD, reason };
}
