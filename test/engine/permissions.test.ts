/** What a caller may do is by the kernel's uid: root anything, others their own account alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Conversation } from "../../src/contracts/conversation.ts";
import type { Caller, Countersign } from "../../src/contracts/service.ts";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import { fault } from "../files/sandbox.ts";
import { answers, replies, silence } from "./conversations.ts";
import { makeHost, person } from "./host.ts";
import { Phone } from "./phone.ts";

const OPTIONS = { method: "totp", ...DEFAULT_PARAMETERS };

const TOKEN = { method: "hotp", serial: "A1" };

type UseCase = (door: Countersign, user: string, conversation: Conversation) => Promise<unknown>;

const drain = (list: AsyncIterable<unknown>) => Array.fromAsync(list);

/** What acts on one account. */
const ON_AN_ACCOUNT: Readonly<Record<string, UseCase>> = {
  verify: (door, user, conversation) => door.verify(user, {}, conversation),
  begin: (door, user, conversation) => door.beginEnrollment(user, OPTIONS, conversation),
  confirm: (door, user) => door.confirmEnrollment(user, "totp", "000000"),
  cancel: (door, user) => door.cancelEnrollment(user, "totp"),
  "enroll token": (door, user, conversation) => door.enrollToken(user, TOKEN, conversation),
  resync: (door, user, conversation) => door.resynchronize(user, TOKEN, conversation),
  "enroll yubikey": (door, user, conversation) => door.enrollYubikey(user, false, conversation),
  reset: (door, user, conversation) => door.reset(user, undefined, conversation),
  "backup codes": (door, user, conversation) => door.generateBackupCodes(user, conversation),
  "backup code status": (door, user) => door.backupCodeStatus(user),
  revoke: (door, user, conversation) => door.revokeBackupCodes(user, conversation),
  show: (door, user) => door.showUser(user),
};

/** What is an administrator's. */
const ADMINISTRATION: Readonly<Record<string, UseCase>> = {
  list: (door) => drain(door.listUsers()),
  "token list": (door) => drain(door.listTokens()),
  disable: (door, user) => door.disableUser(user),
  enable: (door, user) => door.enableUser(user),
  unlock: (door, user) => door.unlockUser(user),
  "audit list": (door) => drain(door.listAudit({})),
  "audit tail": (door) => drain(door.listAudit({}, 3)),
  "audit verify": (door) => door.verifyAudit(),
  "settings-set": (door) => door.recordSetting("settings-set", "issuer"),
  status: (door) => door.status(0),
};

for (const [what, use] of Object.entries(ON_AN_ACCOUNT)) {
  test(`${what}: nobody acts on another's account, and nothing is asked or recorded`, async (t) => {
    const host = makeHost(t);
    await host.enroll("alice");
    for (const login of ["bob", "Alice", "alice ", "ALICE", "root", "", "alice\u0000"]) {
      const door = host.as(person(login));
      const events = await host.eventsOf(() =>
        assert.rejects(use(door, "alice", silence), fault("not-permitted"), login),
      );
      assert.deepEqual(events, []);
    }
  });
}

for (const [what, use] of Object.entries(ADMINISTRATION)) {
  test(`${what}: only root, or the owner of the store`, async (t) => {
    const host = makeHost(t);
    await host.enroll("alice");
    for (const caller of [person("alice"), person("root"), person("alice", 4_294_967_295)]) {
      const tried = use(host.as(caller), "alice", silence);
      await assert.rejects(tried, fault("not-permitted"));
    }
    await use(host.root, "alice", silence);
    await use(host.as({ uid: 1_000, login: "alice", ownsStore: true }), "alice", silence);
  });
}

test("token remove: only root, or the owner of the store", async (t) => {
  const host = makeHost(t);
  await host.stock("A1");
  for (const caller of [person("alice"), person("root")]) {
    await assert.rejects(host.as(caller).removeToken("A1"), fault("not-permitted"));
  }
  await host.as({ uid: 1_000, login: "alice", ownsStore: true }).removeToken("A1");
});

/** What removes, replaces or adds to something of one's own. */
const TAKES_A_CODE = ["begin", "enroll token", "reset", "backup codes", "revoke"];

for (const what of TAKES_A_CODE) {
  const use = ON_AN_ACCOUNT[what];
  for (const ownsStore of [false, true]) {
    const caller: Caller = { uid: 1_000, login: "alice", ownsStore };
    const whose = ownsStore ? "in one's own store" : "through the daemon";
    test(`${what} ${whose} takes a fresh code, and changes nothing without`, async (t) => {
      // Where nothing is required: what is required cannot be removed at all.
      const host = makeHost(t, { policy: { unenrolled: "allow" } });
      assert.ok(use);
      const { phone } = await host.enroll("alice");
      await host.stock("A1");
      const door = host.as(caller);
      for (const conversation of [
        answers(phone.wrongCode()),
        answers(""),
        answers(),
        replies({ kind: "cancelled" }),
        replies({ kind: "timed-out" }),
      ]) {
        await assert.rejects(use(door, "alice", conversation), fault("refused"));
      }
      const shown = await host.root.showUser("alice");
      assert.deepEqual(
        [shown.status, shown.methods.length, shown.backupCodesLeft],
        ["active", 1, 10],
      );
      const code = phone.code();
      await use(door, "alice", answers(code));
      // A code that was used is not fresh. After a reset there is nothing left to protect.
      if (what === "reset") return;
      await assert.rejects(use(door, "alice", answers(code)), fault("refused"));
    });
  }
}

test("a backup code is a fresh code too, and is spent by it", async (t) => {
  const host = makeHost(t);
  const { backupCodes } = await host.enroll("alice");
  const [code = ""] = backupCodes;
  await host.as(person("alice")).beginEnrollment("alice", OPTIONS, answers(code));
  assert.equal((await host.verify("alice", code)).reason, "replayed");
});

test("who has nothing enrolled yet is not asked for a code", async (t) => {
  const host = makeHost(t);
  const door = host.as(person("alice"));
  const begun = await door.beginEnrollment("alice", OPTIONS, silence);
  const phone = new Phone(begun.secret, host.clock);
  assert.equal((await door.confirmEnrollment("alice", "totp", phone.code())).status, "active");
});

test("a throttled user cannot guess on by way of a reset", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const door = host.as(person("alice"));
  for (let n = 0; n < 5; n++) {
    await assert.rejects(
      door.reset("alice", undefined, answers(phone.wrongCode())),
      fault("refused"),
    );
  }
  await assert.rejects(door.reset("alice", undefined, answers(phone.code())), fault("refused"));
  assert.equal((await host.verify("alice", phone.code())).verdict, "throttled");
});

test("one's own account can be verified, shown and confirmed without being root", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const door = host.as(person("alice"));
  assert.equal((await door.verify("alice", {}, answers(phone.code()))).verdict, "accept");
  assert.equal((await door.showUser("alice")).status, "active");
  assert.equal((await door.backupCodeStatus("alice")).left, 10);
});

test("a name that is none is refused to everybody, root too", async (t) => {
  const host = makeHost(t);
  for (const name of ["", "-x", "a/b", "a:b", "a\nb", " a", "\ufffd", "x".repeat(10_000)]) {
    for (const [what, use] of Object.entries(ON_AN_ACCOUNT)) {
      if (what === "verify") continue;
      await assert.rejects(use(host.root, name, silence), fault("account-invalid"), what);
    }
  }
  assert.deepEqual(await host.audit(), []);
});
