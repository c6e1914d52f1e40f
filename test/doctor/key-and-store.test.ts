import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { chain } from "../../src/core/audit-chain.ts";
import { EMPTY_HEAD } from "../../src/core/audit-head.ts";
import { KEY_CHECK_CELL } from "../../src/core/cells.ts";
import { Fault } from "../../src/core/fault.ts";
import { examineKey } from "../../src/doctor/key.ts";
import { examineStore, type Space } from "../../src/doctor/store.ts";
import { EVENTS_READ, readStore } from "../../src/doctor/store-file.ts";
import { createSealer } from "../../src/keys/sealing.ts";
import { SCHEMA_VERSION } from "../../src/stores/schema.ts";
import { createSqliteStore } from "../../src/stores/sqlite/store.ts";
import { fault, sandbox } from "../files/sandbox.ts";
import { told } from "./findings.ts";

const PLENTY: Space = { bytes: 2 ** 31, inodes: 100_000 };

/** A real store with so many events, tied to a key. */
async function makeStore(t: TestContext, events = 3) {
  const path = join(sandbox(t), "store.db");
  const sealer = createSealer(randomBytes(32));
  const store = createSqliteStore(path);
  await store.transact(async (tx) => {
    await tx.facts.setOnce("key-check", sealer.seal(Buffer.from("key"), KEY_CHECK_CELL));
    let head = EMPTY_HEAD;
    for (let at = 1; at <= events; at++) {
      const none = { user: null, verdict: null, reason: null, method: null, service: null };
      const event = {
        at,
        action: "init",
        ...none,
        rhost: null,
        tty: null,
        caller: "0:root",
        detail: null,
      };
      const record = chain(sealer.auditKey, head, { ...event, action: "init" });
      await tx.audit.append(record);
      head = record;
    }
  });
  await store.close();
  return { path, sealer };
}

type Made = Awaited<ReturnType<typeof makeStore>>;

async function sayStore({ path, sealer }: Made, space = PLENTY, schema = SCHEMA_VERSION) {
  const findings = await examineStore({
    isBegun: () => true,
    path,
    content: async () => readStore(path),
    schema,
    sealer: async () => sealer,
    space: () => space,
  });
  return told(findings).map((line) => line.replaceAll(path, "STORE"));
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

test("a good store is whole, holds, and has room", async (t) => {
  assert.deepEqual(await sayStore(await makeStore(t)), [
    "ok STORE: whole",
    "ok the audit log holds (events: 3)",
    "ok 2048 MiB and room for 100000 files left on its file system",
  ]);
});

test("looking changes nothing, with a writer's files beside it or without", async (t) => {
  const { path } = await makeStore(t);
  const all = () =>
    readdirSync(dirname(path)).map((name) => [
      name,
      readFileSync(join(dirname(path), name), "hex"),
    ]);
  const before = [all(), statSync(path, { bigint: true }).mtimeNs];
  assert.equal(readStore(path)?.events.length, 3);
  assert.deepEqual([all(), statSync(path, { bigint: true }).mtimeNs], before);

  const writer = new DatabaseSync(path);
  t.after(() => writer.close());
  writer.exec("DELETE FROM audit WHERE sequence = 3");
  assert.equal(readStore(path)?.events.length, 2, "what is in the log alone is seen");
});

test("the last thousand events are held against the key", async (t) => {
  const made = await makeStore(t, EVENTS_READ + 5);
  assert.match(
    (await sayStore(made))[1] ?? "",
    /^ok the audit log's last 1000 events hold; all: countersign audit verify$/,
  );
  const altered = (sequence: number) =>
    change(made.path, `UPDATE audit SET caller = '1:eve' WHERE sequence = ${sequence}`);
  altered(5);
  assert.match((await sayStore(made))[1] ?? "", /^ok/, "an event before those is not read");
  altered(500);
  assert.match(
    (await sayStore(made))[1] ?? "",
    /^problem the audit log does not hold at event 500/,
  );
});

test("a removed event breaks the chain", async (t) => {
  const made = await makeStore(t);
  change(made.path, "DELETE FROM audit WHERE sequence = 1");
  assert.match((await sayStore(made))[1] ?? "", /^ok/, "as a log that begins later");
  change(made.path, "UPDATE audit SET sequence = 9 WHERE sequence = 3");
  assert.match((await sayStore(made))[1] ?? "", /^problem .* at event 3/);
});

test("schemas of other versions", async (t) => {
  const made = await makeStore(t);
  assert.match(
    (await sayStore(made, PLENTY, SCHEMA_VERSION - 1))[0] ?? "",
    /^problem STORE has schema \d+, this program knows/,
  );
  assert.match(
    (await sayStore(made, PLENTY, SCHEMA_VERSION + 1))[0] ?? "",
    /^ok STORE: whole; schema \d+, brought to/,
  );
});

test("a damaged store, another's, and an empty one", async (t) => {
  const made = await makeStore(t, 500);
  const pages = readFileSync(made.path);
  pages.fill(0x5a, 3 * 4096, 5 * 4096);
  writeFileSync(made.path, pages);
  assert.match((await sayStore(made))[0] ?? "", /^problem STORE.* is damaged/);
  writeFileSync(made.path, "these are not the bytes of a database ".repeat(200));
  assert.match(
    (await sayStore(made)).join(),
    /^problem STORE: is damaged, or no store of countersign$/,
  );
  rmSync(made.path);
  writeFileSync(made.path, "", { mode: 0o600 });
  change(made.path, "CREATE TABLE facts (name, value); CREATE TABLE audit (x)");
  assert.match((await sayStore(made)).join(), /^problem /);
  truncateSync(made.path);
  assert.match((await sayStore(made))[0] ?? "", /^problem STORE: the store is empty$/);
});

test("a store that somebody holds whole is not waited for long", async (t) => {
  const made = await makeStore(t);
  change(made.path, "PRAGMA journal_mode = DELETE");
  const holder = new DatabaseSync(made.path);
  t.after(() => holder.close());
  holder.exec("BEGIN EXCLUSIVE; CREATE TABLE more (x)");
  const begun = performance.now();
  assert.throws(() => readStore(made.path), fault("store-locked"));
  assert.ok(performance.now() - begun < 4_000);
});

test("little room is a warning, next to none a problem", async (t) => {
  const made = await makeStore(t);
  const MIB = 2 ** 20;
  const room = async (bytes: number, inodes: number | undefined) =>
    ((await sayStore(made, { bytes, inodes }))[2] ?? "").split(" ")[0];
  assert.equal(await room(50 * MIB, undefined), "ok");
  assert.equal(await room(50 * MIB - 1, undefined), "warning");
  assert.equal(await room(MIB - 1, 5000), "problem");
  assert.equal(await room(100 * MIB, 999), "warning");
  assert.equal(await room(100 * MIB, 9), "problem");
});

test("no store yet", async (t) => {
  const path = join(sandbox(t), "store.db");
  const sealer = createSealer(randomBytes(32));
  assert.deepEqual(await sayStore({ path, sealer }), ["warning STORE: there is no store yet"]);
});

/** What is said of a key, and of the store it is to fit. */
async function sayKey(made: Made | undefined, sealer: () => Promise<Made["sealer"] | undefined>) {
  const findings = await examineKey({
    isBegun: () => true,
    provider: () => ({ kind: "file", place: "/K" }),
    sealer,
    storeExists: () => made !== undefined,
    keyCheck: async () => (made ? readStore(made.path)?.keyCheck : undefined),
  });
  return told(findings).join("\n");
}

test("a key that fits, another, and none", async (t) => {
  const made = await makeStore(t);
  const other = createSealer(randomBytes(32));
  assert.equal(await sayKey(made, async () => made.sealer), "ok key file /K: fits the store");
  assert.match(
    await sayKey(made, async () => other),
    /^problem .* is not the one this store was made with$/,
  );
  assert.match(
    await sayKey(made, async () => undefined),
    /^problem .* the store cannot be read without it$/,
  );
  assert.match(await sayKey(undefined, async () => undefined), /^warning .* no master key yet$/);
});

test("a key out of reach is a problem with the mend of its keeper", async (t) => {
  const made = await makeStore(t);
  const out = new Fault("key-unavailable", "the keyring did not answer in time", {
    hint: "unlock it",
  });
  assert.equal(
    await sayKey(made, () => Promise.reject(out)),
    "problem the keyring did not answer in time",
  );
});

test("a key beside a store that does not open, or that names no key", async (t) => {
  const made = await makeStore(t);
  change(made.path, "DELETE FROM facts");
  assert.match(await sayKey(made, async () => made.sealer), /^problem .* does not say which key/);
  writeFileSync(made.path, "x".repeat(5000));
  assert.match(await sayKey(made, async () => made.sealer), /^warning .* not compared/);
});
