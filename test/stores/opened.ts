/** A store for one test, and what the contract's tests put into it. */
import type { TestContext } from "node:test";
import type { NewAuthenticator, Store } from "../../src/contracts/store.ts";
import { throttleKey } from "../../src/core/account.ts";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";

/** Opens a new, empty store. */
export type OpenStore = () => Promise<Store>;

export async function opened(t: TestContext, open: OpenStore): Promise<Store> {
  const store = await open();
  t.after(() => store.close());
  return store;
}

export const NOW = Date.parse("2026-01-01T00:00:00Z");
export const LATER = NOW + 900_000;

export function newAuthenticator(
  id: string,
  user: string,
  changes: Partial<NewAuthenticator> = {},
): NewAuthenticator {
  return {
    ...{ id, user, method: "totp", ...DEFAULT_PARAMETERS },
    ...{ sealedSecret: Buffer.from(`sealed ${id}`), createdAt: NOW, expiresAt: LATER },
    ...changes,
  };
}

export function addAccount(store: Store, user: string): Promise<void> {
  return store.transact((tx) => tx.accounts.ensure(user, throttleKey(user), NOW));
}

/** An account with a pending authenticator. */
export function begin(store: Store, authenticator: NewAuthenticator): Promise<void> {
  return store.transact(async (tx) => {
    await tx.accounts.ensure(authenticator.user, throttleKey(authenticator.user), NOW);
    await tx.authenticators.begin(authenticator);
  });
}

/** An account with an active authenticator, whose time step 100 is spent. */
export async function enroll(store: Store, authenticator: NewAuthenticator): Promise<void> {
  await begin(store, authenticator);
  await store.transact((tx) => tx.authenticators.activate(authenticator.id, 100, 0, NOW));
}
