import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeTrustedDirectory } from "../../src/files/trusted-file.ts";
import { asRoot, FOREIGN_UID, fault, sandbox, withoutRoot } from "./sandbox.ts";

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

test("directories are made with exactly their mode, whatever the umask", (t) => {
  const base = sandbox(t);
  const umask = process.umask();
  t.after(() => process.umask(umask));
  for (const mask of [0o777, 0o000]) {
    process.umask(mask);
    const path = join(base, `${mask}`, "a", "b");
    assert.equal(makeTrustedDirectory(path, 0o700), path);
    assert.equal(modeOf(path), 0o700);
    assert.equal(modeOf(join(base, `${mask}`)), 0o700);
  }
});

test("one that is there is left as it is", (t) => {
  const path = join(sandbox(t), "there");
  mkdirSync(path, { mode: 0o750 });
  chmodSync(path, 0o750);
  assert.equal(makeTrustedDirectory(path, 0o700), path);
  assert.equal(modeOf(path), 0o750);
});

test("one can be made in a sticky directory, but in no loose one", (t) => {
  const base = join(sandbox(t), "base");
  mkdirSync(base);
  chmodSync(base, 0o1777);
  assert.equal(modeOf(makeTrustedDirectory(join(base, "made"), 0o700)), 0o700);
  chmodSync(base, 0o777);
  assert.throws(() => makeTrustedDirectory(join(base, "other"), 0o700), fault("file-untrusted"));
});

test("files, dangling links and loose directories in its place are refused", (t) => {
  const base = sandbox(t);
  writeFileSync(join(base, "file"), "");
  symlinkSync("nowhere", join(base, "dangling"));
  mkdirSync(join(base, "loose"));
  chmodSync(join(base, "loose"), 0o770);
  assert.throws(() => makeTrustedDirectory(join(base, "file"), 0o700), fault("file-untrusted"));
  assert.throws(
    () => makeTrustedDirectory(join(base, "dangling"), 0o700),
    fault("file-unwritable"),
  );
  assert.throws(() => makeTrustedDirectory(join(base, "loose"), 0o700), fault("file-untrusted"));
});

test("another's directory is refused", asRoot, (t) => {
  const path = join(sandbox(t), "foreign");
  mkdirSync(path);
  chownSync(path, FOREIGN_UID, FOREIGN_UID);
  assert.throws(
    () => makeTrustedDirectory(join(path, "made"), 0o700),
    fault("file-untrusted", /belongs to uid/),
  );
});

test("a place without leave to write is told in the caller's code", async (t) => {
  const base = sandbox(t);
  chmodSync(base, 0o555);
  await withoutRoot(() => {
    assert.throws(
      () => makeTrustedDirectory(join(base, "made"), 0o700, "store-unwritable"),
      fault("store-unwritable", /permission denied/),
    );
  });
  chmodSync(base, 0o700);
});
