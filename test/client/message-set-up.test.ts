/** What settings of messages are refused when they are set, and not at the first login. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { checkMethods, methodsOf } from "../../src/client/methods.ts";
import { setSetting, unsetSetting } from "../../src/settings/editor.ts";
import { scopeOf } from "../../src/settings/scope.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import { sandbox } from "../files/sandbox.ts";

function host(t: TestContext) {
  const directory = sandbox(t);
  const scope = scopeOf({ uid: 0, env: { COUNTERSIGN_HOME: directory }, home: "/" });
  const set = (name: string, value: string): Promise<string> =>
    setSetting(scope, name, value, checkMethods).then(
      () => "set",
      ({ code, message }) => `${code}: ${message}`,
    );
  const isOffered = (): boolean =>
    methodsOf(loadSettings(scope)).some(({ name }) => name === "message");
  return { directory, scope, set, isOffered };
}

test("messages are on once they have a way, and lose none while they are", async (t) => {
  const { scope, set, isOffered } = host(t);
  const ON = ["methods.message", "on"] as const;
  assert.match(await set(...ON), /^settings-invalid: message has no way yet: neither/);
  assert.equal(await set("message.smtp.host", "localhost"), "set");
  assert.match(await set(...ON), /^settings-invalid: .*message\.smtp\.from is not set$/);
  assert.equal(await set("message.smtp.from", "countersign@example.org"), "set");
  assert.equal(isOffered(), false);
  assert.equal(await set(...ON), "set");
  assert.equal(isOffered(), true);
  await assert.rejects(unsetSetting(scope, "message.smtp.host", checkMethods), {
    message: /message\.smtp\.host is not set$/,
  });
});

test("a sender is one address, and without TLS a server is this host", async (t) => {
  const { directory, set } = host(t);
  for (const from of [
    "A <a@b>",
    "a@b, c@d",
    "a",
    "-a@b",
    "a@b\nBcc: c@d",
    "a@-b",
    "a@b.",
    ".a@b",
  ]) {
    assert.match(
      await set("message.smtp.from", from),
      /^usage: message\.smtp\.from must be one/,
      from,
    );
  }
  for (const name of ["-o", "a b", "a:25", "a/b", "http://a", "[::1]"]) {
    assert.match(await set("message.smtp.host", name), /^usage: /, name);
  }
  await set("message.smtp.host", "mail.example.org");
  await set("message.smtp.from", "countersign@example.org");
  assert.equal(await set("methods.message", "on"), "set");
  assert.match(await set("message.smtp.tls", "none"), /^settings-invalid: without TLS/);
  for (const name of ["localhost", "127.0.0.1", "::1"]) {
    assert.equal(await set("message.smtp.host", name), "set");
    assert.equal(await set("message.smtp.tls", "none"), "set");
  }
  assert.match(
    await set("message.smtp.host", "mail.example.org"),
    /^settings-invalid: without TLS/,
  );
  const ca = join(directory, "ca.pem");
  assert.match(
    await set("message.smtp.caFile", ca),
    /^settings-invalid: .*the CA file is not there$/,
  );
  writeFileSync(ca, "", { mode: 0o644 });
  chmodSync(ca, 0o666);
  assert.match(await set("message.smtp.caFile", ca), /^file-untrusted: /);
});

test("a program is a path and arguments, and nobody else's to change", async (t) => {
  const { directory, set } = host(t);
  const folder = join(directory, "programs");
  mkdirSync(folder, { mode: 0o755 });
  const file = join(folder, "send");
  const command = `${file} --to={address}`;
  for (const wrong of [
    "send {address}",
    file,
    `${file} --to`,
    `${file}  {address}`,
    `${file} {address} `,
  ]) {
    assert.match(
      await set("message.command", wrong),
      /^usage: .* an absolute path and arguments/,
      wrong,
    );
  }
  assert.equal(await set("message.command", command), "set");
  assert.match(await set("methods.message", "on"), /the program of message\.command is not there$/);
  writeFileSync(file, "#!/bin/sh\n", { mode: 0o644 });
  assert.match(await set("methods.message", "on"), /this is no program$/);
  chmodSync(file, 0o777);
  assert.match(await set("methods.message", "on"), /^file-untrusted: .*can be written to/);
  chmodSync(file, 0o755);
  assert.equal(await set("methods.message", "on"), "set");
  symlinkSync(file, `${file}-link`);
  assert.match(await set("message.command", `${file}-link {address}`), /is a symbolic link$/);
  chmodSync(folder, 0o777);
  assert.match(await set("message.commandTakes", "any"), /^file-untrusted: /);
});
