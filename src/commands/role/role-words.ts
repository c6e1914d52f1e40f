/** A role in words: `members of helpdesk may reset, unlock; over students`. */
import type { LostGroup, RoleState } from "../../client/roles.ts";
import type { Role } from "../../core/policy/role.ts";
import { nameWords } from "../policy/rule-words.ts";

export function roleWords({ group, may, over, except = [] }: Role): string {
  const names = (groups: Role["over"]): string =>
    groups.map((each) => nameWords(each.group)).join(", ") || "(nobody)";
  return [
    `members of ${nameWords(group)} may ${may.join(", ") || "do nothing"}`,
    `over members of ${names(over)}`,
    ...(except.length > 0 ? [`but not of ${names(except)}`] : []),
  ].join("; ");
}

/** What an administrator should know of a role, one line each. */
export function roleNotes({ state, lost, beyond }: RoleState): string[] {
  const without = state === "void" ? ", so this role has no effect" : "";
  return [
    ...(state === "unknown" ? ["the host's groups cannot be looked up: it has no effect"] : []),
    ...lost.map((each) => `${lostWords(each)}${without}`),
    ...beyond.map((group) => `no role is over members of ${nameWords(group)}`),
  ];
}

function lostWords({ group, gid, now }: LostGroup): string {
  const name = nameWords(group);
  if (now === undefined) return `this host has no group ${name} (id ${gid}) any more`;
  return `${name} had the id ${gid} and has ${now} now: it may be another group`;
}

export function roleDocument({ role, state, lost, beyond }: RoleState): object {
  return {
    ...role,
    state,
    lost: lost.map(({ now, ...each }) => ({ ...each, now: now ?? null })),
    beyond,
  };
}
