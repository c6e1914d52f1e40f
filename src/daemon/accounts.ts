/** The login name of a uid, by the host's own word: getent(1). */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Fault } from "../core/fault.ts";

const GETENT = "/usr/bin/getent";
/** Milliseconds; a directory service that does not answer is not waited for. */
const PATIENCE = 5_000;

const run = promisify(execFile);

/** @throws Fault `not-permitted` for a uid that is nobody's: it has no account to act on */
export async function loginOf(uid: number): Promise<string> {
  if (uid === 0) return "root";
  try {
    const { stdout } = await run(GETENT, ["passwd", String(uid)], { env: {}, timeout: PATIENCE });
    const [login, , found] = stdout.split(":");
    if (login && Number(found) === uid) return login;
  } catch {
    // Not found, or not answered: either way there is no name to go by.
  }
  throw new Fault("not-permitted", "this uid has no account on this host");
}
