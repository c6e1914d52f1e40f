/** The groups of a user, by the host's own word: id(1), which asks what NSS asks. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isAccount } from "../core/account.ts";

const ID = "/usr/bin/id";
/** A directory service that does not answer is not waited for; milliseconds. */
const PATIENCE = 5_000;

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
