/**
 * Hardware tokens: one of the inventory becomes a user's once its codes show that it is in their
 * hand. No secret is shown to anybody. Each code is an attempt, counted before it is judged: a
 * serial number is printed on the token, so whoever read it could guess its codes.
 */
import type { Conversation } from "../contracts/conversation.ts";
import type { Caller, TokenChoice, TokenOutcome } from "../contracts/service.ts";
import type { Token, Transaction } from "../contracts/store.ts";
import { throttleKey } from "../core/account.ts";
import { secretCell, tokenCell } from "../core/cells.ts";
import { Fault } from "../core/fault.ts";
import { asWord, printable } from "../core/printable.ts";
import type { Reason, Verdict } from "../core/verdict.ts";
import { BY_SECRET, dropBegun, mustBeEnrollable, mustBeOn, refuseDisabled } from "./enroll.ts";
import { mustStillHaveNothing } from "./fresh-code.ts";
import { byInvitation, useInvitation } from "./invitations.ts";
import { throttled } from "./judge.ts";
import { demandLeave, sayBanner } from "./leave-to-enroll.ts";
import { newBackupCodes } from "./new-backup-codes.ts";
import type { EngineParts } from "./parts.ts";
import { isAdministrator, mayActOn } from "./permission.ts";
import { record } from "./record.ts";
import { type Place, placeByOne, placeByTwo, readCode } from "./token-codes.ts";

/** A mistyped code, and two in a row. */
const TRIES = 3;

interface Giving {
  readonly caller: Caller;
  readonly user: string;
  readonly method: string;
  readonly serial: string;
  /** False where there was nothing to ask a code of. */
  readonly isProven: boolean;
  readonly invitation: string | undefined;
}

/** The last code that was typed, and the one before it, as far as they are codes. */
type Codes = readonly [before: string | undefined, last: string | undefined];

export async function enrollToken(
  parts: EngineParts,
  caller: Caller,
  user: string,
  { method, serial = "" }: TokenChoice,
  conversation: Conversation,
): Promise<TokenOutcome> {
  mayActOn(caller, user);
  mustBeEnrollable(parts, method);
  mustBeOn(parts, caller);
  if (isAdministrator(caller)) await mustBeInInventory(parts, method, serial);
  const { isProven, invitation } = await demandLeave(parts, caller, user, conversation);
  await sayBanner(parts, conversation);
  const giving = { caller, user, method, serial, isProven, invitation };
  const shown = await askForCodes(parts, giving, conversation);
  const outcome = "verdict" in shown ? shown : await give(parts, giving, shown);
  const { reason, ...told } = outcome;
  // Who has cancelled knows it.
  const isTold = reason === "cancelled" || isAdministrator(caller);
  return reason !== undefined && isTold ? outcome : told;
}

async function mustBeInInventory(
  { store }: EngineParts,
  method: string,
  serial: string,
): Promise<void> {
  if (await store.read((view) => view.tokens.find(method, serial))) return;
  const others = BY_SECRET.filter((name) => name !== method);
  const [other] = await store.read(async (view) => {
    const tokens = await Promise.all(others.map((name) => view.tokens.find(name, serial)));
    return tokens.filter((token) => token !== undefined);
  });
  throw new Fault("not-found", `the inventory has no ${method} token ${printable(serial)}`, {
    hint:
      other === undefined
        ? "countersign token list"
        : `it has a ${other.method} one: --method ${other.method}`,
  });
}

/** Codes that show where the token stands; else what the giving of it came to. */
async function askForCodes(
  parts: EngineParts,
  giving: Giving,
  conversation: Conversation,
): Promise<{ readonly codes: Codes } | TokenOutcome> {
  let refused: TokenOutcome | undefined;
  let before: string | undefined;
  for (let left = TRIES; left > 0; left--) {
    if (refused) await conversation.info("That code does not fit. Give the one it shows next:");
    const reply = await conversation.prompt("Code of the token: ");
    if (reply.kind !== "text") return refused ?? end(giving, "reject", reply.kind);
    const codes: Codes = [before, readCode(reply.text)];
    const judged = await parts.store.transact((tx) => judge(tx, parts, giving, codes));
    if (!judged) return { codes };
    if (judged.verdict === "throttled") return judged;
    refused = judged;
    before = codes[1];
  }
  return refused ?? end(giving, "reject", "wrong-code");
}

/** Undefined where they fit. Nothing is spent by it. */
async function judge(
  tx: Transaction,
  parts: EngineParts,
  giving: Giving,
  codes: Codes,
): Promise<TokenOutcome | undefined> {
  const { user, method, serial } = giving;
  const { throttle } = parts.policy;
  const at = parts.clock.now();
  await tx.attempts.sweep(at, throttle);
  const admission = await tx.attempts.count(throttleKey(user), at, throttle);
  if (!admission.admitted) {
    const { retryAt, reason } = throttled(user, admission.retryAt);
    await note(tx, parts, giving, { verdict: "throttled", reason });
    return { ...end(giving, "throttled", reason), ...(retryAt === undefined ? {} : { retryAt }) };
  }
  const token = await tx.tokens.find(method, serial);
  if (token && withSecret(parts, token, (secret) => placeOf(parts, secret, token, codes, at))) {
    return undefined;
  }
  await note(tx, parts, giving, { verdict: "reject", reason: "wrong-code" });
  return end(giving, "reject", "wrong-code");
}

/** What it takes is made first; the codes are held against the store once more, and spent. */
async function give(
  parts: EngineParts,
  giving: Giving,
  { codes }: { readonly codes: Codes },
): Promise<TokenOutcome> {
  const { user, method, serial, isProven, invitation } = giving;
  const kept = await parts.store.read((view) => view.backupCodes.find(user));
  // A new set would kill the codes they have.
  const made = (kept?.left ?? 0) > 0 ? undefined : await newBackupCodes(parts, user);
  return parts.store.transact(async (tx) => {
    const at = parts.clock.now();
    await refuseDisabled(tx, user);
    if (!isProven) await mustStillHaveNothing(tx, user);
    await tx.accounts.ensure(user, throttleKey(user), at);
    if (!(await handOver(tx, parts, giving, codes, at))) {
      await note(tx, parts, giving, { verdict: "reject", reason: "wrong-code" });
      return end(giving, "reject", "wrong-code");
    }
    await useInvitation(tx, user, invitation, at);
    if (made) await tx.backupCodes.replace(user, made.set, at);
    await tx.attempts.clear(throttleKey(user));
    await note(tx, parts, giving, { verdict: "accept", ...byInvitation(invitation) });
    const done = { verdict: "accept", user: printable(user), method, serial } as const;
    return { ...done, backupCodes: made?.codes ?? [] };
  });
}

/** Out of the inventory and into the user's hand. False when it was given away meanwhile. */
async function handOver(
  tx: Transaction,
  parts: EngineParts,
  { user, method, serial }: Giving,
  codes: Codes,
  at: number,
): Promise<boolean> {
  const token = await tx.tokens.find(method, serial);
  if (!token) return false;
  const id = Buffer.from(parts.random(16)).toString("hex");
  const found = withSecret(parts, token, (secret) => {
    const place = placeOf(parts, secret, token, codes, at);
    return place && { place, sealedSecret: parts.sealer.seal(secret, secretCell({ id, user })) };
  });
  if (!found || !(await tx.tokens.take(method, serial))) return false;
  const { algorithm, digits, period } = token;
  const { counter, drift, skew } = found.place;
  const { sealedSecret } = found;
  const row = { id, user, method, serial, algorithm, digits, period, skew, sealedSecret };
  await dropBegun(tx, user);
  await tx.authenticators.begin({ ...row, createdAt: at, expiresAt: at + 1 });
  if (await tx.authenticators.activate(id, counter, drift, at)) return true;
  // Thrown, it undoes the transaction: the token stays where it is.
  throw new Fault("conflict", `another user has the token ${printable(serial)}`);
}

function placeOf(
  parts: EngineParts,
  secret: Uint8Array,
  token: Token,
  [before, last]: Codes,
  at: number,
): Place | undefined {
  if (last === undefined) return undefined;
  const place = placeByOne(parts, secret, token, last, at);
  if (place || before === undefined) return place;
  return placeByTwo(parts, secret, token, [before, last], at);
}

function withSecret<T>({ sealer }: EngineParts, token: Token, work: (secret: Buffer) => T): T {
  const secret = sealer.open(token.sealedSecret, tokenCell(token));
  try {
    return work(secret);
  } finally {
    secret.fill(0);
  }
}

interface Noted {
  readonly verdict: Verdict;
  readonly reason?: Reason | undefined;
  readonly detail?: string;
}

function note(
  tx: Transaction,
  parts: EngineParts,
  { caller, user, method, serial }: Giving,
  { detail, ...told }: Noted,
): Promise<void> {
  const words = [`serial=${asWord(serial)}`, detail].filter((each) => each).join(" ");
  const event = { action: "enroll-confirm", user, method, ...told, detail: words } as const;
  return record(tx, parts, caller, event);
}

function end(
  { user, method, serial }: Giving,
  verdict: Verdict,
  reason: Reason | undefined,
): TokenOutcome {
  const named = { user: printable(user), method, serial };
  return { verdict, ...named, ...(reason === undefined ? {} : { reason }) };
}
