/** The key file and the systemd credential. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { KEY_KINDS } from "../../src/contracts/key-provider.ts";
import { keyProvider } from "../../src/keys/providers.ts";
import { CREDENTIAL_NAME } from "../../src/keys/systemd-credential.ts";
import { fault, sandbox, withoutRoot } from "../files/sandbox.ts";
import { keyProviderContract } from "./provider-contract.ts";

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
const TEXT = "countersign-key-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

keyProviderContract("file", {}, async (t) => {
  const keyFile = join(sandbox(t), "master.key");
  const open = () => keyProvider("file", { keyFile, env: {} });
  return {
    open,
    plant: async (text) => writeFileSync(keyFile, text, { mode: 0o600 }),
    make: (key) => open().create(key),
  };
});

keyProviderContract("systemd-credential", {}, async (t) => {
  const directory = sandbox(t);
  const path = join(directory, CREDENTIAL_NAME);
  const env = { CREDENTIALS_DIRECTORY: directory };
  return {
    open: () => keyProvider("systemd-credential", { keyFile: "/nonexistent", env }),
    plant: async (text) => writeFileSync(path, text, { mode: 0o400 }),
    make: async (key) => writeFileSync(path, key, { mode: 0o400 }),
  };
});

test("every kind has a provider", () => {
  for (const kind of KEY_KINDS) {
    assert.equal(keyProvider(kind, { keyFile: "/nonexistent/key", env: {} }).kind, kind);
  }
});

test("the key file is one line that only its owner can read", async (t) => {
  const keyFile = join(sandbox(t), "master.key");
  const umask = process.umask(0);
  t.after(() => process.umask(umask));
  await keyProvider("file", { keyFile, env: {} }).create(KEY);
  assert.equal(readFileSync(keyFile, "latin1"), TEXT);
  assert.equal(statSync(keyFile).mode & 0o7777, 0o600);
});

test("a key file that others can read, or a link, is refused", async (t) => {
  const directory = sandbox(t);
  const keyFile = join(directory, "master.key");
  const provider = keyProvider("file", { keyFile, env: {} });
  writeFileSync(keyFile, TEXT, { mode: 0o640 });
  await assert.rejects(provider.read(), fault("file-untrusted", /can be read by others/));
  const link = keyProvider("file", { keyFile: join(directory, "link"), env: {} });
  symlinkSync("master.key", join(directory, "link"));
  await assert.rejects(link.read(), fault("file-untrusted", /symbolic link/));
  await assert.rejects(link.create(KEY), fault("conflict"));
});

test("a key of another length is never written", async (t) => {
  const keyFile = join(sandbox(t), "master.key");
  const provider = keyProvider("file", { keyFile, env: {} });
  await assert.rejects(provider.create(Buffer.alloc(31)), fault("key-invalid"));
  assert.equal(await provider.read(), undefined);
});

test("a key file out of reach is unavailable", async (t) => {
  const keyFile = join(sandbox(t), "absent", "master.key");
  const provider = keyProvider("file", { keyFile, env: {} });
  await assert.rejects(provider.create(KEY), fault("key-unavailable", /no such file/));
  mkdirSync(dirname(keyFile));
  writeFileSync(keyFile, TEXT, { mode: 0o200 });
  chmodSync(dirname(dirname(keyFile)), 0o755);
  await withoutRoot(() =>
    assert.rejects(provider.read(), fault("key-unavailable", /permission denied/)),
  );
});

test("a credential may be text, or readable by an ACL's group bits, but not by others", async (t) => {
  const directory = sandbox(t);
  const path = join(directory, CREDENTIAL_NAME);
  const env = { CREDENTIALS_DIRECTORY: directory };
  const provider = keyProvider("systemd-credential", { keyFile: "/nonexistent", env });
  writeFileSync(path, TEXT);
  chmodSync(path, 0o440);
  assert.ok((await provider.read())?.equals(KEY));
  chmodSync(path, 0o444);
  await assert.rejects(provider.read(), fault("file-untrusted"));
});

test("without systemd there is no credential, and a relative directory is none", async () => {
  for (const CREDENTIALS_DIRECTORY of [undefined, "", "relative"]) {
    const env = CREDENTIALS_DIRECTORY === undefined ? {} : { CREDENTIALS_DIRECTORY };
    const provider = keyProvider("systemd-credential", { keyFile: "/nonexistent", env });
    await assert.rejects(provider.read(), fault("key-unavailable", /systemd passed no/));
  }
});

test("making a credential is systemd's: the command for it is the hint", async () => {
  const provider = keyProvider("systemd-credential", { keyFile: "/nonexistent", env: {} });
  await assert.rejects(provider.create(KEY), {
    code: "key-unavailable",
    hint: /^head -c 32 \/dev\/urandom \| systemd-creds encrypt --name=countersign-master-key - \//,
  });
});
