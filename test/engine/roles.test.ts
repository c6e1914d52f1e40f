/** Roles, as the engine holds callers to them; whom a role is over, test/core/policy says. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Conversation } from "../../src/contracts/conversation.ts";
import type { Countersign } from "../../src/contracts/service.ts";
import type { HostAccount, HostView, Role } from "../../src/core/policy/role.ts";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import { countersignFor } from "../../src/engine/countersign.ts";
import { fault } from "../files/sandbox.ts";
import { answers, silence } from "./conversations.ts";
import { type Host, makeHost, person } from "./host.ts";

const GROUPS = { sudo: 27, helpdesk: 200, viewers: 201, students: 300, staff: 301 };
const STUDENTS = { group: "students", gid: 300 };
const ROLES: Role[] = [
  { group: "helpdesk", gid: 200, may: ["reset", "unlock", "disable", "invite"], over: [STUDENTS] },
  { group: "viewers", gid: 201, may: ["show"], over: [STUDENTS] },
];
const MEMBERS: Readonly<Record<string, readonly number[]>> = {
  ...{ carol: [200], vera: [201], alice: [300], bob: [300], zoe: [300] },
  ...{ boss: [300, 27], desk: [300, 200], eve: [301] },
};
const UIDS = Object.keys(MEMBERS);

const accountOf = (name: string): HostAccount => ({
  uid: 1_000 + UIDS.indexOf(name),
  gids: new Set(MEMBERS[name]),
  nameOfUid: name,
});

/** A host whose word is the table above. */
async function helped(t: TestContext, told?: { view: HostView | undefined; asked?: number }) {
  const host = makeHost(t, {
    policy: { roles: ROLES },
    membersOf: async (groups) => {
      const ids = groups.map((name) => GROUPS[name as "staff"]);
      return new Set(UIDS.filter((name) => MEMBERS[name]?.some((id) => ids.includes(id))));
    },
    hostViewOf: async (users) => {
      if (told) {
        told.asked = (told.asked ?? 0) + 1;
        return told.view;
      }
      const known = users.filter((name) => MEMBERS[name]);
      return {
        accounts: new Map(known.map((name) => [name, accountOf(name)])),
        groups: new Map(Object.entries(GROUPS)),
      };
    },
  });
  const { phone } = await host.enroll("alice");
  for (const user of ["boss", "desk", "eve", "bob"]) await host.enroll(user);
  const as = (name: string): Countersign => host.as(person(name, accountOf(name).uid));
  return { host, phone, carol: as("carol"), vera: as("vera"), as };
}

const lastEvent = async (host: Host) => {
  const { action, user, caller, detail } = (await host.audit()).at(-1) ?? assert.fail();
  return { action, user, caller, detail };
};

test("a lost phone: the help desk resets without a code, and the log says who and by what", async (t) => {
  const { host, carol } = await helped(t);
  const outcome = await carol.reset("alice", undefined, silence);
  assert.deepEqual(outcome, { user: "alice", authenticators: 1, backupCodes: 10 });
  assert.deepEqual(await lastEvent(host), {
    ...{ action: "reset", user: "alice", caller: "1000:carol", detail: "role=helpdesk" },
  });
});

test("disable, enable and unlock, each with its event", async (t) => {
  const { host, carol, phone } = await helped(t);
  await host.fail("alice", phone.wrongCode(), 6);
  for (const [act, action] of [
    ["unlockUser", "user-unlock"],
    ["disableUser", "user-disable"],
    ["enableUser", "user-enable"],
  ] as const) {
    assert.deepEqual(await carol[act]("alice"), { user: "alice", changed: true });
    assert.deepEqual(await lastEvent(host), {
      ...{ action, user: "alice", caller: "1000:carol", detail: "role=helpdesk" },
    });
  }
});

type UseCase = (door: Countersign, user: string, conversation: Conversation) => Promise<unknown>;
const drain = (list: AsyncIterable<unknown>) => Array.fromAsync(list);

const ROLES_ACTS: Readonly<Record<string, UseCase>> = {
  show: (door, user) => door.showUser(user),
  reset: (door, user, conversation) => door.reset(user, undefined, conversation),
  unlock: (door, user) => door.unlockUser(user),
  disable: (door, user) => door.disableUser(user),
  enable: (door, user) => door.enableUser(user),
};

const NEVER: Readonly<Record<string, UseCase>> = {
  verify: (door, user, conversation) => door.verify(user, {}, conversation),
  begin: (door, user, conversation) =>
    door.beginEnrollment(user, { method: "totp", ...DEFAULT_PARAMETERS }, conversation),
  confirm: (door, user) => door.confirmEnrollment(user, "totp", "000000"),
  cancel: (door, user) => door.cancelEnrollment(user, "totp"),
  "backup codes": (door, user, conversation) => door.generateBackupCodes(user, conversation),
  "backup code status": (door, user) => door.backupCodeStatus(user),
  revoke: (door, user, conversation) => door.revokeBackupCodes(user, conversation),
  alias: (door, user) => door.setAlias(user, "x"),
  standing: (door, user) => door.standing(user),
  explain: (door, user) => door.explainPolicy(user, {}),
  audit: (door) => drain(door.listAudit({})),
  status: (door) => door.status(0),
  purge: (door) => door.purgeMethod("totp"),
  settings: (door) => door.recordSetting("settings-set", "roles"),
};

test("on nobody else, and nothing is asked, changed or recorded", async (t) => {
  const { host, carol, as } = await helped(t);
  const refused = async (door: Countersign, user: string, cases: typeof NEVER) => {
    for (const [what, use] of Object.entries(cases)) {
      const events = await host.eventsOf(() =>
        assert.rejects(use(door, user, silence), fault("not-permitted"), `${what} ${user}`),
      );
      assert.deepEqual(events, []);
    }
  };
  // An administrator, a colleague, somebody of another group, root, and nobody at all.
  for (const user of ["boss", "desk", "eve", "root", "nobody-such", "Alice", "ALICE"]) {
    await refused(carol, user, ROLES_ACTS);
  }
  await refused(carol, "alice", NEVER);
  const { show: _, ...changes } = ROLES_ACTS;
  await refused(as("vera"), "alice", changes);
  await refused(as("bob"), "alice", ROLES_ACTS);
  // Of carol's name, but not of her uid.
  await refused(host.as(person("carol", 4_711)), "alice", ROLES_ACTS);
});

test("not on themselves: what one may do to oneself stays as it was", async (t) => {
  const { host, carol } = await helped(t);
  const { phone } = await host.enroll("carol");
  for (const act of ["disableUser", "enableUser", "unlockUser"] as const) {
    await assert.rejects(carol[act]("carol"), fault("not-permitted"));
  }
  await assert.rejects(
    carol.reset("carol", undefined, answers(phone.wrongCode())),
    fault("refused"),
  );
  const policy = { ...host.parts.policy, unenrolled: "allow" } as const;
  const gentle = countersignFor({ ...host.parts, policy }, person("carol"));
  assert.equal((await gentle.reset("carol", undefined, answers(phone.code()))).authenticators, 1);
  assert.equal((await lastEvent(host)).detail, null);
});

test("where the host cannot be asked there is no right; where nobody has a role it is not", async (t) => {
  const told = { view: undefined, asked: 0 };
  const { host, carol, as } = await helped(t, told);
  await assert.rejects(carol.reset("alice", undefined, silence), fault("not-permitted"));
  await assert.rejects(drain(carol.listUsers({})), fault("not-permitted"));
  assert.equal(told.asked, 2);
  const none = makeHost(t, { hostViewOf: () => Promise.reject(new Error("asked")) });
  await none.enroll("alice");
  const door = none.as(person("carol", 1_000));
  await assert.rejects(door.showUser("alice"), fault("not-permitted"));
  await assert.rejects(drain(door.listUsers()), fault("not-permitted"));
  assert.ok(host && as);
});

test("a list has those whom a role is over, and nobody else", async (t) => {
  const { carol, vera, as } = await helped(t);
  const names = async (door: Countersign, query?: Parameters<Countersign["listUsers"]>[0]) =>
    (await drain(door.listUsers(query))).map((each) => (each as { user: string }).user);
  for (const door of [carol, vera]) {
    assert.deepEqual(await names(door), ["alice", "bob"]);
    assert.deepEqual(await names(door, { groups: ["students"] }), ["alice", "bob"]);
  }
  assert.deepEqual(await names(carol, { unenrolled: true }), ["zoe"]);
  assert.deepEqual(await names(carol, { limit: 1 }), ["alice"]);
  assert.deepEqual(await names(carol, { after: "alice" }), ["bob"]);
  assert.deepEqual(await names(carol, { groups: [] }), []);
  for (const query of [
    { groups: ["staff"] },
    { groups: ["students", "staff"] },
    { groups: ["sudo"] },
    { groups: ["no-such-group"] },
    // Whether somebody has a place in a list tells whether they have enrolled.
    { sort: "last-used", after: "boss" },
    { after: "nobody-such" },
  ] as const) {
    await assert.rejects(drain(carol.listUsers(query)), fault("not-permitted"));
  }
  await assert.rejects(
    drain(as("eve").listUsers({ groups: ["students"] })),
    fault("not-permitted"),
  );
});

test("invitations: made, listed and taken back for whom the role is over", async (t) => {
  const { host, carol, as } = await helped(t);
  const { id, createdBy } = await carol.createInvitation("zoe", {});
  assert.equal(createdBy, "1000:carol");
  assert.deepEqual(await lastEvent(host), {
    ...{ action: "invite-create", user: "zoe", caller: "1000:carol" },
    detail: `invitation ${id} role=helpdesk`,
  });
  assert.equal((await drain(carol.listInvitations("zoe"))).length, 1);
  for (const user of ["boss", "desk", "eve", "carol", "root"]) {
    await assert.rejects(carol.createInvitation(user, {}), fault("not-permitted"), user);
    await assert.rejects(carol.revokeInvitations({ user }), fault("not-permitted"), user);
    await assert.rejects(drain(carol.listInvitations(user)), fault("not-permitted"), user);
  }
  await assert.rejects(drain(carol.listInvitations()), fault("not-permitted"));
  await assert.rejects(carol.revokeInvitations({ id: "none" }), fault("not-permitted"));
  await assert.rejects(as("bob").revokeInvitations({ id }), fault("not-permitted"));
  assert.equal(await carol.revokeInvitations({ id }), 1);
  assert.equal((await lastEvent(host)).detail, `invitation ${id} role=helpdesk`);
});

test("who is disabled holds no role until they are enabled again", async (t) => {
  const { host, carol } = await helped(t);
  await host.root.setAlias("carol", "c");
  await host.root.disableUser("carol");
  const refused = fault("not-permitted", /./);
  await assert.rejects(carol.reset("alice", undefined, silence), refused);
  await assert.rejects(carol.showUser("alice"), refused);
  await assert.rejects(Array.fromAsync(carol.listUsers()), refused);
  await host.root.enableUser("carol");
  assert.equal((await carol.showUser("alice")).user, "alice");
});
