/** Accounts as an administrator sees and switches them: switching off keeps every secret. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fault } from "../files/sandbox.ts";
import { silence } from "./conversations.ts";
import { MINUTE, makeHost } from "./host.ts";

const OPTIONS = { method: "totp", algorithm: "sha1", digits: 6, period: 30 } as const;

test("disabled, nothing is accepted; enabled again, everything is as it was", async (t) => {
  const host = makeHost(t);
  const { phone, backupCodes } = await host.enroll("alice");
  assert.deepEqual(await host.root.disableUser("alice"), { user: "alice", changed: true });
  assert.deepEqual(await host.root.disableUser("alice"), { user: "alice", changed: false });
  for (const answer of [phone.code(), backupCodes[0] ?? ""]) {
    const { verdict, reason } = await host.verify("alice", answer);
    assert.deepEqual([verdict, reason], ["reject", "disabled"]);
  }
  const shown = await host.root.showUser("alice");
  assert.deepEqual([shown.status, shown.methods[0]?.status], ["disabled", "disabled"]);
  assert.equal(shown.backupCodesLeft, 10);
  assert.deepEqual(await host.root.enableUser("alice"), { user: "alice", changed: true });
  assert.deepEqual(await host.root.enableUser("alice"), { user: "alice", changed: false });
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
  assert.equal((await host.verify("alice", backupCodes[0] ?? "")).verdict, "accept");
});

test("a code typed while disabled is not spent by it", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const code = phone.code();
  await host.root.disableUser("alice");
  await host.verify("alice", code);
  await host.root.enableUser("alice");
  assert.equal((await host.verify("alice", code)).verdict, "accept");
});

test("attempts while disabled are counted, and throttled like any", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  await host.root.disableUser("alice");
  const verdicts = await host.fail("alice", phone.wrongCode(), 6);
  assert.equal(verdicts.indexOf("throttled"), 5);
});

test("who has never been here cannot be shown or switched", async (t) => {
  const host = makeHost(t);
  const { root } = host;
  for (const use of [
    () => root.showUser("nobody"),
    () => root.disableUser("nobody"),
    () => root.enableUser("nobody"),
    () => root.unlockUser("nobody"),
    () => root.reset("nobody", undefined, silence),
  ]) {
    await assert.rejects(use(), fault("not-found"));
  }
  assert.deepEqual(await host.audit(), []);
});

test("a user of the host who never enrolled can be disabled, whatever the policy lets in", async (t) => {
  const host = makeHost(t, {
    policy: { unenrolled: "allow" },
    groupsOf: async (user) => (user === "alice" ? new Set(["staff"]) : undefined),
  });
  assert.equal((await host.verify("alice", "123456")).verdict, "exempt");
  assert.deepEqual(await host.root.disableUser("alice"), { user: "alice", changed: true });
  const { verdict, reason } = await host.verify("alice", "123456");
  assert.deepEqual([verdict, reason], ["reject", "disabled"]);
  assert.deepEqual(await host.root.disableUser("alice"), { user: "alice", changed: false });
  await host.root.enableUser("alice");
  assert.equal((await host.verify("alice", "123456")).verdict, "exempt");
  await assert.rejects(host.root.disableUser("alcie"), fault("not-found"));
});

test("a reset of one method keeps the backup codes of what is left", async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  assert.deepEqual(await host.root.reset("alice", "hotp", silence), {
    ...{ user: "alice", authenticators: 0, backupCodes: 0 },
  });
  assert.equal((await host.root.showUser("alice")).backupCodesLeft, 10);
  await host.root.beginEnrollment("alice", OPTIONS, silence);
  assert.deepEqual(await host.root.reset("alice", "totp", silence), {
    ...{ user: "alice", authenticators: 2, backupCodes: 10 },
  });
});

test("the list has everybody by name, as each is shown alone", async (t) => {
  const host = makeHost(t);
  for (const user of ["carol", "alice", "bob"]) await host.enroll(user);
  await host.root.beginEnrollment("dave", OPTIONS, silence);
  await host.root.disableUser("bob");
  await host.fail("carol", "", 5);
  const list = await Array.fromAsync(host.root.listUsers());
  assert.deepEqual(
    list.map(({ user, status }) => [user, status]),
    [
      ["alice", "active"],
      ["bob", "disabled"],
      ["carol", "active"],
      ["dave", "pending"],
    ],
  );
  for (const each of list) assert.deepEqual(each, await host.root.showUser(each.user));
  assert.equal(list[2]?.throttledUntil, host.clock.now() + 2_000);
  const status = await host.root.status(0);
  assert.deepEqual(status.accounts, { active: 2, pending: 1, disabled: 1, none: 0 });
  assert.equal(status.throttled, 1);
});

test("the list goes on past a page", async (t) => {
  const host = makeHost(t);
  const names = Array.from({ length: 1_101 }, (_, n) => `user-${`${n}`.padStart(4, "0")}`);
  await host.parts.store.transact(async ({ accounts }) => {
    for (const name of names) await accounts.ensure(name, name, 0);
  });
  const list = await Array.fromAsync(host.root.listUsers());
  assert.deepEqual(
    list.map(({ user }) => user),
    names,
  );
});

test("an authenticator says when it was enrolled and last used", async (t) => {
  const host = makeHost(t);
  const enrolledAt = host.clock.now();
  const { phone } = await host.enroll("alice");
  const methods = async () => (await host.root.showUser("alice")).methods;
  const enrolled = { method: "totp", status: "active", enrolledAt };
  assert.deepEqual(await methods(), [{ ...enrolled, lastUsedAt: undefined }]);
  await host.verify("alice", phone.code());
  const lastUsedAt = host.clock.now();
  host.clock.advance(MINUTE);
  await host.verify("alice", phone.wrongCode());
  assert.deepEqual(await methods(), [{ ...enrolled, lastUsedAt }]);
});
