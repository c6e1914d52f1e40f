/** Grace tickets through the daemon: only who is root to the kernel makes or uses one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { assertFailure } from "../commands/failure.ts";
import { needs } from "../support/parts.ts";
import { Host } from "./host.ts";

const PLACE = "service=sudo tty=pts%2F1 session=01234567-89ab-cdef-0123-456789abcdef.7.8";
const OPENING = `countersign/1 verify user=alice ${PLACE}`;
const PROMPTED = /^prompt-secret /;

test(
  "a user who claims root's session is asked; root, as PAM's module, is not",
  needs("root", "mount namespaces", "oathtool"),
  async (t) => {
    const host = await Host.make(t);
    const { phone } = await host.enroll("alice");
    const root = host.as();
    await succeed(root, ["policy", "require", "--user", "alice", "--grace", "5m"]);
    const tickets = async () =>
      JSON.parse(await succeed(root, ["session", "list", "--json"])).length;

    const own = await host.speak("alice", OPENING, `answer ${await phone.next()}`);
    assert.match(own[0] ?? "", PROMPTED);
    assert.equal(own[1], "verdict accept user=alice method=totp");
    assert.equal(await tickets(), 0, "her own verification makes none");

    const code = await phone.next();
    assert.match((await host.speak("root", OPENING, `answer ${code}`))[0] ?? "", PROMPTED);
    assert.deepEqual(await host.speak("root", OPENING), [
      "verdict accept user=alice reason=grace-ticket",
    ]);
    const [asked, refused] = await host.speak("alice", OPENING, "answer 000000");
    assert.match(asked ?? "", PROMPTED);
    assert.equal(refused, "verdict reject user=alice method=totp");

    for (const command of ["list", "revoke"]) {
      const slip = await root(["session", command, "alcie"]);
      assertFailure(slip, 1, /this host has no user alcie/);
    }
    // What is not known must not pass for everybody.
    for (const argument of [{ usr: "alice" }, { user: null }, { user: ["alice"] }]) {
      assert.deepEqual(await host.call("root", "revokeTickets", argument), []);
    }
    for (const argument of [{}, { user: "bob" }]) {
      const [line] = await host.call("alice", "revokeTickets", argument);
      assert.match(line ?? "", /^fault code=not-permitted /);
    }
    assert.equal(await tickets(), 1);
    assert.deepEqual(await host.call("alice", "revokeTickets", { user: "alice" }), ["result 1"]);
    assert.equal(await tickets(), 0);
  },
);
