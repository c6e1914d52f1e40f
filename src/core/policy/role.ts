/**
 * Who may do what to whom besides root: roles, which groups of the host hold. Pure, and the
 * only code that says so.
 *
 * What is not known gives no right: a group that is not there, or has another id than it had
 * when the role was granted, since it may be another group by now.
 */

/** `show` is part of every role; `disable` includes switching on again. */
export const ROLE_ACTS = ["show", "reset", "unlock", "disable", "invite"] as const;
export type RoleAct = (typeof ROLE_ACTS)[number];

/** Whose members may become root, as distributions name them; and the group root, by its id. */
export const ADMINISTRATOR_GROUPS = ["sudo", "wheel", "admin"] as const;
const ROOT = 0;

/** A group of the host, and the id that it must still have. */
export interface PinnedGroup {
  readonly group: string;
  readonly gid: number;
}

/** The members of `group` may do this to the members of `over`, unless they are in `except`. */
export interface Role extends PinnedGroup {
  readonly may: readonly RoleAct[];
  readonly over: readonly PinnedGroup[];
  readonly except?: readonly PinnedGroup[];
}

export interface HostAccount {
  readonly uid: number;
  /** Its primary group's among them. */
  readonly gids: ReadonlySet<number>;
  /** The login name that its uid goes by, which is another's where several share it. */
  readonly nameOfUid: string;
}

/** What the host says of some accounts and groups; those that it does not know are absent. */
export interface HostView {
  /** By the exact name. */
  readonly accounts: ReadonlyMap<string, HostAccount>;
  /** Ids by name. */
  readonly groups: ReadonlyMap<string, number>;
}

export interface Actor {
  readonly uid: number;
  readonly login: string;
}

/** Every group whose id decides something here. */
export function groupsNamed(roles: readonly Role[]): string[] {
  const all = roles.flatMap((role) => [role, ...role.over, ...(role.except ?? [])]);
  return [...new Set([...all.map(({ group }) => group), ...ADMINISTRATOR_GROUPS])];
}

/** The role by which the actor may do this to the user; undefined where there is none. */
export function roleFor(
  roles: readonly Role[],
  act: RoleAct,
  actor: Actor,
  user: string,
  view: HostView,
): Role | undefined {
  const target = view.accounts.get(user);
  if (!target || isBeyondRoles(roles, actor, user, target, view)) return undefined;
  return rolesOf(roles, actor, view).find(
    (role) =>
      (act === "show" || role.may.includes(act)) &&
      role.over.some((each) => isStill(each, view) && target.gids.has(each.gid)) &&
      !role.except?.some(({ gid }) => target.gids.has(gid)),
  );
}

/** Those in force that the actor holds. */
export function rolesOf(roles: readonly Role[], { uid, login }: Actor, view: HostView): Role[] {
  const own = view.accounts.get(login);
  if (own?.uid !== uid) return [];
  return roles.filter((role) => own.gids.has(role.gid) && voidBy(role, view).length === 0);
}

/** The groups of the role that are not what they were, and leave it without effect. */
export function voidBy(role: Role, view: HostView): PinnedGroup[] {
  const over = role.over.filter((each) => !isStill(each, view));
  const needed = [role, ...(role.except ?? [])].filter((each) => !isStill(each, view));
  // Of several groups that it is over, those that are left still count.
  return over.length < role.over.length ? needed : [...needed, ...over];
}

export function isStill({ group, gid }: PinnedGroup, { groups }: HostView): boolean {
  return groups.get(group) === gid;
}

/** The actor, root, who can become root, who holds a role: of these no role is over any. */
function isBeyondRoles(
  roles: readonly Role[],
  actor: Actor,
  user: string,
  { uid, gids, nameOfUid }: HostAccount,
  { groups }: HostView,
): boolean {
  if (uid === ROOT || uid === actor.uid || user === actor.login) return true;
  // Whoever becomes them is another account to the kernel, perhaps one that may do anything.
  if (nameOfUid !== user) return true;
  const administrators = ADMINISTRATOR_GROUPS.map((name) => groups.get(name));
  // A role that is void may be mended tomorrow: its holders are none to practise on today.
  const holders = roles.flatMap(({ group, gid }) => [gid, groups.get(group)]);
  return [ROOT, ...administrators, ...holders].some((gid) => gid !== undefined && gids.has(gid));
}
