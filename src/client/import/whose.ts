/** Whose a state file is: it does not say so itself. */
import { dirname, resolve } from "node:path";
import type { Caller } from "../../contracts/service.ts";
import { Fault } from "../../core/fault.ts";
import { demandHostAccount } from "../host-account.ts";
import { entries } from "../host-groups.ts";
import type { Source } from "./source.ts";

const ROOT = 0;

/**
 * The user named; else the caller, or under root the owner of the file: but root only of the one
 * in root's home, for a copy that root made of another's is root's as well.
 * @throws Fault `usage` where nobody is to be told, `not-found`
 */
export async function ownerMeant(
  named: string | undefined,
  caller: Caller,
  { name, owner }: Pick<Source, "name" | "owner">,
): Promise<string> {
  if (named !== undefined) {
    demandHostAccount(named);
    return named;
  }
  if (caller.uid !== ROOT) return caller.login;
  if (owner === undefined) throw unsaid();
  const found = await entries("passwd", [`${owner}`]);
  const [user, , , , , home] = found?.find(([, , id]) => id === `${owner}`) ?? [];
  if (owner === ROOT && dirname(resolve(name)) !== home) throw unsaid();
  if (user !== undefined) return user;
  throw new Fault("not-found", `the file belongs to uid ${owner}, who is no user of this host`, {
    hint: "say whose it is with --user USER",
  });
}

function unsaid(): Fault {
  return new Fault("usage", "whose is it? the file does not say", { hint: "add --user USER" });
}
