/**
 * Root's engine acts as the user whom the host's files belong to. As root it would leave
 * files behind that the daemon cannot open, and open what that user put there.
 */
import { lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { daemonUser } from "../files/daemon-user.ts";
import { actAs } from "../files/identity.ts";
import { declareOwner } from "../files/owner.ts";
import type { Scope } from "../settings/scope.ts";

let isActing = false;

/**
 * Acts as the owner of the scope until what it returns is called. Does nothing for any user
 * but root, for what is root's, and where it is done already.
 * @throws Fault `not-permitted` where this process may not
 */
export function actAsOwner(scope: Scope): () => void {
  if (isActing || !mayNeedTo(scope)) return () => undefined;
  const giveBack = becomeOwner(scope);
  isActing = true;
  return () => {
    isActing = false;
    giveBack();
  };
}

/** True for root, and files that may be another's. */
export function mayNeedTo({ name }: Scope): boolean {
  return name === "system" && process.getuid?.() === 0 && process.geteuid?.() === 0;
}

/** What `work` comes to, done as the owner of the scope. */
export function asOwner<T>(scope: Scope, work: () => T): T {
  const release = actAsOwner(scope);
  try {
    return work();
  } finally {
    release();
  }
}

/** The same for work that takes time. */
export async function duringAsOwner<T>(scope: Scope, work: () => Promise<T>): Promise<T> {
  const release = actAsOwner(scope);
  try {
    return await work();
  } finally {
    release();
  }
}

function becomeOwner({ storeFile, keyFile, settingsFile }: Scope): () => void {
  const owner = statSync(dirname(storeFile), { throwIfNoEntry: false })?.uid ?? 0;
  if (owner !== 0) {
    const user = daemonUser();
    // Anyone else's directory is for the checks of its files to refuse.
    return user?.uid === owner ? actAs(user) : nothing;
  }
  // The directory of the store is given away last: where that was cut short, root goes on.
  const given = [settingsFile, keyFile, storeFile, dirname(keyFile)]
    .map((path) => lstatSync(path, { throwIfNoEntry: false })?.uid ?? 0)
    .find((uid) => uid !== 0);
  if (given === undefined || daemonUser()?.uid !== given) return nothing;
  return declareOwner(given);
}

function nothing(): void {}
