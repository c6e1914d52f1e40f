/** Roles for their commands: read, weighed against the host's groups, granted and revoked. */
import { Fault } from "../core/fault.ts";
import {
  ADMINISTRATOR_GROUPS,
  groupsNamed,
  type HostView,
  isStill,
  type PinnedGroup,
  type Role,
  type RoleAct,
  voidBy,
} from "../core/policy/role.ts";
import { printable } from "../core/printable.ts";
import { ROLES } from "../settings/schema.ts";
import { loadSettings } from "../settings/settings.ts";
import { validate } from "../settings/validate.ts";
import { hostViewOf } from "./host-view.ts";
import { asOwner, duringAsOwner } from "./owner.ts";
import { recordChange, scopeToChange } from "./settings.ts";

/** A group that is not what it was: its id by now, or undefined where there is none. */
export interface LostGroup extends PinnedGroup {
  readonly now: number | undefined;
}

export interface RoleState {
  readonly role: Role;
  /** `unknown` where the host cannot be asked: then it has no effect either. */
  readonly state: "in-force" | "void" | "unknown";
  readonly lost: readonly LostGroup[];
  /** Of the groups that it is over, those whose members no role is over. */
  readonly beyond: readonly string[];
}

/** @throws Fault as `loadSettings`; `not-permitted` where a daemon goes by the host's */
export async function readRoles(): Promise<readonly RoleState[]> {
  const scope = scopeToChange("the roles");
  return statesOfRoles(asOwner(scope, () => loadSettings(scope)).roles);
}

export async function statesOfRoles(roles: readonly Role[]): Promise<RoleState[]> {
  const view = roles.length === 0 ? undefined : await hostViewOf([], groupsNamed(roles));
  return roles.map((role) => stateOf(role, roles, view));
}

function stateOf(role: Role, roles: readonly Role[], view: HostView | undefined): RoleState {
  if (!view) return { role, state: "unknown", lost: [], beyond: [] };
  const all = [role, ...role.over, ...(role.except ?? [])];
  const lost = all
    .filter((each) => !isStill(each, view))
    .map(({ group, gid }) => ({ group, gid, now: view.groups.get(group) }));
  const holders = [...ADMINISTRATOR_GROUPS, ...roles.map(({ group }) => group)];
  return {
    role,
    state: voidBy(role, view).length > 0 ? "void" : "in-force",
    lost,
    beyond: role.over.map(({ group }) => group).filter((group) => holders.includes(group)),
  };
}

/** What is to be granted, by the names of groups. */
export interface Grant {
  readonly group: string;
  readonly may: readonly RoleAct[];
  readonly over: readonly string[];
  readonly except: readonly string[];
}

export interface RoleChange {
  readonly changed: readonly RoleState[];
  /** What kept it from the audit log. */
  readonly unrecorded?: Fault | undefined;
}

/**
 * To what the group has over the same groups the acts are added.
 * @throws Fault `not-found` for a group that the host has not, `usage` for the group root; as
 *   `changeSettings`
 */
export async function grantRole({ group, may, over, except }: Grant): Promise<RoleChange> {
  const scope = scopeToChange("the roles");
  const names = [group, ...over, ...except];
  const view = await hostViewOf([], names);
  const pin = (name: string): PinnedGroup => ({ group: name, gid: gidOf(name, view) });
  const granted: Role = {
    ...pin(group),
    may,
    over: over.map(pin),
    ...(except.length > 0 ? { except: except.map(pin) } : {}),
  };
  const spared = except.length > 0 ? ` except ${except.join(",")}` : "";
  const told = `roles +${group}: ${may.join(",")} over ${over.join(",")}${spared}`;
  const unrecorded = await change(scope, (roles) => {
    const at = roles.findIndex((each) => isOverTheSame(each, granted));
    const known = roles[at];
    if (!known) return { roles: [...roles, granted], told };
    const widened = { ...known, may: [...new Set([...known.may, ...may])] };
    return { roles: roles.with(at, widened), told };
  });
  const states = await statesOfRoles(asOwner(scope, () => loadSettings(scope)).roles);
  return { changed: states.filter((each) => isOverTheSame(each.role, granted)), unrecorded };
}

/**
 * Takes from a group all its roles, or those over one of these groups.
 * @throws Fault `not-found` where it has none; as `changeSettings`
 */
export async function revokeRole(group: string, over: readonly string[]): Promise<RoleChange> {
  const scope = scopeToChange("the roles");
  let gone: readonly Role[] = [];
  const unrecorded = await change(scope, (roles) => {
    gone = roles.filter(
      (role) =>
        role.group === group &&
        (over.length === 0 || role.over.some((each) => over.includes(each.group))),
    );
    if (gone.length === 0) {
      throw new Fault("not-found", `${printable(group)} has no such role`, {
        hint: "countersign role list",
      });
    }
    return {
      roles: roles.filter((role) => !gone.includes(role)),
      told: `roles -${group}${over.length > 0 ? ` over ${over.join(",")}` : ""}`,
    };
  });
  return { changed: await statesOfRoles(gone), unrecorded };
}

async function change(
  scope: ReturnType<typeof scopeToChange>,
  edit: (roles: readonly Role[]) => { readonly roles: readonly Role[]; readonly told: string },
): Promise<Fault | undefined> {
  const { changeSettings } = await import("../settings/writer.ts");
  let told = "";
  await duringAsOwner(scope, () =>
    changeSettings(scope, (writer) => {
      // The file has been checked: it is the schema's by now.
      const made = edit((writer.get("roles") ?? []) as readonly Role[]);
      assertFits(made.roles);
      told = made.told;
      if (made.roles.length > 0) writer.set("roles", made.roles);
      else writer.delete("roles");
    }),
  );
  return recordChange("settings-set", told);
}

/** What a login would refuse to read is told before anything is written. */
function assertFits(roles: readonly Role[]): void {
  const found = validate(ROLES, roles, "the list of roles");
  if (!found) return;
  throw new Fault("usage", `${found.place}: ${found.problem}`, { hint: "man countersign.json" });
}

function gidOf(group: string, view: HostView | undefined): number {
  const gid = view?.groups.get(group);
  if (gid === undefined) {
    throw new Fault("not-found", `this host has no group ${printable(group)}`, {
      hint: "give its name, as getent group shows it",
    });
  }
  if (gid > 0) return gid;
  throw new Fault("usage", `${printable(group)} is root's own group: no role is for it`, {
    hint: "name a group of people",
  });
}

function isOverTheSame(one: Role, other: Role): boolean {
  const key = ({ group, gid, over, except = [] }: Role): string => {
    const ids = (groups: readonly PinnedGroup[]) =>
      groups.map((each) => `${each.group}:${each.gid}`).toSorted();
    return JSON.stringify([group, gid, ids(over), ids(except)]);
  };
  return key(one) === key(other);
}
