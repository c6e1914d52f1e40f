/** The keyring provider against a real keyring, and against none. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { keyringKey } from "../../src/keys/keyring.ts";
import { fault, sandbox } from "../files/sandbox.ts";
import { needs } from "../support/parts.ts";
import { keyProviderContract } from "./provider-contract.ts";
import { openSession } from "./session.ts";

const REAL = needs("keytar", "dbus-daemon", "gnome-keyring-daemon", "secret-tool");
const ACCOUNT = "/home/somebody/.config/countersign/master.key";

keyProviderContract("keyring", REAL, async (t) => {
  const session = await openSession(t);
  const open = () => keyringKey(ACCOUNT, session.env);
  return {
    open,
    plant: async (text) => {
      const planting = `require("keytar").setPassword("countersign", "${ACCOUNT}", ${JSON.stringify(text)})`;
      assert.equal(await session.run(process.execPath, ["-e", planting]), 0);
    },
    make: (key) => open().create(key),
  };
});

test("each scope has its own key in one keyring", REAL, async (t) => {
  const { env } = await openSession(t);
  const keys = new Map(["/one/master.key", "/two/master.key"].map((at) => [at, randomBytes(32)]));
  for (const [at, key] of keys) await keyringKey(at, env).create(key);
  for (const [at, key] of keys) assert.ok((await keyringKey(at, env).read())?.equals(key));
});

test("without a session bus the keyring is unavailable, at once", async () => {
  const provider = keyringKey(ACCOUNT, { XDG_RUNTIME_DIR: "/nonexistent" });
  await assert.rejects(provider.read(), fault("key-unavailable", /no session bus/));
  await assert.rejects(provider.create(randomBytes(32)), fault("key-unavailable"));
});

test("a bus without a keyring is refused", needs("keytar", "dbus-daemon"), async (t) => {
  const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(sandbox(t), "nobody")}` };
  await assert.rejects(keyringKey(ACCOUNT, env).read(), fault("key-unavailable", /refused/));
});

test("a bus that never answers is given up in time", needs("keytar"), async (t) => {
  const path = join(sandbox(t), "silent");
  const server = createServer((socket) => socket.on("error", () => {}).resume()).listen(path);
  t.after(() => server.close());
  const started = performance.now();
  const provider = keyringKey(ACCOUNT, { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` }, 500);
  await assert.rejects(provider.read(), fault("key-unavailable", /did not answer in time/));
  assert.ok(performance.now() - started < 4_000);
});

test("without keytar the keyring is unavailable, with the mend", async (t) => {
  // The same sources where no package is in sight.
  const base = sandbox(t);
  for (const folder of ["core", "contracts", "files", "keys"]) {
    const from = join(import.meta.dirname, "../../src", folder);
    cpSync(from, join(base, "src", folder), { recursive: true });
  }
  mkdirSync(join(base, "bus"));
  const alone: typeof import("../../src/keys/keyring.ts") = await import(
    join(base, "src/keys/keyring.ts")
  );
  const env = { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent" };
  await assert.rejects(alone.keyringKey(ACCOUNT, env).read(), {
    code: "key-unavailable",
    message: /keytar.*is not installed/,
    hint: /npm rebuild keytar/,
  });
});
