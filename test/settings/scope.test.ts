import assert from "node:assert/strict";
import { test } from "node:test";
import { scopeOf } from "../../src/settings/scope.ts";
import { fault } from "../files/sandbox.ts";

const HOME = "/home/alice";

test("root's scope is the host's, whatever XDG says", () => {
  const scope = scopeOf({
    uid: 0,
    env: { XDG_CONFIG_HOME: "/evil", HOME: "/evil" },
    home: "/root",
  });
  assert.deepEqual(scope, {
    name: "system",
    settingsFile: "/etc/countersign/countersign.json",
    storeFile: "/var/lib/countersign/store.db",
    keyFile: "/etc/countersign/master.key",
    socketFile: "/run/countersign/socket",
    directories: [
      { path: "/etc/countersign", mode: 0o755 },
      { path: "/var/lib/countersign", mode: 0o700 },
    ],
  });
});

test("a person's scope follows XDG, from the passwd entry's home and never $HOME", () => {
  const plain = scopeOf({ uid: 1000, env: { HOME: "/evil" }, home: HOME });
  assert.equal(plain.name, "personal");
  assert.equal(plain.settingsFile, `${HOME}/.config/countersign/countersign.json`);
  assert.equal(plain.keyFile, `${HOME}/.config/countersign/master.key`);
  assert.equal(plain.storeFile, `${HOME}/.local/share/countersign/store.db`);
  const env = { XDG_CONFIG_HOME: "/c", XDG_DATA_HOME: "/d" };
  const moved = scopeOf({ uid: 1000, env, home: HOME });
  assert.equal(moved.settingsFile, "/c/countersign/countersign.json");
  assert.equal(moved.storeFile, "/d/countersign/store.db");
  assert.deepEqual(
    moved.directories.map(({ path }) => path),
    ["/c/countersign", "/d/countersign"],
  );
});

test("a relative or unprintable XDG directory is ignored", () => {
  for (const path of ["", "relative", "./c", "/c\u001b[31m"]) {
    const env = { XDG_CONFIG_HOME: path, XDG_DATA_HOME: path };
    const scope = scopeOf({ uid: 1000, env, home: HOME });
    assert.equal(scope.settingsFile, `${HOME}/.config/countersign/countersign.json`);
    assert.equal(scope.storeFile, `${HOME}/.local/share/countersign/store.db`);
  }
});

test("COUNTERSIGN_HOME puts everything under one directory, for anybody", () => {
  for (const uid of [0, 1000]) {
    const scope = scopeOf({ uid, env: { COUNTERSIGN_HOME: "/trial" }, home: HOME });
    assert.deepEqual(scope, {
      name: "home",
      settingsFile: "/trial/countersign.json",
      storeFile: "/trial/store.db",
      keyFile: "/trial/master.key",
      socketFile: "/trial/socket",
      directories: [{ path: "/trial", mode: 0o700 }],
    });
  }
});

test("a COUNTERSIGN_HOME that is no absolute path is refused, not passed over", () => {
  for (const COUNTERSIGN_HOME of ["", "relative", "/a\nb"]) {
    assert.throws(
      () => scopeOf({ uid: 0, env: { COUNTERSIGN_HOME }, home: HOME }),
      fault("usage", /COUNTERSIGN_HOME must be an absolute path/),
    );
  }
  assert.throws(() => scopeOf({ uid: 1000, env: {}, home: "" }), fault("usage"));
});

test("behind PAM it is always the host's", () => {
  const env = { COUNTERSIGN_HOME: "/evil", XDG_CONFIG_HOME: "/evil", HOME: "/evil" };
  for (const uid of [0, 1000]) {
    assert.equal(scopeOf({ uid, env, home: "", pam: true }).name, "system");
  }
});
