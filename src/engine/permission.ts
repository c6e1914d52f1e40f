/** What a caller may do. The kernel's uid decides, and nothing a client says. */
import type { Caller } from "../contracts/service.ts";
import { isAccount, throttleKey } from "../core/account.ts";
import { Fault } from "../core/fault.ts";
import { groupsNamed, isStill, type RoleAct, roleFor, rolesOf } from "../core/policy/role.ts";
import { printable } from "../core/printable.ts";
import type { EngineParts } from "./parts.ts";

const ROOT = 0;

/** What may be done to one's own account without root; `reset` asks for a code then. */
const ON_ONESELF: readonly RoleAct[] = ["show", "reset"];

/** By what right somebody acts on an account. */
export type Right =
  | { readonly by: "root" | "owner" | "self" }
  /** `role`: the group that holds it. */
  | { readonly by: "role"; readonly role: string };

/** What the right adds to the audit event: which role it was. */
export function toldOf(right: Right): { readonly detail?: string } {
  return right.by === "role" ? { detail: `role=${right.role}` } : {};
}

/** @throws Fault `not-permitted` unless the caller is root or owns the store */
export function mayAdminister(caller: Caller): void {
  if (isAdministrator(caller)) return;
  throw new Fault("not-permitted", "only root may do this", { hint: "run it with sudo" });
}

/** @throws Fault `not-permitted` for another's account, `account-invalid` for no name */
export function mayActOn(caller: Caller, user: string): void {
  demandAccount(user);
  mayReach(caller, user);
}

/**
 * The same for a name as it comes: a verification answers for names that are none, too.
 * @throws Fault `not-permitted` for another's account
 */
export function mayReach(caller: Caller, user: string): void {
  if (isAdministrator(caller) || caller.login === user) return;
  throw new Fault("not-permitted", "only root may act on another user's account", {
    hint: "run it with sudo",
  });
}

/**
 * By what right the caller does this to the user: as root, in a store of their own, to
 * themselves, or by a role. What a role allows is asked of the host anew each time.
 * @throws Fault `not-permitted`, the same whether there is such a user or not; `account-invalid`
 */
export async function may(
  parts: EngineParts,
  caller: Caller,
  act: RoleAct,
  user: string,
): Promise<Right> {
  demandAccount(user);
  if (caller.uid === ROOT) return { by: "root" };
  if (caller.ownsStore) return { by: "owner" };
  if (caller.login === user) {
    if (ON_ONESELF.includes(act)) return { by: "self" };
    throw new Fault("not-permitted", "only root may do this", { hint: "run it with sudo" });
  }
  const [role] = await rolesOver(parts, caller, act, [user]);
  if (role) return { by: "role", role: role.role };
  const message = "only root may act on another user's account, or who holds a role over them";
  throw new Fault("not-permitted", message, { hint: "run it with sudo" });
}

/** Which users a caller may see in a list. */
export interface Sight {
  /** The groups of the host that the list is of. */
  readonly groups: readonly string[];
  /** Of these, those that may be seen. */
  readonly among: (users: readonly string[]) => Promise<ReadonlySet<string>>;
}

/**
 * What of a list the caller may see: undefined for all of it; else those that a role of theirs
 * is over, in the groups that were asked for, or in all that it names.
 * @throws Fault `not-permitted` for whoever holds no role, and for any other group
 */
export async function maySee(
  parts: EngineParts,
  caller: Caller,
  groups: readonly string[] | undefined,
): Promise<Sight | undefined> {
  if (isAdministrator(caller)) return undefined;
  const { roles } = parts.policy;
  const view = (await mayHoldRoles(parts, caller))
    ? await parts.hostViewOf([caller.login], groupsNamed(roles))
    : undefined;
  const seen = view
    ? rolesOf(roles, caller, view).flatMap(({ over }) => over.filter((each) => isStill(each, view)))
    : [];
  const own = new Set(seen.map(({ group }) => group));
  if (own.size === 0) mayAdminister(caller);
  const other = groups?.find((group) => !own.has(group));
  if (other !== undefined) {
    throw new Fault("not-permitted", `no role of yours is over the group ${printable(other)}`, {
      hint: `those it is over: ${[...own].map((name) => printable(name)).join(", ")}`,
    });
  }
  return {
    groups: groups ?? [...own],
    among: async (users) =>
      new Set((await rolesOver(parts, caller, "show", users)).map(({ user }) => user)),
  };
}

/** Of these users, those whom a role of the caller's is over, and which. */
async function rolesOver(
  parts: EngineParts,
  caller: Caller,
  act: RoleAct,
  users: readonly string[],
): Promise<{ readonly user: string; readonly role: string }[]> {
  if (!(await mayHoldRoles(parts, caller))) return [];
  const { hostViewOf, policy } = parts;
  const { roles } = policy;
  const view = await hostViewOf([caller.login, ...users], groupsNamed(roles));
  if (!view) return [];
  return users.flatMap((user) => {
    const role = roleFor(roles, act, caller, user, view);
    return role ? [{ user, role: role.group }] : [];
  });
}

/**
 * False where nobody holds a role, so that nobody has the host asked; and for who was shut out,
 * whose sessions may still be there.
 */
async function mayHoldRoles({ policy, store }: EngineParts, { login }: Caller): Promise<boolean> {
  if (policy.roles.length === 0) return false;
  return !(await store.read((view) => view.accounts.isDisabled(login, throttleKey(login))));
}

/** Root, or the owner of the store. */
export function isAdministrator({ uid, ownsStore }: Caller): boolean {
  return uid === ROOT || ownsStore;
}

function demandAccount(user: string): void {
  if (isAccount(user)) return;
  throw new Fault("account-invalid", "this is no account name", {
    hint: "give the login name, as getent passwd shows it",
  });
}
