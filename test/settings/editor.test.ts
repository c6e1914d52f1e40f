/** Changing settings by name: the file is whole or untouched, whatever happens. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import {
  changeTogether,
  getSetting,
  listSettings,
  setSetting,
  unsetSetting,
} from "../../src/settings/editor.ts";
import { settingSchemas } from "../../src/settings/schema.ts";
import { type Scope, scopeOf } from "../../src/settings/scope.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import { fault, onSmallDisk, sandbox, withoutRoot } from "../files/sandbox.ts";
import { needs } from "../support/parts.ts";

function trial(t: TestContext): Scope {
  return scopeOf({ uid: 1, env: { COUNTERSIGN_HOME: join(sandbox(t), "home") }, home: "/" });
}

const content = (scope: Scope): string => readFileSync(scope.settingsFile, "utf8");

test("the first setting makes the file, with what was chosen and nothing else", async (t) => {
  const scope = trial(t);
  await setSetting(scope, "throttle.lockAfter", "10");
  assert.equal(content(scope), '{\n  "throttle": {\n    "lockAfter": 10\n  }\n}\n');
  assert.equal(statSync(scope.settingsFile).mode & 0o7777, 0o644);
  assert.equal(statSync(dirname(scope.settingsFile)).mode & 0o7777, 0o700);
  assert.deepEqual(readdirSync(dirname(scope.settingsFile)), ["countersign.json"]);
  assert.equal(loadSettings(scope).throttle.lockAfter, 10);
});

/** Of those that have no default. */
const EXAMPLES: Readonly<Record<string, string>> = {
  issuer: "Example",
  store: "sqlite:/var/lib/countersign/store.db",
  "duo.proxy": "proxy.example.org:3128",
  "duo.push.integrationKey": "DIXXXXXXXXXXXXXXXXXX",
  "duo.push.apiHost": "api-xxxxxxxx.duosecurity.com",
  "duo.push.caFile": "/etc/countersign/duo-ca.pem",
  "duo.prompt.clientId": "DIXXXXXXXXXXXXXXXXXX",
  "duo.prompt.apiHost": "api-xxxxxxxx.duosecurity.com",
  "duo.prompt.caFile": "/etc/countersign/duo-ca.pem",
  "message.command": "/usr/local/bin/send-sms --to {address}",
  "message.smtp.host": "mail.example.org",
  "message.smtp.user": "countersign",
  "message.smtp.from": "countersign@example.org",
  "message.smtp.caFile": "/etc/countersign/mail-ca.pem",
  "yubikey.clientId": "12345",
  "yubikey.servers": "https://val1.example.org,https://val2.example.org:8443/v",
  "yubikey.caFile": "/etc/countersign/ca.pem",
};

test("every setting can be set to its default, and unset again", async (t) => {
  const scope = trial(t);
  for (const { name, schema } of settingSchemas()) {
    await setSetting(scope, name, String(schema.default ?? EXAMPLES[name]));
    assert.equal(getSetting(scope, name).origin, "file");
  }
  for (const { name } of settingSchemas()) {
    assert.equal(await unsetSetting(scope, name), true);
    assert.equal(await unsetSetting(scope, name), false);
  }
  assert.equal(content(scope), "{}\n");
});

test("several settings change in one step, and what did not change is not told", async (t) => {
  const scope = trial(t);
  await setSetting(scope, "duo.push.failMode", "safe");
  await setSetting(scope, "duo.proxy", "proxy:3128");
  const replaced = new Set<number>();
  const watcher = watch(dirname(scope.settingsFile), () => {
    const found = statSync(scope.settingsFile, { throwIfNoEntry: false });
    if (found) replaced.add(found.ino);
  });
  t.after(() => watcher.close());
  const changes = [
    ["duo.push.apiHost", "api-00000000.duosecurity.com"],
    ["duo.push.failMode", "safe"],
    ["duo.proxy", undefined],
    ["duo.push.caFile", undefined],
    ["duo.prompt.callbackPort", 8080],
  ] as const;
  assert.deepEqual(
    (await changeTogether(scope, changes)).map(([name]) => name),
    ["duo.push.apiHost", "duo.proxy", "duo.prompt.callbackPort"],
  );
  assert.deepEqual(JSON.parse(content(scope)), {
    duo: {
      push: { failMode: "safe", apiHost: "api-00000000.duosecurity.com" },
      prompt: { callbackPort: 8080 },
    },
  });
  await setTimeout(50);
  assert.equal(replaced.size, 1, "written once");
  const ino = statSync(scope.settingsFile).ino;
  assert.deepEqual(await changeTogether(scope, changes), []);
  assert.equal(statSync(scope.settingsFile).ino, ino);
});

test("of several settings none changes where one is wrong", async (t) => {
  const scope = trial(t);
  await setSetting(scope, "qr", "none");
  const before = content(scope);
  for (const wrong of [
    ["duo.prompt.callbackPort", 65_536],
    ["duo.push.failMode", "open"],
    ["duo.push.apiHots", "x"],
    ["__proto__.polluted", "x"],
  ] as const) {
    await assert.rejects(changeTogether(scope, [["qr", "ascii"], wrong]), { code: "usage" });
    assert.equal(content(scope), before);
  }
});

test("mode and replacement do not depend on umask or $SNAP", async (t) => {
  const scope = trial(t);
  await setSetting(scope, "qr", "none");
  const before = statSync(scope.settingsFile).ino;
  const umask = process.umask(0o077);
  process.env.SNAP = "/snap/editor/1";
  t.after(() => {
    process.umask(umask);
    delete process.env.SNAP;
  });
  await setSetting(scope, "qr", "ascii");
  assert.equal(process.env.SNAP, "/snap/editor/1");
  assert.equal(process.umask(), 0o077);
  assert.equal(statSync(scope.settingsFile).mode & 0o7777, 0o644);
  assert.notEqual(statSync(scope.settingsFile).ino, before);
});

test("the list tells value, origin and meaning of all", async (t) => {
  const scope = trial(t);
  await setSetting(scope, "totp.window", "2");
  const list = listSettings(scope);
  assert.deepEqual(
    list.map(({ name }) => name),
    settingSchemas().map(({ name }) => name),
  );
  const find = (name: string) => list.find((setting) => setting.name === name);
  assert.deepEqual([find("totp.window")?.value, find("totp.window")?.origin], [2, "file"]);
  assert.deepEqual([find("qr")?.value, find("qr")?.origin], ["auto", "default"]);
  assert.equal(find("issuer")?.value, undefined);
});

test("an unknown name is a usage fault with the nearest names", async (t) => {
  const scope = trial(t);
  for (const [typed, hint] of [
    ["throttle.lockafter", "throttle.lockAfter"],
    ["window", "totp.window"],
    ["isuer", "issuer"],
    ["__proto__", "countersign config list"],
    ["totp", undefined],
    ["", "countersign config list"],
    ["constructor.prototype", "countersign config list"],
  ] as const) {
    const refused = (error: unknown): boolean => {
      assert.ok(fault("usage", /^there is no setting/)(error));
      if (hint) assert.ok(String((error as { hint?: string }).hint).includes(hint), typed);
      return true;
    };
    assert.throws(() => getSetting(scope, typed), refused);
    await assert.rejects(setSetting(scope, typed, "1"), refused);
    await assert.rejects(unsetSetting(scope, typed), refused);
  }
  assert.equal(existsSync(scope.settingsFile), false);
});

test("a value that does not fit is a usage fault, and changes nothing", async (t) => {
  const scope = trial(t);
  await setSetting(scope, "qr", "none");
  const before = content(scope);
  for (const [name, value] of [
    ["throttle.lockAfter", "1001"],
    ["throttle.lockAfter", "ten"],
    ["throttle.lockAfter", ""],
    ["throttle.lockAfter", "1e2"],
    ["throttle.lockAfter", " 1"],
    ["policy.unenrolled", "Allow"],
    ["issuer", "a:b"],
    ["issuer", "a\u001b[2J"],
    ["store", "relative.db"],
  ] as const) {
    await assert.rejects(
      setSetting(scope, name, value),
      fault("usage", new RegExp(`^${name} must be `)),
    );
  }
  assert.equal(content(scope), before);
});

test("a file that does not parse is reported and never written over", async (t) => {
  const scope = trial(t);
  mkdirSync(dirname(scope.settingsFile), { mode: 0o700 });
  for (const text of ["", "{", "\0\0", '{"qr":"none","qr":"auto"}', '{"unknown":1}', "[]"]) {
    writeFileSync(scope.settingsFile, text, { mode: 0o644 });
    await assert.rejects(setSetting(scope, "qr", "none"), fault("settings-invalid"));
    await assert.rejects(unsetSetting(scope, "qr"), fault("settings-invalid"));
    assert.throws(() => listSettings(scope), fault("settings-invalid"));
    assert.equal(content(scope), text);
  }
});

test("links and loose directories are not written through", async (t) => {
  const scope = trial(t);
  const directory = dirname(scope.settingsFile);
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(join(directory, "victim"), "{}", { mode: 0o644 });
  symlinkSync("victim", scope.settingsFile);
  await assert.rejects(setSetting(scope, "qr", "none"), fault("file-untrusted"));
  assert.equal(readFileSync(join(directory, "victim"), "utf8"), "{}");
  const loose = trial(t);
  mkdirSync(dirname(loose.settingsFile));
  chmodSync(dirname(loose.settingsFile), 0o1777);
  await assert.rejects(setSetting(loose, "qr", "none"), fault("file-untrusted"));
  assert.equal(existsSync(loose.settingsFile), false);
});

test("two hundred changes at once are all there", async (t) => {
  const scope = trial(t);
  const names = ["totp.window", "throttle.lockAfter", "enrollment.expiresAfter", "issuer", "qr"];
  await Promise.all(
    Array.from({ length: 200 }, (_, n) => {
      const name = names[n % names.length] ?? "";
      const value = name === "qr" ? "none" : name === "totp.window" ? "7" : `${100 + n}`;
      return setSetting(scope, name, value);
    }),
  );
  const written = listSettings(scope).filter(({ origin }) => origin === "file");
  assert.deepEqual(written.map(({ name }) => name).sort(), names.toSorted());
  assert.deepEqual(readdirSync(dirname(scope.settingsFile)), ["countersign.json"]);
});

test("what a killed writer left stands in nobody's way for long", async (t) => {
  const scope = trial(t);
  await setSetting(scope, "qr", "none");
  for (const suffix of [".new", ".lock"]) {
    writeFileSync(`${scope.settingsFile}${suffix}`, "{", { mode: 0o600 });
  }
  const before = content(scope);
  await assert.rejects(setSetting(scope, "qr", "ascii"), fault("conflict", /somebody else/));
  assert.equal(content(scope), before);
  const long = new Date(Date.now() - 61_000);
  utimesSync(`${scope.settingsFile}.lock`, long, long);
  await setSetting(scope, "qr", "ascii");
  assert.deepEqual(readdirSync(dirname(scope.settingsFile)), ["countersign.json"]);
});

test("on a full disk the old file stays whole", needs("root"), async (t) => {
  await onOwnDisk(t, async (scope, disk) => {
    await setSetting(scope, "qr", "none");
    const before = content(scope);
    spawnSync("dd", ["if=/dev/zero", `of=${join(disk, "fill")}`, "bs=4k"], { stdio: "ignore" });
    await assert.rejects(
      setSetting(scope, "issuer", "x".repeat(64)),
      fault("settings-unwritable", /no space left/),
    );
    assert.equal(content(scope), before);
    assert.deepEqual(readdirSync(disk).sort(), ["countersign.json", "fill"]);
  });
});

test("on a read-only file system nothing changes", needs("root"), async (t) => {
  await onOwnDisk(t, async (scope, disk) => {
    await setSetting(scope, "qr", "none");
    const before = content(scope);
    execFileSync("mount", ["-o", "remount,ro", disk]);
    await assert.rejects(
      setSetting(scope, "qr", "ascii"),
      fault("settings-unwritable", /read-only/),
    );
    assert.equal(content(scope), before);
  });
});

test("without leave to write nothing changes", async (t) => {
  const scope = trial(t);
  const directory = dirname(scope.settingsFile);
  await setSetting(scope, "qr", "none");
  const before = content(scope);
  for (const path of [dirname(directory), directory]) chmodSync(path, 0o555);
  await withoutRoot(() =>
    assert.rejects(setSetting(scope, "qr", "ascii"), fault("settings-unwritable", /denied/)),
  );
  for (const path of [dirname(directory), directory]) chmodSync(path, 0o700);
  assert.equal(content(scope), before);
});

/** Runs with a small file system of its own as COUNTERSIGN_HOME. */
async function onOwnDisk(
  t: TestContext,
  work: (scope: Scope, disk: string) => Promise<void>,
): Promise<void> {
  const scope = trial(t);
  const disk = dirname(scope.settingsFile);
  mkdirSync(disk);
  await onSmallDisk(t, disk, () => work(scope, disk));
}
