/**
 * Resynchronization (RFC 4226 7.4): a token whose button was pressed too often to no purpose is
 * found again by two codes in a row. Both must lie ahead of the last that was used: who has seen
 * two old ones gets nowhere. A pair is one attempt, counted before it is judged.
 *
 * A clock that is off can be learned so too, but not by users themselves: codes that somebody
 * saw within the last hour would become good again, to whoever borrows a session.
 */
import type { Conversation } from "../contracts/conversation.ts";
import type { Caller, TokenChoice, TokenOutcome } from "../contracts/service.ts";
import type { Authenticator, Transaction } from "../contracts/store.ts";
import { throttleKey } from "../core/account.ts";
import { secretCell } from "../core/cells.ts";
import { Fault } from "../core/fault.ts";
import { HOTP } from "../core/hotp.ts";
import { asWord, printable } from "../core/printable.ts";
import type { Reason, Verdict } from "../core/verdict.ts";
import { BY_SECRET } from "./enroll.ts";
import { barredBy, throttled } from "./judge.ts";
import type { EngineParts } from "./parts.ts";
import { isAdministrator, mayActOn, mayAdminister } from "./permission.ts";
import { record } from "./record.ts";
import { placeByTwo, readCode } from "./token-codes.ts";

interface Resync {
  readonly caller: Caller;
  readonly user: string;
  readonly token: TokenChoice;
}

type Pair = readonly [first: string | undefined, second: string | undefined];

export async function resynchronize(
  parts: EngineParts,
  caller: Caller,
  user: string,
  token: TokenChoice,
  conversation: Conversation,
): Promise<TokenOutcome> {
  mayActOn(caller, user);
  if (!BY_SECRET.includes(token.method)) {
    throw new Fault("usage", `${printable(token.method)} has no codes to resynchronize by`);
  }
  if (token.method !== HOTP) mayAdminister(caller);
  const asked = { caller, user, token };
  const tokens = await parts.store.read((view) => tokensOf(view, asked));
  if (tokens.length === 0) throw noToken(asked);
  const pair = await askForTwo(conversation);
  const outcome = await parts.store.transact((tx) =>
    "verdict" in pair ? end(tx, parts, asked, pair) : judge(tx, parts, asked, pair),
  );
  const { reason, ...told } = outcome;
  // Who has cancelled knows it.
  const isTold = reason === "cancelled" || isAdministrator(caller);
  return reason !== undefined && isTold ? outcome : told;
}

async function askForTwo(conversation: Conversation): Promise<Pair | Ended> {
  const first = await conversation.prompt("Code of the token: ");
  if (first.kind !== "text") return { verdict: "reject", reason: first.kind };
  const second = await conversation.prompt("The code after it: ");
  if (second.kind !== "text") return { verdict: "reject", reason: second.kind };
  return [readCode(first.text), readCode(second.text)];
}

async function judge(
  tx: Transaction,
  parts: EngineParts,
  asked: Resync,
  [first, second]: Pair,
): Promise<TokenOutcome> {
  const { user } = asked;
  const { throttle } = parts.policy;
  const at = parts.clock.now();
  await tx.attempts.sweep(at, throttle);
  const admission = await tx.attempts.count(throttleKey(user), at, throttle);
  if (!admission.admitted) {
    const { reason, retryAt } = throttled(user, admission.retryAt);
    return end(tx, parts, asked, { verdict: "throttled", reason, retryAt });
  }
  const barred = await barredBy(tx, user);
  if (barred) return end(tx, parts, asked, { verdict: "reject", reason: barred });
  if (first !== undefined && second !== undefined) {
    for (const token of await tokensOf(tx, asked)) {
      if (!(await moved(tx, parts, token, [first, second], at))) continue;
      await tx.attempts.clear(throttleKey(user));
      return end(tx, parts, asked, { verdict: "accept", serial: token.serial });
    }
  }
  return end(tx, parts, asked, { verdict: "reject", reason: "wrong-code" });
}

/** Behind both codes, in one conditional statement: neither is good for a login any more. */
async function moved(
  tx: Transaction,
  parts: EngineParts,
  token: Authenticator,
  codes: readonly [string, string],
  at: number,
): Promise<boolean> {
  const secret = parts.sealer.open(token.sealedSecret, secretCell(token));
  const place = placeByTwo(parts, secret, token, codes, at);
  secret.fill(0);
  if (!place) return false;
  return tx.authenticators.resynchronize(token.id, place.counter, place.skew, at);
}

async function tokensOf(
  view: Transaction,
  { user, token: { method, serial } }: Resync,
): Promise<readonly Authenticator[]> {
  const all = await view.authenticators.all(user, method);
  return serial === undefined ? all : all.filter((each) => each.serial === serial);
}

interface Ended {
  readonly verdict: Verdict;
  readonly reason?: Reason | undefined;
  readonly retryAt?: number | undefined;
  readonly serial?: string;
}

async function end(
  tx: Transaction,
  parts: EngineParts,
  { caller, user, token: { method, serial: meant } }: Resync,
  { verdict, reason, retryAt, serial = meant }: Ended,
): Promise<TokenOutcome> {
  const detail = serial ? { detail: `serial=${asWord(serial)}` } : {};
  await record(tx, parts, caller, { action: "resync", user, verdict, reason, method, ...detail });
  return {
    ...{ verdict, user: printable(user), method },
    ...(serial === undefined ? {} : { serial }),
    ...(reason === undefined ? {} : { reason }),
    ...(retryAt === undefined ? {} : { retryAt }),
  };
}

function noToken({ user, token: { method, serial } }: Resync): Fault {
  const which = serial === undefined ? "" : ` ${printable(serial)}`;
  return new Fault("not-found", `${printable(user)} has no ${method} token${which}`, {
    hint: `countersign user show ${printable(user)}`,
  });
}
