/** init: safe to repeat, and never another key or store than there is. */
import assert from "node:assert/strict";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Home, makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { enroll, succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

test("it makes a key and a store for their owner alone, and keeps them the next time", async (t) => {
  const home = await Home.make(t);
  const init = async () => JSON.parse(await succeed(home.run.bind(home), ["init", "--json"]));
  const file = (name: string): string => join(home.path, name);
  const made = {
    settingsFile: file("countersign.json"),
    key: { kind: "file", place: file("master.key"), created: true },
    store: { path: file("store.db"), created: true },
  };
  assert.deepEqual(await init(), made);
  const key = await readFile(file("master.key"));
  for (const name of ["master.key", "store.db"]) {
    assert.equal((await stat(file(name))).mode & 0o777, 0o600, name);
  }
  made.key.created = made.store.created = false;
  assert.deepEqual(await init(), made);
  assert.ok(key.equals(await readFile(file("master.key"))));
  await succeed(home.run.bind(home), ["init", "--key", "file"]);
});

test("people are told where things are, and to back the key up", async (t) => {
  const home = await Home.make(t);
  const first = await succeed(home.run.bind(home), ["init"]);
  assert.match(first, /master key .*master\.key \(new\)\nstore .*store\.db \(new\)/);
  assert.match(first, /Back the key up/);
  const second = await succeed(home.run.bind(home), ["init"]);
  assert.match(second, /master\.key \(kept\)\nstore .*store\.db \(kept\)\n$/);
});

test("--store puts it elsewhere, for every later command", needs("oathtool"), async (t) => {
  const home = await Home.make(t);
  const elsewhere = join(await makeDirectory(t), "elsewhere.db");
  const made = JSON.parse(
    await succeed(home.run.bind(home), ["init", "--store", `sqlite:${elsewhere}`, "--json"]),
  );
  assert.deepEqual(made.store, { path: elsewhere, created: true });
  const { phone } = await enroll(home.run.bind(home));
  const verify = ["verify", "alice", "--code-stdin"];
  assert.equal((await home.run(verify, { input: await phone.next() })).code, 0);
  await assert.rejects(stat(join(home.path, "store.db")), { code: "ENOENT" });
});

test("what is set up is not moved by init", async (t) => {
  const home = await Home.make(t);
  await succeed(home.run.bind(home), ["init"]);
  for (const flags of [
    ["--key", "keyring"],
    ["--key", "systemd-credential"],
    ["--store", "sqlite:/nonexistent/store.db"],
  ]) {
    assertFailure(await home.run(["init", ...flags]), 1, /set up already/);
  }
  assert.equal((await home.run(["init"])).code, 0);
});

test("a key that is gone is never replaced", async (t) => {
  const home = await Home.make(t);
  await succeed(home.run.bind(home), ["init"]);
  await rm(join(home.path, "master.key"));
  for (const args of [["init"], ["enroll", "alice", "--begin"]]) {
    assertFailure(await home.run(args), 1, /master\.key/, /^try: put it back from a backup/);
  }
  await assert.rejects(stat(join(home.path, "master.key")), { code: "ENOENT" });
});

test("the first enrollment sets up what is missing, settings or no settings", async (t) => {
  const bare = await Home.make(t);
  assert.equal((await bare.run(["enroll", "alice", "--begin", "--json"])).code, 0);
  const home = await Home.make(t);
  await succeed(home.run.bind(home), ["config", "set", "issuer", "Example"]);
  const begun = await home.run(["enroll", "alice", "--begin", "--json"]);
  assert.deepEqual([begun.stderr, begun.code], ["", 0]);
  assert.match(JSON.parse(begun.stdout).uri, /[?&]issuer=Example/);
});

test("a store that the settings put elsewhere is not begun anew when it is out of reach", async (t) => {
  const home = await Home.make(t);
  const elsewhere = `sqlite:${join(home.path, "mounted", "store.db")}`;
  await succeed(home.run.bind(home), ["config", "set", "store", elsewhere]);
  assertFailure(await home.run(["enroll", "alice", "--begin"]), 1, /nothing is set up here yet/);
  await assert.rejects(stat(join(home.path, "master.key")), { code: "ENOENT" });
});

test("COUNTERSIGN_HOME has to be an absolute path", async (t) => {
  const home = await Home.make(t);
  for (const path of ["", "relative", "./x"]) {
    const ended = await home.run(["init"], { env: { COUNTERSIGN_HOME: path }, cwd: home.path });
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /^error: COUNTERSIGN_HOME must be an absolute path/);
  }
});
