/** Whether the host knows an account, by its own word: getent(1), which asks what NSS asks. */
import { spawnSync } from "node:child_process";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { currentScope } from "./door.ts";

const GETENT = "/usr/bin/getent";
/** getent(1): one or more of the names could not be found. */
const NOT_FOUND = 2;
/** A directory service that does not answer is not waited for; milliseconds. */
const PATIENCE = 5_000;

/**
 * Refuses a name that the host does not know, or knows under another spelling: enrolling a
 * slip of the pen would leave the person meant without an authenticator. Where the host
 * cannot be asked, nothing is refused; nor in a store that is not the host's.
 * @throws Fault `not-found`
 */
export function demandHostAccount(user: string): void {
  if (currentScope().name !== "system") return;
  const { status, stdout } = spawnSync(GETENT, ["passwd", "--", user], {
    env: {},
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: PATIENCE,
  });
  if (status === NOT_FOUND) {
    throw new Fault("not-found", `this host has no user ${printable(user)}`, {
      hint: "give the login name, as getent passwd shows it",
    });
  }
  const name = status === 0 ? stdout.slice(0, stdout.indexOf(":")) : user;
  if (name === user) return;
  throw new Fault("not-found", `this host calls that user ${printable(name)}`, {
    hint: `countersign enroll ${printable(name)}`,
  });
}
