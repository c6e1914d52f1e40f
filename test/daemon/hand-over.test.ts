/** What root's init gives to the daemon's user, where that user has turned against the host. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { ADD_OWN_USER, Host } from "./host.ts";

const parts = needs("root", "mount namespaces");

/** Has the link `a` lead now to a directory of that user's, now to another, without end. */
const SWAP = `
  const { symlinkSync, renameSync } = require("node:fs");
  for (;;) for (const to of ["/var/lib/countersign/b", "/etc"]) {
    symlinkSync(to, "/var/lib/countersign/next");
    renameSync("/var/lib/countersign/next", "/var/lib/countersign/a");
  }
`;

/** Tries of a race that was won one time in four or so. */
const TRIES = 12;

test(
  "that user gets no file of root's by a store whose way changes under init",
  parts,
  async (t) => {
    const host = await Host.withoutDaemon(t, ADD_OWN_USER);
    const root = host.as();
    await succeed(root, ["init"]);
    const user = "countersign";
    const settings = JSON.stringify({ store: "sqlite:/var/lib/countersign/a/shadow" });
    await host.sandbox.sh("mkdir /var/lib/countersign/b", { user });
    await host.sandbox.sh("cat > /etc/countersign/countersign.json", { user, input: settings });
    const [command = "", ...args] = host.sandbox.enter([process.execPath, "-e", SWAP], user);
    const swapper = spawn(command, args, { env: MINIMAL_ENV, stdio: "ignore" });
    t.after(() => swapper.kill("SIGKILL"));
    for (let tries = 0; tries < TRIES; tries++) {
      await root(["init"]);
      assert.equal((await host.sandbox.sh("stat -c %U /etc/shadow")).trim(), "root");
    }
  },
);
