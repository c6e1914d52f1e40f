/** An ordinary user without root: a store of their own, in their home, under the same rules. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Countersign, enroll, succeed } from "../commands/enrolled.ts";
import { assertFailure } from "../commands/failure.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";

const parts = needs("root", "mount namespaces", "oathtool");

/** The command as alice runs it on a host of the test's own. */
async function alice(t: TestContext, env: Record<string, string> = {}) {
  const sandbox = await Sandbox.open(t);
  await sandbox.addUser("alice");
  await sandbox.addUser("bob");
  const countersign: Countersign = (args, options = {}) =>
    sandbox.run([SANDBOX_CLI, ...args], {
      ...options,
      user: "alice",
      env: { ...options.env, ...env },
    });
  return { sandbox, countersign };
}

test(
  "settings, key and store lie in the home of the passwd entry, for its owner alone",
  parts,
  async (t) => {
    const { sandbox, countersign } = await alice(t, { HOME: "/tmp" });
    await enroll(countersign);
    const listed = await sandbox.sh(
      "cd /home/alice && find .config .local -printf '%p %m %u\\n' | sort",
    );
    assert.match(listed, /^\.config\/countersign 700 alice$/m);
    assert.match(listed, /^\.config\/countersign\/master\.key 600 alice$/m);
    assert.match(listed, /^\.local\/share\/countersign\/store\.db 600 alice$/m);
    const read = await sandbox.run(["cat", "/home/alice/.local/share/countersign/store.db"], {
      user: "bob",
    });
    assert.notEqual(read.code, 0);
    assert.equal(
      await sandbox.sh("ls /var/lib/countersign /etc/countersign 2>/dev/null || true"),
      "",
    );
  },
);

test("XDG directories are followed where they are absolute", parts, async (t) => {
  const { sandbox, countersign } = await alice(t, {
    XDG_CONFIG_HOME: "/home/alice/c",
    XDG_DATA_HOME: "relative",
  });
  await succeed(countersign, ["init"]);
  await sandbox.sh("test -f /home/alice/c/countersign/master.key");
  await sandbox.sh("test -f /home/alice/.local/share/countersign/store.db");
});

test("enrolling anew takes a code of the authenticator there is", parts, async (t) => {
  const { countersign } = await alice(t);
  const { phone } = await enroll(countersign);
  const again = ["enroll", "--begin", "--json", "--code-stdin"];
  assertFailure(await countersign(again, { input: await phone.wrong() }), 1, /not accepted/);
  await succeed(countersign, ["verify", "--code-stdin"], await phone.next());
  const begun = JSON.parse(await succeed(countersign, again, await phone.next()));
  assert.equal(begun.user, "alice");
  await succeed(countersign, ["verify", "--code-stdin"], await phone.next());
});

test("resetting oneself takes a code, or a backup code", parts, async (t) => {
  const { countersign } = await alice(t);
  const { phone, backupCodes } = await enroll(countersign);
  const reset = ["reset", "--yes", "--code-stdin"];
  assertFailure(await countersign(reset, { input: await phone.wrong() }), 1, /not accepted/);
  await succeed(countersign, ["verify", "--code-stdin"], await phone.next());
  await succeed(countersign, reset, backupCodes[0] ?? "");
  const refused = await countersign(["verify", "--code-stdin"], { input: await phone.next() });
  assert.equal(refused.code, 3);
});

test("new backup codes take a code, and kill the old", parts, async (t) => {
  const { countersign } = await alice(t);
  const { phone, backupCodes } = await enroll(countersign);
  const generate = ["backup-code", "generate", "--json", "--code-stdin"];
  assertFailure(await countersign(generate, { input: await phone.wrong() }), 1, /not accepted/);
  const made = JSON.parse(await succeed(countersign, generate, await phone.next()));
  const old = await countersign(["verify", "--code-stdin"], { input: backupCodes[1] ?? "" });
  assert.equal(old.code, 1);
  await succeed(countersign, ["verify", "--code-stdin"], made.backupCodes[1]);
});

test("where the home cannot be written it says so, and nothing else happens", parts, async (t) => {
  const { sandbox, countersign } = await alice(t);
  await sandbox.sh("chown root /home/alice && chmod 755 /home/alice");
  assertFailure(await countersign(["enroll", "--begin"]), 1, /permission denied/);
});
