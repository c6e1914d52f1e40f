import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { examineFiles } from "../../src/doctor/files.ts";
import type { Scope } from "../../src/settings/scope.ts";
import { asRoot, FOREIGN_UID, sandbox } from "../files/sandbox.ts";
import { told } from "./findings.ts";

/** A whole set-up, and what is said of it. */
function setUp(t: TestContext) {
  const at = sandbox(t);
  const config = join(at, "config");
  const data = join(at, "data");
  mkdirSync(config, { mode: 0o755 });
  mkdirSync(data, { mode: 0o700 });
  const scope: Scope = {
    name: "system",
    settingsFile: join(config, "countersign.json"),
    keyFile: join(config, "master.key"),
    storeFile: join(data, "store.db"),
    socketFile: join(at, "run/socket"),
    directories: [
      { path: config, mode: 0o755 },
      { path: data, mode: 0o700 },
    ],
  };
  writeFileSync(scope.settingsFile, "{}", { mode: 0o644 });
  for (const path of [scope.keyFile, scope.storeFile, `${scope.storeFile}-wal`])
    writeFileSync(path, "x", { mode: 0o600 });
  const readers = { scope, storeFile: scope.storeFile, owner: process.getuid?.() ?? 0 };
  return {
    scope,
    config,
    data,
    findings: () => examineFiles(readers),
    say: () => told(examineFiles(readers)),
  };
}

test("files as init makes them are well", (t) => {
  assert.match(setUp(t).say().join("\n"), /^ok nobody else can read [^\n]+$/);
});

test("each file that others can read or change is a problem with its mend", (t) => {
  for (const [name, mode] of [
    ["settingsFile", 0o666],
    ["keyFile", 0o644],
    ["keyFile", 0o620],
    ["storeFile", 0o604],
  ] as const) {
    const { scope, findings } = setUp(t);
    chmodSync(scope[name], mode);
    const [finding, ...more] = findings();
    assert.equal(finding?.state, "problem");
    assert.ok(finding?.message.startsWith(scope[name]), finding?.message);
    assert.match(finding?.mend ?? "", /^chmod (600|644) /);
    // The mend mends.
    execFileSync("sh", ["-c", finding?.mend ?? "false"]);
    assert.deepEqual([findings().map(({ state }) => state), more], [["ok"], []]);
  }
});

test("siblings of the store count too", (t) => {
  const { scope, say } = setUp(t);
  chmodSync(`${scope.storeFile}-wal`, 0o644);
  assert.match(say()[0] ?? "", /^problem .*store.db-wal can be read by others$/);
});

test("directories that others can look into or write to", (t) => {
  const open = setUp(t);
  chmodSync(open.data, 0o755);
  assert.match(open.say().join("\n"), /^problem \S+\/data can be looked into by others$/);
  const writable = setUp(t);
  chmodSync(writable.config, 0o777);
  assert.match(
    writable.say().join("\n"),
    /^problem \S+\/config can be written to by group or others$/,
  );
});

test("links, second names and fifos are refused, and nothing waits for one", (t) => {
  const linked = setUp(t);
  renameSync(linked.scope.keyFile, `${linked.scope.keyFile}.real`);
  symlinkSync("master.key.real", linked.scope.keyFile);
  assert.match(linked.say().join("\n"), /^problem \S+master.key is a symbolic link$/);
  const twice = setUp(t);
  linkSync(twice.scope.keyFile, join(twice.data, "copy"));
  assert.match(twice.say().join("\n"), /^problem \S+master.key has a second name/);
  const fifo = setUp(t);
  renameSync(fifo.scope.settingsFile, join(fifo.data, "aside"));
  execFileSync("mkfifo", ["-m", "644", fifo.scope.settingsFile]);
  assert.match(fifo.say().join("\n"), /^problem \S+countersign.json is not a regular file$/);
});

test("another's file is refused", asRoot, (t) => {
  const { scope, say } = setUp(t);
  chownSync(scope.storeFile, FOREIGN_UID, 0);
  assert.match(say().join("\n"), /^problem \S+store.db belongs to uid 3141592$/);
});

test("what a crash left beside the settings is a warning", (t) => {
  const { scope, findings } = setUp(t);
  writeFileSync(`${scope.settingsFile}.new`, "");
  const [good, left] = findings();
  assert.equal(good?.state, "ok");
  assert.equal(left?.state, "warning");
  assert.equal(left?.mend, `rm ${scope.settingsFile}.new`);
});
