/** Whose a uid is, the host says: asked once for many connections, and anew soon after. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { needs } from "../support/parts.ts";
import { Host } from "./host.ts";

const parts = needs("root", "mount namespaces");

const COUNTING = `
cp /usr/bin/getent /opt/getent
printf '%s\\n' '#!/bin/sh' 'echo >>/opt/asked' 'exec /opt/getent "$@"' >/opt/counting
chmod 755 /opt/counting
mount --bind /opt/counting /usr/bin/getent
`;

test("many connections of one uid ask for its name once", parts, async (t) => {
  const host = await Host.make(t);
  await host.sandbox.sh(COUNTING);
  const calls = Array.from({ length: 12 }, () =>
    host.call("alice", "backupCodeStatus", { user: "alice" }),
  );
  for (const [line] of await Promise.all(calls)) assert.match(line ?? "", /^result /);
  const asked = (await host.sandbox.sh("cat /opt/asked")).length;
  assert.ok(asked >= 1 && asked < 6, `asked ${asked} times`);
});

test(
  "a uid whose name has changed acts on its new account, and not on the old",
  parts,
  async (t) => {
    const host = await Host.make(t);
    assert.match(
      (await host.call("alice", "backupCodeStatus", { user: "alice" }))[0] ?? "",
      /^result /,
    );
    // By hand: usermod refuses while any process of the machine has this uid, another sandbox's too.
    await host.sandbox.sh("sed -i 's/^alice:/carol:/' /etc/passwd /etc/group /etc/shadow");
    await sleep(2_500);
    assert.match(
      (await host.call("carol", "backupCodeStatus", { user: "alice" }))[0] ?? "",
      /not-permitted/,
    );
    assert.match(
      (await host.call("carol", "backupCodeStatus", { user: "carol" }))[0] ?? "",
      /^result /,
    );
  },
);

/** As the uids of a user namespace, all at once; then root's, and how many were looked up by then. */
const MANY_UIDS = `
  const { connect } = require("node:net");
  const speak = (uid) => {
    process.seteuid(uid);
    const socket = connect("/run/countersign/socket").on("error", () => undefined);
    process.seteuid(0);
    socket.write("countersign/1 call name=about argument=%7B%7D\\n");
    return socket;
  };
  for (let uid = 100000; uid < 100400; uid++) speak(uid);
  speak(0).once("data", (line) => {
    const asked = require("node:fs").readFileSync("/opt/asked", "utf8").length;
    console.log(String(line).split(" ")[0], asked);
    process.exit();
  });
`;

test("a user with many uids does not have processes started without end", parts, async (t) => {
  const host = await Host.make(t);
  await host.sandbox.sh(`${COUNTING} touch /opt/asked; chmod 666 /opt/asked`);
  const { stdout } = await host.sandbox.run([process.execPath, "-e", MANY_UIDS]);
  const [answer, asked] = stdout.trim().split(" ");
  assert.equal(answer, "result");
  assert.ok(Number(asked) > 0 && Number(asked) < 300, `${asked} of 400 before root's`);
});
