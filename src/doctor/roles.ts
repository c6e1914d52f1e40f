/** Roles that have no effect, since a group of theirs is not what it was. */
import type { PinnedGroup } from "../core/policy/role.ts";
import type { Settings } from "../settings/schema.ts";
import type { Finding, Voice } from "./finding.ts";

export interface RoleReaders {
  /** The ids of these groups of the host by their names; undefined where it cannot be asked. */
  readonly groupIds: (names: readonly string[]) => Promise<ReadonlyMap<string, number> | undefined>;
}

const LIST = "countersign role list";

export async function examineRoles(
  { roles }: Settings,
  { groupIds }: RoleReaders,
  { warning }: Voice,
): Promise<Finding[]> {
  if (roles.length === 0) return [];
  const pinned = roles.flatMap((role) => [role, ...role.over, ...(role.except ?? [])]);
  const ids = await groupIds(pinned.map(({ group }) => group));
  if (!ids) return [warning("the host's groups cannot be looked up: no role has an effect", LIST)];
  const isLost = ({ group, gid }: PinnedGroup): boolean => ids.get(group) !== gid;
  return roles.flatMap((role) => {
    const lost = [role, ...role.over, ...(role.except ?? [])].filter(isLost);
    if (lost.length === 0) return [];
    const names = [...new Set(lost.map(({ group }) => group))].join(", ");
    return [
      warning(
        `the role of ${role.group} names groups that are gone, or others by now: ${names}`,
        `${LIST}, then role revoke, and role grant anew`,
      ),
    ];
  });
}
