/** What the host says of accounts and groups at this moment, for the decision by roles. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isAccount } from "../core/account.ts";
import type { HostAccount, HostView } from "../core/policy/role.ts";
import { isPrintable } from "../core/printable.ts";
import { entries } from "./host-groups.ts";

const GETENT = "/usr/bin/getent";
/** A directory service that does not answer is not waited for; milliseconds. */
const PATIENCE = 5_000;
/** Names asked for at once: they stand in arguments. */
const AT_ONCE = 200;

const run = promisify(execFile);

/**
 * @param users no more than are asked for at once
 * @returns undefined where the host cannot be asked, or does not answer as it should: then no
 *   role counts
 */
export async function hostViewOf(
  users: readonly string[],
  groups: readonly string[],
): Promise<HostView | undefined> {
  const names = [...new Set(users)].filter(isAccount);
  const [ids, accounts] = await Promise.all([idsOf(groups), accountsOf(names)]);
  return ids && accounts && { groups: ids, accounts };
}

/** The ids of these groups, by name; those that there are not are absent. */
async function idsOf(groups: readonly string[]): Promise<Map<string, number> | undefined> {
  const askable = [...new Set(groups)].filter((name) => isPrintable(name) && !/^-|[:]/.test(name));
  const ids = new Map<string, number>();
  // Never for none: getent would tell all there are.
  for (let at = 0; at < askable.length; at += AT_ONCE) {
    const found = await entries("group", askable.slice(at, at + AT_ONCE));
    if (!found) return undefined;
    for (const [name = "", , gid] of found) ids.set(name, Number(gid));
  }
  return ids;
}

async function accountsOf(names: readonly string[]): Promise<Map<string, HostAccount> | undefined> {
  if (names.length === 0) return new Map();
  const [found, groups] = await Promise.all([entries("passwd", names), initialGroups(names)]);
  if (!found || !groups) return undefined;
  // By the exact name: getent takes digits for an id, and a directory service may not mind case.
  const known = found.filter(([name = ""]) => groups.has(name));
  const uids = [...new Set(known.map(([, , uid = ""]) => uid))];
  const owners = uids.length === 0 ? [] : await entries("passwd", uids);
  if (!owners) return undefined;
  const nameOf = new Map(owners.map(([name = "", , uid = ""]) => [uid, name]));
  return new Map(
    known.map(([name = "", , uid = "", gid = ""]) => [
      name,
      {
        uid: Number(uid),
        gids: new Set([Number(gid), ...(groups.get(name) ?? [])]),
        nameOfUid: nameOf.get(uid) ?? "",
      },
    ]),
  );
}

/** The ids of the groups that list each of them: one line a name, in their order. */
async function initialGroups(
  names: readonly string[],
): Promise<Map<string, readonly number[]> | undefined> {
  try {
    const argv = ["initgroups", "--", ...names];
    const { stdout } = await run(GETENT, argv, { env: {}, timeout: PATIENCE });
    const lines = stdout.split("\n").slice(0, -1);
    if (lines.length !== names.length) return undefined;
    const all = new Map<string, readonly number[]>();
    for (const [at, name] of names.entries()) {
      const line = lines[at] ?? "";
      const ids = line.slice(name.length);
      if (!line.startsWith(name) || !/^ *(?: [0-9]+)* *$/.test(ids)) return undefined;
      all.set(name, (ids.match(/[0-9]+/g) ?? []).map(Number));
    }
    return all;
  } catch {
    return undefined;
  }
}
