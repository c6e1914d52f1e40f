/** Accounts as administrators see and switch them. Switching off keeps every secret. */
import type { Conversation } from "../contracts/conversation.ts";
import type { Caller, ResetOutcome, UserChange, UserSummary } from "../contracts/service.ts";
import type { Transaction } from "../contracts/store.ts";
import { isAlias, throttleKey } from "../core/account.ts";
import type { AuditAction } from "../core/audit-chain.ts";
import { Fault } from "../core/fault.ts";
import { demandsOn } from "../core/policy/demands.ts";
import { couldPass, type Demand, outlook, type Standing } from "../core/policy/outlook.ts";
import type { RoleAct } from "../core/policy/role.ts";
import { asWord, printable } from "../core/printable.ts";
import { demandFreshCode, mustStillHaveNothing } from "./fresh-code.ts";
import { withdraw } from "./invitations.ts";
import type { EngineParts } from "./parts.ts";
import { may, mayActOn, mayAdminister, type Right, toldOf } from "./permission.ts";
import { look } from "./policy.ts";
import { record } from "./record.ts";
import { returnTokens, tokensOf } from "./return-tokens.ts";
import { summarize } from "./summary.ts";

export async function showUser(
  parts: EngineParts,
  caller: Caller,
  user: string,
): Promise<UserSummary> {
  await may(parts, caller, "show", user);
  const overview = await parts.store.read((view) => view.accounts.overview(user));
  if (!overview) throw unknown(user);
  return summarize(overview, parts.clock.now());
}

/** Whoever never enrolled may be let in all the same, by the policy: they can be shut out, too. */
export async function disableUser(
  parts: EngineParts,
  caller: Caller,
  user: string,
): Promise<UserChange> {
  await may(parts, caller, ACT["user-disable"], user);
  const account = await parts.store.read((view) => view.accounts.find(user));
  // A slip of the pen must not pass for the user who is meant.
  if (!account && !(await parts.groupsOf(user))) throw unknown(user);
  return change(parts, caller, user, "user-disable", async (tx, right) => {
    const at = parts.clock.now();
    await withdraw(tx, parts, caller, user, { right });
    await tx.accounts.ensure(user, throttleKey(user), at);
    return tx.accounts.disable(user, at);
  });
}

export function enableUser(parts: EngineParts, caller: Caller, user: string): Promise<UserChange> {
  return change(parts, caller, user, "user-enable", (tx) => tx.accounts.enable(user));
}

/** Ends the delay, or the lock, after failed attempts. */
export function unlockUser(parts: EngineParts, caller: Caller, user: string): Promise<UserChange> {
  return change(parts, caller, user, "user-unlock", (tx) => tx.attempts.clear(throttleKey(user)));
}

/** Their name at services such as Duo: an account is made for who has none yet. */
export async function setAlias(
  parts: EngineParts,
  caller: Caller,
  user: string,
  alias: string | undefined,
): Promise<UserChange> {
  mayAdminister(caller);
  mayActOn(caller, user);
  if (alias !== undefined && !isAlias(alias)) {
    throw new Fault("usage", "this can be no name at Duo", {
      hint: "1 to 256 printable characters, and no space at its ends",
    });
  }
  return parts.store.transact(async (tx) => {
    if (alias !== undefined) {
      await tx.accounts.ensure(user, throttleKey(user), parts.clock.now());
    }
    const changed = await tx.accounts.setAlias(user, alias);
    if (changed) {
      const detail = alias === undefined ? "removed" : `alias=${alias}`;
      await record(tx, parts, caller, { action: "user-alias", user, detail });
    }
    return { user, changed };
  });
}

/** Removes authenticators (of one method, or all) and, with the last of them, backup codes. */
export async function reset(
  parts: EngineParts,
  caller: Caller,
  user: string,
  { method, serial }: { readonly method: string | undefined; readonly serial: string | undefined },
  conversation: Conversation,
): Promise<ResetOutcome> {
  const right = await may(parts, caller, "reset", user);
  // Apps are kept with none: a script whose variable is empty does not mean those.
  if (serial === "") throw noSerial();
  // Whoever lost their phone has no code, and that is what the role is for.
  const isProven =
    right.by === "role" || (await demandFreshCode(parts, caller, user, conversation));
  const demands = right.by === "self" ? await demandsNow(parts, user) : [];
  return parts.store.transact(async (tx) => {
    if (!(await tx.accounts.find(user))) throw unknown(user);
    if (!isProven) await mustStillHaveNothing(tx, user);
    const before = await look(tx, parts, user);
    const given = await tokensOf(tx, user, { method, serial }, right.by === "self");
    const authenticators = await tx.authenticators.remove(user, method, undefined, serial);
    const tokens = await returnTokens(tx, parts, given);
    if (serial !== undefined && authenticators === 0) throw noToken(user, serial);
    const left = await tx.accounts.overview(user);
    const keepsCodes = left?.authenticators.some(({ status }) => status === "active");
    const backupCodes = keepsCodes ? 0 : await tx.backupCodes.revoke(user);
    mayDoWithout(demands, before, await look(tx, parts, user));
    if (!keepsCodes) await withdraw(tx, parts, caller, user, { right });
    const told = [serial ? `serial=${asWord(serial)}` : "", toldOf(right).detail ?? ""];
    if (tokens > 0) told.push(`returned=${tokens}`);
    const detail = told.filter((each) => each !== "").join(" ");
    const event = { action: "reset", user, method, ...(detail ? { detail } : {}) } as const;
    await record(tx, parts, caller, event);
    return { user, authenticators, backupCodes, ...(tokens > 0 ? { tokens } : {}) };
  });
}

/** Whoever may switch off may switch on again. */
const ACT = {
  "user-disable": "disable",
  "user-enable": "disable",
  "user-unlock": "unlock",
} as const satisfies Partial<Record<AuditAction, RoleAct>>;

/** What is asked of them now, wherever they log in. */
async function demandsNow(parts: EngineParts, user: string): Promise<Demand[]> {
  const { enabled, rules, unenrolled } = parts.policy;
  if (!enabled) return [];
  const groups = await parts.groupsOf(user);
  return demandsOn(rules, { user, groups }, unenrolled, parts.clock.now(), "in-force");
}

/**
 * Nobody removes what the policy requires of them: they would lock themselves out, or be set up
 * anew by whoever has their password. Thrown, it undoes the transaction.
 * @throws Fault `refused`
 */
function mayDoWithout(demands: readonly Demand[], before: Standing, after: Standing): void {
  const isShutOut = demands.some(
    (each) => couldPass(outlook(each, before)) && !couldPass(outlook(each, after)),
  );
  if (!isShutOut) return;
  throw new Fault("refused", "the policy requires what would be removed: nothing was changed", {
    hint: "countersign enroll replaces it; an administrator can reset you",
  });
}

async function change(
  parts: EngineParts,
  caller: Caller,
  user: string,
  action: keyof typeof ACT,
  apply: (tx: Transaction, right: Right) => Promise<boolean>,
): Promise<UserChange> {
  const right = await may(parts, caller, ACT[action], user);
  return parts.store.transact(async (tx) => {
    const known = (await tx.accounts.find(user)) !== undefined;
    const changed = await apply(tx, right);
    if (!known && !changed) throw unknown(user);
    if (changed) await record(tx, parts, caller, { action, user, ...toldOf(right) });
    return { user, changed };
  });
}

function noSerial(): Fault {
  return new Fault("usage", "a serial number is never empty: nothing was changed", {
    hint: "leave --serial out, or see countersign user show",
  });
}

function noToken(user: string, serial: string): Fault {
  const name = printable(user);
  return new Fault("not-found", `${name} has no token ${printable(serial)}`, {
    hint: `countersign user show ${name}`,
  });
}

function unknown(user: string): Fault {
  const name = printable(user);
  return new Fault("not-found", `${name} has never enrolled here`, {
    hint: `countersign enroll ${name}, or countersign user list for those who have`,
  });
}
