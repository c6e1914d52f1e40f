/**
 * A verification that somebody else judges, such as Duo, and that takes a person's time. No
 * transaction waits for them: the attempt is counted before (DESIGN.md 6.2), and what comes
 * back is held once more against the store before it is recorded and believed (6.3).
 */
import type { Conversation } from "../contracts/conversation.ts";
import type {
  Approval,
  Challenge,
  ChallengeMethod,
  ChallengeOutcome,
} from "../contracts/method.ts";
import type { VerifyOutcome } from "../contracts/service.ts";
import type { RemoteAuthenticator, Transaction } from "../contracts/store.ts";
import { throttleKey } from "../core/account.ts";
import type { Shape } from "../core/answer.ts";
import { decoyCell, methodSecretCell, secretCell } from "../core/cells.ts";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import type { Reason } from "../core/verdict.ts";
import { conclude } from "./conclude.ts";
import { barredBy, isEnrolled, throttled, unenrolled, type VerifyRequest } from "./judge.ts";
import type { EngineParts } from "./parts.ts";

export interface ChallengeRequest extends VerifyRequest {
  readonly answer: { readonly shape: Shape; readonly code: string };
  readonly method: ChallengeMethod;
}

/** How matters stood when the attempt was counted. */
interface Opening {
  readonly access: Challenge["access"];
  readonly name: string;
  readonly barred: Reason | undefined;
  /** The one that the answer is of. */
  readonly enrolled: RemoteAuthenticator | undefined;
}

/** `broken`: something of this host's own, such as its CA file: never a matter of a fail mode. */
type Outcome = ChallengeOutcome | { readonly kind: "broken"; readonly fault: Fault };

export async function judgeByChallenge(
  parts: EngineParts,
  request: ChallengeRequest,
  conversation: Conversation,
): Promise<VerifyOutcome> {
  // Before the attempt is counted: nobody is to be delayed because nothing is set up.
  const secret = await openSecret(parts, request.method);
  let kept: Buffer | undefined;
  let outcome: Outcome | undefined;
  try {
    const opening = await parts.store.transact((tx) => open(tx, parts, request));
    if ("verdict" in opening) return opening;
    kept = openKept(parts, opening);
    const lent = { secret, kept, decoy: decoyOf(parts, request) };
    const settled = await challenge(request, opening, lent, conversation);
    outcome = settled;
    if (settled.kind === "broken" && settled.fault.code === "usage") {
      await parts.store.transact((tx) => forget(tx, parts, request));
      throw settled.fault;
    }
    return await parts.store.transact((tx) => settle(tx, parts, request, opening, settled));
  } finally {
    secret.fill(0);
    kept?.fill(0);
    if (outcome?.kind === "approved") outcome.keep?.fill(0);
  }
}

/** Nothing was begun: what was typed could not be what was asked for, or they left before. */
async function forget(
  tx: Transaction,
  { policy }: EngineParts,
  { user, method }: ChallengeRequest,
): Promise<void> {
  await tx.attempts.forgive(throttleKey(user), policy.throttle);
  await tx.challengeStarts.giveBack(throttleKey(user), method.name);
}

/** What somebody is shown who has nothing of this method is made of this. */
function decoyOf({ sealer }: EngineParts, { user, method }: ChallengeRequest): Buffer {
  return sealer.bind(new Uint8Array(), decoyCell(method.name, user));
}

function openKept({ sealer }: EngineParts, { enrolled, access }: Opening): Buffer | undefined {
  const sealed = access === "enroll" ? undefined : enrolled?.sealedSecret;
  return enrolled && sealed ? sealer.open(sealed, secretCell(enrolled)) : undefined;
}

/** A method's secret in the clear; the caller zeroes it. @throws Fault */
export async function openSecret(
  { store, sealer }: Pick<EngineParts, "store" | "sealer">,
  method: Pick<ChallengeMethod, "name" | "needsSecret" | "setUp" | "outage">,
): Promise<Buffer> {
  const { name, needsSecret, setUp, outage } = method;
  const sealed = await store.read((view) => view.methodSecrets.find(name));
  if (sealed) return sealer.open(sealed, methodSecretCell(name));
  if (!needsSecret) return Buffer.alloc(0);
  const code = outage === "yubikey" ? "yubikey-refused" : "duo-refused";
  throw new Fault(code, `no secret of ${name} is stored`, { hint: setUp });
}

async function open(
  tx: Transaction,
  parts: EngineParts,
  request: ChallengeRequest,
): Promise<Opening | VerifyOutcome> {
  const { user, method } = request;
  const { clock, policy } = parts;
  const key = throttleKey(user);
  await tx.attempts.sweep(clock.now(), policy.throttle);
  const admission = await tx.attempts.count(key, clock.now(), policy.throttle);
  if (!admission.admitted) {
    return conclude(tx, parts, request, throttled(user, admission.retryAt));
  }
  const startsAgain = await countStart(tx, parts, request);
  if (startsAgain !== undefined) {
    await tx.attempts.forgive(key, policy.throttle);
    const reason = "too-many-challenges";
    return conclude(tx, parts, request, { ...throttled(user, startsAgain), reason });
  }
  const account = await tx.accounts.find(user);
  const barred = await barredBy(tx, user);
  const enrolled = await enrolledFor(tx, request);
  const access = await accessOf(tx, parts, request, enrolled !== undefined);
  return {
    enrolled,
    access: barred === undefined ? access : "none",
    name: account?.alias ?? method.nameOf(user),
    barred,
  };
}

/** When the next may begin, where no more may now. Counted for names that nobody has, too. */
async function countStart(
  tx: Transaction,
  { clock }: EngineParts,
  { user, method }: ChallengeRequest,
): Promise<number | undefined> {
  if (!method.limit) return undefined;
  await tx.challengeStarts.sweep(clock.now());
  return tx.challengeStarts.take(throttleKey(user), method.name, clock.now(), method.limit);
}

/** That of the serial number that the answer names, where the method has several. */
function enrolledFor(
  tx: Transaction,
  { user, method, answer }: ChallengeRequest,
): Promise<RemoteAuthenticator | undefined> {
  return tx.authenticators.findRemote(user, method.name, method.serialOf?.(answer.code));
}

/**
 * Who has something else enrolled is not let in by Duo until they enrolled in it, which takes
 * a fresh code: else whoever has the password could enroll a phone of their own at Duo.
 */
async function accessOf(
  tx: Transaction,
  { policy }: EngineParts,
  { user, method, enrolls, invitation, mustBeInvited = false }: ChallengeRequest,
  enrolled: boolean,
): Promise<Challenge["access"]> {
  const has = await tx.accounts.isAnySpellingEnrolled(throttleKey(user));
  if (enrolls) return "enroll";
  if (enrolled) return "challenge";
  if (!method.enrollsAtLogin) return "none";
  const asksInvitation = policy.unenrolled === "invite" || mustBeInvited;
  return has || (asksInvitation && invitation === undefined) ? "none" : "enroll";
}

async function challenge(
  { user, origin, answer, method }: ChallengeRequest,
  { access, name }: Opening,
  lent: Pick<Challenge, "secret" | "kept" | "decoy">,
  conversation: Conversation,
): Promise<Outcome> {
  try {
    return await method.challenge({ user, name, origin, access, ...lent, ...answer }, conversation);
  } catch (error) {
    if (error instanceof Fault) return { kind: "broken", fault: error };
    throw error;
  }
}

async function settle(
  tx: Transaction,
  parts: EngineParts,
  request: ChallengeRequest,
  opening: Opening,
  outcome: Outcome,
): Promise<VerifyOutcome> {
  const { user, method } = request;
  const named = { user: printable(user), method: method.name };
  const detail = "fault" in outcome ? outcome.fault.message : outcome.detail;
  const end = (told: VerifyOutcome) => conclude(tx, parts, request, told, detail);
  const reject = (reason: Reason) => end({ verdict: "reject", ...named, reason });
  if ("fault" in outcome) return end(await outOfReach(tx, parts, request, outcome));

  if (opening.barred) return reject(opening.barred);
  if (outcome.kind === "approved" && opening.access !== "none") {
    const account = await tx.accounts.find(user);
    if (account?.disabledAt !== undefined) return reject("disabled");
    // Whoever approved was asked by a name that is the user's no longer.
    if ((account?.alias ?? method.nameOf(user)) !== opening.name) return reject("not-enrolled");
    if (!(await noteUse(tx, parts, request, opening, outcome))) {
      return reject(outcome.counter === undefined ? "not-enrolled" : "replayed");
    }
    await tx.attempts.clear(throttleKey(user));
    return end({ verdict: "accept", ...named });
  }
  if (outcome.kind === "refused" && outcome.noAttempt) await forget(tx, parts, request);
  const reason = outcome.kind === "refused" ? outcome.reason : "not-enrolled";
  const isUnknown = reason === "not-enrolled" && !(await isEnrolled(tx, parts, user));
  if (!isUnknown) return reject(reason);
  return end(await unenrolled(tx, parts, user, throttleKey(user)));
}

/**
 * The statement that acceptance hangs on: a reset while the phone rang has taken away what
 * would be used, and a second login may have enrolled what this one would.
 */
async function noteUse(
  tx: Transaction,
  parts: EngineParts,
  request: ChallengeRequest,
  { access, enrolled }: Opening,
  { keep, counter }: Approval,
): Promise<boolean> {
  const { user, method, answer, enrolls, invitation } = request;
  const at = parts.clock.now();
  const known = await enrolledFor(tx, request);
  // What was challenged is what is used: another may have taken its place meanwhile.
  if (known && access === "challenge" && known.id !== enrolled?.id) return false;
  if (known && !(keep && access === "enroll")) {
    return tx.authenticators.noteUse(known.id, at, counter);
  }
  if (access !== "enroll") return false;
  // By any method, also by those that do not count for this login, and since it was asked for.
  const has = await tx.accounts.isAnySpellingEnrolled(throttleKey(user));
  if (has && !enrolls?.isProven) return false;
  const id = Buffer.from(parts.random(16)).toString("hex");
  const serial = method.serialOf?.(answer.code);
  const sealedSecret = keep && parts.sealer.seal(keep, secretCell({ id, user }));
  const added: RemoteAuthenticator = { id, user, method: method.name, serial, sealedSecret };
  await tx.accounts.ensure(user, throttleKey(user), at);
  if (invitation !== undefined && !(await tx.invitations.use(invitation, user, at))) return false;
  await tx.invitations.revoke(user);
  // Begun while there was nothing to ask a code of, by whoever sat there: not to be confirmed now.
  await tx.authenticators.remove(user, undefined, "pending");
  if (known) await tx.authenticators.remove(user, method.name, undefined, known.serial ?? "");
  return tx.authenticators.addRemote(added, at, counter);
}

/** Duo cannot be asked. Nobody is let in, but by the fail mode; and no attempt was made then. */
async function outOfReach(
  tx: Transaction,
  parts: EngineParts,
  { user, method, enrolls }: ChallengeRequest,
  outcome: Extract<Outcome, { readonly fault: Fault }>,
): Promise<VerifyOutcome> {
  const { fault } = outcome;
  const untouched = outcome.kind === "unavailable" && outcome.untouched;
  const isNoAttempt = outcome.kind === "broken" || outcome.noAttempt;
  const key = throttleKey(user);
  const named = { user: printable(user), method: method.name, fault };
  if (isNoAttempt) await tx.attempts.forgive(key, parts.policy.throttle);
  // In an enrollment, the way may have failed once the message was on it.
  if (isNoAttempt && !enrolls) await tx.challengeStarts.giveBack(key, method.name);
  const disabled = (await tx.accounts.find(user))?.disabledAt !== undefined;
  const mayPass = untouched && method.failMode === "safe" && !disabled && !enrolls;
  if (!mayPass || !(await hasThisAlone(tx, parts, user, method))) {
    return { verdict: "unavailable", ...named, reason: method.outage ?? "duo" };
  }
  return { verdict: "exempt", ...named, reason: "duo-unreachable-allowed" };
}

/** Whoever has another way in takes that, unless it is one that would open as well. */
async function hasThisAlone(
  tx: Transaction,
  { methods }: EngineParts,
  user: string,
  method: ChallengeMethod,
): Promise<boolean> {
  const overview = await tx.accounts.overview(user);
  if (!overview || overview.backupCodesLeft > 0) return false;
  const opens = (name: string): boolean =>
    methods.some(
      (each) => each.name === name && each.kind === "challenge" && each.failMode === "safe",
    );
  const active = overview.authenticators.filter(({ status }) => status === "active");
  return (
    active.some((each) => each.method === method.name) &&
    active.every((each) => each.method === method.name || opens(each.method))
  );
}
