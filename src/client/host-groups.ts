/** Users and groups by the host's own word: id(1) and getent(1), which ask what NSS asks. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isAccount } from "../core/account.ts";
import { Fault } from "../core/fault.ts";
import { ADMINISTRATOR_GROUPS } from "../core/policy/role.ts";
import { isPrintable, printable } from "../core/printable.ts";

const ID = "/usr/bin/id";
const GETENT = "/usr/bin/getent";
/** A directory service that does not answer is not waited for; milliseconds. */
const PATIENCE = 5_000;

/** getent(1): one of the names was not found; the others are printed all the same. */
const NOT_FOUND = 2;
/** Names asked for at once: they stand in arguments. */
const AT_ONCE = 1_000;
/** In bytes: a group of a directory service may have many members. */
const LONGEST_OUTPUT = 64 * 1024 * 1024;

const run = promisify(execFile);

/** Undefined for a user whom the host does not know, and where it cannot be asked. */
export async function hostGroupsOf(user: string): Promise<ReadonlySet<string> | undefined> {
  if (!isAccount(user)) return undefined;
  try {
    // Ended by NUL: the groups of a directory service may have spaces in their names.
    const { stdout } = await run(ID, ["-Gnz", "--", user], { env: {}, timeout: PATIENCE });
    return new Set(stdout.split("\0").filter((name) => name !== ""));
  } catch {
    return undefined;
  }
}

/** root, and the members of the groups whose members may become root. */
export async function hostAdministrators(): Promise<readonly string[]> {
  const groups = (await entries("group", ADMINISTRATOR_GROUPS)) ?? [];
  const members = groups.flatMap((fields) => fields[3]?.split(",") ?? []);
  return [...new Set(["root", ...members.filter(isAccount)])];
}

/**
 * The members of any of these groups: those whom group(5) lists, and those of whom it is the
 * primary group, as far as the host tells all its users (a directory service may not).
 * @throws Fault `not-found` for a group that the host does not know, or cannot be asked for
 */
export async function hostMembersOf(names: readonly string[]): Promise<ReadonlySet<string>> {
  // Asked for no group, getent would tell all there are.
  if (names.length === 0) return new Set();
  const unknown = (await unknownToHost("group", names))[0];
  if (unknown !== undefined) {
    throw new Fault("not-found", `this host has no group ${printable(unknown)}`, {
      hint: "give its name, as getent group shows it",
    });
  }
  const groups = await entries("group", names);
  const users = await entries("passwd", []);
  if (!groups || !users) {
    throw new Fault("not-found", "this host does not tell who is in its groups", {
      hint: "see whether it answers: getent group, getent passwd",
    });
  }
  const ids = new Set(groups.map(([, , id]) => id));
  const listed = groups.flatMap((fields) => fields[3]?.split(",") ?? []);
  const primary = users.filter((fields) => ids.has(fields[3])).map(([name = ""]) => name);
  return new Set([...listed, ...primary].filter(isAccount));
}

/** The users whom the host tells of when it is asked for all: a directory service may not. */
export async function hostUsers(): Promise<ReadonlySet<string>> {
  return new Set((await entries("passwd", []))?.map(([name = ""]) => name));
}

/** What a passwd entry names that lets nobody log in. */
const NO_SHELL = /\/(nologin|false|sync|shutdown|halt)$/;

/** Of these, those who have a shell to log in to. */
export async function hostLogins(): Promise<ReadonlySet<string>> {
  const users = (await entries("passwd", [])) ?? [];
  const logins = users.filter((fields) => !NO_SHELL.test(fields[6] ?? ""));
  return new Set(logins.map(([name = ""]) => name).filter(isAccount));
}

/** Of these names, those that the host does not know; none where it cannot be asked. */
export async function unknownToHost(
  database: "passwd" | "group",
  names: readonly string[],
): Promise<readonly string[]> {
  const unique = [...new Set(names)];
  // What cannot be a name is not asked for: it would be read as an option, or as two lines.
  const askable = unique.filter((name) => isPrintable(name) && !/^-|[:]/.test(name));
  const known = new Set<string>();
  for (let at = 0; at < askable.length; at += AT_ONCE) {
    const found = await entries(database, askable.slice(at, at + AT_ONCE));
    if (found === undefined) return [];
    for (const [name = ""] of found) known.add(name);
  }
  // Compared by name: getent takes digits for an id, and finds whoever has it.
  return unique.filter((name) => !known.has(name));
}

/** Lines as passwd(5) and group(5) have them, in fields; undefined where NSS does not answer. */
export async function entries(
  database: "passwd" | "group",
  names: readonly string[],
): Promise<string[][] | undefined> {
  const limits = { env: {}, timeout: PATIENCE, maxBuffer: LONGEST_OUTPUT };
  try {
    return fieldsOf((await run(GETENT, [database, "--", ...names], limits)).stdout);
  } catch (error) {
    const { code, stdout } = error as { readonly code?: unknown; readonly stdout?: string };
    return code === NOT_FOUND ? fieldsOf(stdout ?? "") : undefined;
  }
}

function fieldsOf(lines: string): string[][] {
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(":"));
}
