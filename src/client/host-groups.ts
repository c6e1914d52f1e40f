/** Users and groups by the host's own word: id(1) and getent(1), which ask what NSS asks. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isAccount } from "../core/account.ts";
import { isPrintable } from "../core/printable.ts";

const ID = "/usr/bin/id";
const GETENT = "/usr/bin/getent";
/** A directory service that does not answer is not waited for; milliseconds. */
const PATIENCE = 5_000;

/** Whose members may become root, as distributions name them. */
const ADMINISTRATORS = ["sudo", "wheel", "admin"];

/** getent(1): one of the names was not found; the others are printed all the same. */
const NOT_FOUND = 2;
/** Names asked for at once: they stand in arguments. */
const AT_ONCE = 200;
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
  const groups = (await entries("group", ADMINISTRATORS)) ?? [];
  const members = groups.flatMap((fields) => fields[3]?.split(",") ?? []);
  return [...new Set(["root", ...members.filter(isAccount)])];
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
async function entries(
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
