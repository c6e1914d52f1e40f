/** From a submitted answer to a verdict. */
import type { CodeMethod, Judgement } from "../contracts/method.ts";
import type { Caller, Origin, VerifyOutcome } from "../contracts/service.ts";
import type { Transaction } from "../contracts/store.ts";
import { isAccount, throttleKey } from "../core/account.ts";
import type { Answer } from "../core/answer.ts";
import { printable } from "../core/printable.ts";
import { LOCKED_FOREVER } from "../core/throttle.ts";
import type { Reason } from "../core/verdict.ts";
import type { EngineParts } from "./parts.ts";
import { Turns } from "./turns.ts";

/** No account has this name. */
const NOBODY = "";

export interface VerifyRequest {
  readonly user: string;
  readonly origin: Origin;
  readonly caller: Caller;
  /** Milliseconds that an accepted answer covers in the same place, where a rule says so. */
  readonly grace?: number | undefined;
  /** The open invitation that was presented in this login. */
  readonly invitation?: string | undefined;
  /** Nothing is enrolled without one, whatever the rule of this login says. */
  readonly mustBeInvited?: boolean;
  /** Where it is no login: it is there to enroll, beside whatever the user has. */
  readonly enrolls?: Enrolling;
}

export interface Enrolling {
  /** True where a code showed that what the user has is theirs, or root is who enrolls. */
  readonly isProven: boolean;
}

export interface Submission extends VerifyRequest {
  readonly answer: Answer;
  /** Those whose shape the answer has, in the order in which they judge it. */
  readonly methods: readonly CodeMethod[];
}

type Prepared = ReadonlyMap<string, Uint8Array>;

/** What was made ready, or the refusal that made it needless. */
export interface Preparation {
  /** By the name of the method. */
  readonly bytes?: Prepared;
  readonly refused?: VerifyOutcome;
}

/**
 * Two, however many ask: the threads that hash look up names as well, and whoever sends wrong
 * backup codes by the thousand must not make Duo look as though it were out of reach.
 */
const TURNS = new Turns(2);

/** What is slow is not done for an answer that is refused unread, by the time its turn comes. */
export async function prepare(
  parts: EngineParts,
  { user, answer, methods }: Submission,
): Promise<Preparation> {
  const { store, clock, policy } = parts;
  const slow = methods.filter(({ prepare }) => prepare !== undefined);
  if (slow.length === 0 || answer.shape === "malformed") return {};
  return TURNS.take(async () => {
    const retryAt = await store.read((view) =>
      view.attempts.retryAt(throttleKey(user), clock.now(), policy.throttle),
    );
    if (retryAt !== undefined) return { refused: throttled(user, retryAt) };
    const bytes = new Map<string, Uint8Array>();
    for (const { name, prepare } of slow) {
      const prepared = await prepare?.(store, user, answer.code, parts);
      if (prepared) bytes.set(name, prepared);
    }
    return { bytes };
  });
}

/** Counts the attempt, then judges it: in this order, in one transaction (DESIGN.md 6.2). */
export async function decide(
  tx: Transaction,
  parts: EngineParts,
  submission: Submission,
  prepared: Prepared | undefined,
): Promise<VerifyOutcome> {
  const { user } = submission;
  const key = throttleKey(user);
  const at = parts.clock.now();
  await tx.attempts.sweep(at, parts.policy.throttle);
  const admission = await tx.attempts.count(key, at, parts.policy.throttle);
  if (!admission.admitted) return throttled(user, admission.retryAt);

  const judged = await judge(tx, parts, submission, at, prepared);
  const { judgement, method } = judged;
  const named = { user: printable(user), ...(method === undefined ? {} : { method }) };
  if (judgement.accepted) {
    await tx.attempts.clear(key);
    return { verdict: "accept", ...named };
  }
  const enrolled = await isEnrolled(tx, parts, user);
  if (judgement.reason !== "disabled" && !enrolled) return unenrolled(tx, parts, user, key);
  return { verdict: "reject", ...named, reason: judgement.reason };
}

/** What came of it, and by which method. */
interface Judged {
  readonly judgement: Judgement;
  readonly method?: string;
}

async function judge(
  tx: Transaction,
  parts: EngineParts,
  { user, answer, methods }: Submission,
  at: number,
  prepared: Prepared | undefined,
): Promise<Judged> {
  const barred = await barredBy(tx, user);
  if (answer.shape === "malformed") return { judgement: refused(barred ?? "malformed") };
  // Judged against nobody's: it takes as long, and spends nothing.
  const judged = barred === undefined ? user : NOBODY;
  const attempt = { user: judged, code: answer.code, at };
  let found: Judged = { judgement: refused("no-such-method") };
  for (const method of methods) {
    const { name } = method;
    const judgement = await method.judge(tx, attempt, parts, prepared?.get(name));
    if (tellsMore(judgement, found.judgement)) found = { judgement, method: name };
    if (judgement.accepted) break;
  }
  return barred === undefined ? found : { ...found, judgement: refused(barred) };
}

/** What a method says of a code of another's is little beside what its own says. */
function tellsMore(one: Judgement, other: Judgement): boolean {
  return rankOf(one) > rankOf(other);
}

function rankOf(judgement: Judgement): number {
  if (judgement.accepted) return Number.POSITIVE_INFINITY;
  const { reason } = judgement;
  if (reason === "no-such-method") return 0;
  if (reason === "not-enrolled") return 1;
  return reason === "wrong-code" ? 2 : 3;
}

/**
 * Why nobody is let in under this name, whatever they have; undefined where nothing bars them.
 * Another spelling of who is disabled is disabled: it may be the same account to the host.
 */
export async function barredBy(tx: Transaction, user: string): Promise<Reason | undefined> {
  if (!isAccount(user)) return "account-invalid";
  return (await tx.accounts.isDisabled(user, throttleKey(user))) ? "disabled" : undefined;
}

/**
 * Refused, unless the setting lets pass whoever has nothing enrolled. Another spelling of
 * an enrolled name never passes so: it may be the same account to the host.
 */
export async function unenrolled(
  tx: Transaction,
  parts: EngineParts,
  user: string,
  key: string,
): Promise<VerifyOutcome> {
  const { unenrolled: then, unenrolledBy } = parts.policy;
  const named = { user: printable(user) };
  if (unenrolledBy === undefined && then !== "allow") {
    // Nothing more is looked up: it would take longer than for who is enrolled.
    const reason = then === "refuse" ? "not-enrolled" : "enrollment-elsewhere";
    return { verdict: "unenrolled", ...named, reason };
  }
  const isNobody = isAccount(user) && !(await hasAnything(tx, user));
  if (!isNobody) return { verdict: "unenrolled", ...named, reason: "not-enrolled" };
  await tx.attempts.clear(key);
  const reason = unenrolledBy === undefined ? "unenrolled-allowed" : "unenrolled-until";
  return { verdict: "exempt", ...named, reason };
}

/** True for who has anything enrolled, also of a method that is off, or by another spelling. */
export async function hasAnything(tx: Transaction, user: string): Promise<boolean> {
  if (await tx.accounts.isAnySpellingEnrolled(throttleKey(user))) return true;
  return ((await tx.backupCodes.find(user))?.left ?? 0) > 0;
}

/** True when any method could accept this user. Every method is asked: it takes as long for all. */
export async function isEnrolled(
  tx: Transaction,
  parts: EngineParts,
  user: string,
): Promise<boolean> {
  let enrolled = false;
  for (const method of parts.methods) enrolled = (await method.isEnrolled(tx, user)) || enrolled;
  return enrolled;
}

export function throttled(user: string, retryAt: number): VerifyOutcome {
  const reason: Reason = retryAt === LOCKED_FOREVER ? "locked" : "too-many-failures";
  return { verdict: "throttled", user: printable(user), reason, retryAt };
}

function refused(reason: Reason): Judgement {
  return { accepted: false, reason };
}
