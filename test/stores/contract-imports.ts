/** What imports bring: added where it still fits, and told where not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StagedRow } from "../../src/contracts/staging.ts";
import type { Store } from "../../src/contracts/store.ts";
import { chain } from "../../src/core/audit-chain.ts";
import { EMPTY_HEAD } from "../../src/core/audit-head.ts";
import { addAccount, enroll, NOW, newAuthenticator, type OpenStore, opened } from "./opened.ts";

function row(user: string | undefined, changes: Partial<StagedRow> = {}): StagedRow {
  return {
    place: "line 1",
    user,
    method: "totp",
    serial: "",
    id: `id of ${user} ${changes.serial ?? ""}`,
    sealedSecret: Buffer.from(`sealed of ${user}`),
    algorithm: "sha256",
    digits: 7,
    period: 45,
    lastCounter: 17,
    skew: -3,
    ...changes,
  };
}

async function bring(store: Store, ...rows: readonly StagedRow[]) {
  const { unfitting, backupCodeSets } = await store.transact((tx) => tx.imports.add(rows, NOW));
  return {
    left: unfitting.map(({ row: { user, serial }, why }) => [user, serial, why]),
    backupCodeSets,
  };
}

export function importsContract(open: OpenStore): void {
  test("an authenticator is active as it was given, and its account is there", async (t) => {
    const store = await opened(t, open);
    assert.deepEqual(await bring(store, row("alice", { serial: "S1" })), {
      ...{ left: [], backupCodeSets: 0 },
    });
    const [found] = await store.read((view) => view.authenticators.all("alice", "totp"));
    const { sealedSecret, ...rest } = found ?? {};
    assert.deepEqual(Buffer.from(sealedSecret ?? []).toString(), "sealed of alice");
    assert.deepEqual(rest, {
      ...{ id: "id of alice S1", user: "alice", method: "totp", serial: "S1", status: "active" },
      ...{ algorithm: "sha256", digits: 7, period: 45, lastCounter: 17, skew: -3, drift: 0 },
      ...{ enrolledAt: NOW, lastUsedAt: undefined, expiresAt: undefined, invitation: undefined },
    });
    assert.equal((await store.read((view) => view.accounts.find("alice")))?.createdAt, NOW);
  });

  test("where it is not told what was used, all up to this moment was, and the next", async (t) => {
    const store = await opened(t, open);
    await bring(store, row("alice", { lastCounter: undefined }));
    const found = await store.read((view) => view.authenticators.find("alice", "totp", "active"));
    assert.equal(found?.lastCounter, Math.floor(NOW / 45_000) - 2);
  });

  test("what does not fit is left out, and nothing is made of its account", async (t) => {
    const store = await opened(t, open);
    await enroll(store, newAuthenticator("1", "alice"));
    await addAccount(store, "bob");
    await store.transact((tx) => tx.accounts.disable("bob", NOW));
    await bring(store, row("carol", { serial: "S1" }), row(undefined, { serial: "S2" }));
    const { left } = await bring(
      store,
      row("alice"),
      row("bob"),
      row("BOB"),
      row("dave", { serial: "S1" }),
      row("erin", { serial: "S2" }),
      row(undefined, { serial: "S1" }),
      row(undefined, { serial: "S2" }),
      row("frank"),
    );
    assert.deepEqual(left, [
      ["alice", "", "method"],
      ["bob", "", "disabled"],
      ["BOB", "", "disabled"],
      ["dave", "S1", "serial"],
      ["erin", "S2", "serial"],
      [undefined, "S1", "serial"],
      [undefined, "S2", "serial"],
    ]);
    for (const user of ["BOB", "dave", "erin"]) {
      assert.equal(await store.read((view) => view.accounts.find(user)), undefined, user);
    }
    assert.ok(await store.read((view) => view.authenticators.find("frank", "totp", "active")));
    const alices = await store.read((view) => view.authenticators.all("alice", "totp"));
    assert.equal(alices.length, 1);
  });

  test("codes become backup codes of who has none left", async (t) => {
    const store = await opened(t, open);
    const codes = (byte: number) => ({
      salt: Buffer.of(byte),
      cost: { N: 16, r: 1, p: 1 },
      hashes: [Buffer.alloc(32, byte)],
    });
    assert.equal((await bring(store, row("alice", { codes: codes(1) }))).backupCodeSets, 1);
    const second = row("alice", { serial: "S2", codes: codes(2) });
    assert.equal((await bring(store, second)).backupCodeSets, 0);
    const spend = (byte: number) =>
      store.transact((tx) => tx.backupCodes.spend("alice", Buffer.alloc(32, byte), NOW));
    assert.deepEqual([await spend(2), await spend(1), await spend(1)], [false, true, false]);
    const third = row("alice", { serial: "S3", codes: codes(3) });
    assert.equal((await bring(store, third)).backupCodeSets, 1);
    assert.equal(await spend(3), true);
  });

  test("many events follow one another, and the last one that was there", async (t) => {
    const store = await opened(t, open);
    const event = {
      at: NOW,
      action: "import",
      caller: "0:root",
      user: null,
      verdict: null,
    } as const;
    const rest = {
      reason: null,
      method: null,
      service: null,
      rhost: null,
      tty: null,
      detail: null,
    };
    const first = chain(Buffer.alloc(32), EMPTY_HEAD, { ...event, ...rest });
    const second = chain(Buffer.alloc(32), first, { ...event, ...rest });
    await store.transact((tx) => tx.audit.appendAll([first, second]));
    const { sequence, hash } = second;
    assert.deepEqual(await store.read((view) => view.audit.head()), { sequence, hash });
    const again = store.transact((tx) => tx.audit.appendAll([second]));
    await assert.rejects(again, { code: "store-corrupt" });
    const third = chain(Buffer.alloc(32), second, { ...event, ...rest });
    const gap = store.transact((tx) => tx.audit.appendAll([third, third]));
    await assert.rejects(gap, { code: "store-corrupt" });
    assert.deepEqual(await store.read((view) => view.audit.head()), { sequence, hash });
  });
}
