/** Who may do what to whom, by the roles: each of those who never may, and whom never. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  groupsNamed,
  type HostAccount,
  type HostView,
  ROLE_ACTS,
  type Role,
  roleFor,
  rolesOf,
  voidBy,
} from "../../../src/core/policy/role.ts";

const IDS = { sudo: 27, helpdesk: 200, students: 300, staff: 301, ops: 302 };
const ROLE: Role = {
  ...{ group: "helpdesk", gid: 200, may: ["reset", "unlock"] },
  over: [{ group: "students", gid: 300 }],
};

/** carol holds the role, and alice is whom it is over. */
const carol = account("carol", 1_001, 200);
const ACTOR = { uid: 1_001, login: "carol" };

function account(name: string, uid: number, ...gids: number[]): [string, HostAccount] {
  return [name, { uid, gids: new Set(gids), nameOfUid: name }];
}

function view(accounts: [string, HostAccount][], ids: Record<string, number> = IDS): HostView {
  return { accounts: new Map(accounts), groups: new Map(Object.entries(ids)) };
}

const mayReset = (
  user: string,
  seen: HostView,
  roles: readonly Role[] = [ROLE],
  actor = ACTOR,
): boolean => roleFor(roles, "reset", actor, user, seen) !== undefined;

test("a member of the group may do what the role says, and see; and nothing else", () => {
  const seen = view([carol, account("alice", 1_002, 300)]);
  const may = ROLE_ACTS.filter((act) => roleFor([ROLE], act, ACTOR, "alice", seen));
  assert.deepEqual(may, ["show", "reset", "unlock"]);
});

test("of several roles the one that allows it is named", () => {
  const other: Role = { ...ROLE, may: ["disable"] };
  const seen = view([carol, account("alice", 1_002, 300)]);
  assert.equal(roleFor([ROLE, other], "disable", ACTOR, "alice", seen), other);
  assert.equal(roleFor([ROLE, other], "invite", ACTOR, "alice", seen), undefined);
});

test("whoever is not in the group has no right, nor under another's uid or name", () => {
  const alice = account("alice", 1_002, 300);
  assert.equal(mayReset("alice", view([account("carol", 1_001, 301), alice])), false);
  assert.equal(mayReset("alice", view([account("carol", 1_009, 200), alice])), false);
  assert.equal(mayReset("alice", view([alice])), false);
  assert.equal(mayReset("alice", view([carol, alice]), [ROLE], { uid: 1, login: "carol" }), false);
  assert.equal(mayReset("alice", view([carol, alice]), []), false);
});

const never: readonly (readonly [string, string, HostAccount])[] = [
  ["themselves", ...account("carol", 1_001, 200, 300)],
  ["themselves by another name", ...account("carol2", 1_001, 300)],
  ["root", ...account("root", 0, 0, 300)],
  ["an account with root's uid", ...account("toor", 0, 300)],
  ["a member of the group root", ...account("dan", 1_003, 0, 300)],
  ["an administrator", ...account("dan", 1_003, 27, 300)],
  ["whoever holds a role", ...account("dan", 1_003, 200, 300)],
  ["whoever shares the uid of another", "dan", { ...account("x", 1_003, 300)[1] }],
  ["who is in no such group", ...account("dan", 1_003, 301)],
];
for (const [whom, user, found] of never) {
  test(`never on ${whom}`, () => {
    const seen = view([carol, [user, found]]);
    for (const act of ROLE_ACTS) {
      const role: Role = { ...ROLE, may: ROLE_ACTS };
      assert.equal(roleFor([role], act, ACTOR, user, seen), undefined, act);
    }
  });
}

test("never on who holds a role that is void, by its id or by its name", () => {
  const gone: Role = { ...ROLE, group: "gone", gid: 900 };
  const reused: Role = { ...ROLE, group: "ops", gid: 901 };
  for (const gid of [900, 901, IDS.ops]) {
    const seen = view([carol, account("dan", 1_003, 300, gid)]);
    assert.equal(mayReset("dan", seen, [ROLE, gone, reused]), false, `${gid}`);
  }
});

test("never on an unknown name, nor on another spelling of a member's", () => {
  const seen = view([carol, account("alice", 1_002, 300)]);
  for (const user of ["bob", "Alice", "alice ", "ALICE", ""]) {
    assert.equal(mayReset(user, seen), false, user);
  }
});

test("a group that was renamed, or whose name is another group's now, gives no right", () => {
  const all = [carol, account("alice", 1_002, 300, 301)];
  const { helpdesk: _, ...renamed } = IDS;
  assert.equal(mayReset("alice", view(all, { ...renamed, desk: 200 })), false);
  const reused = view([account("carol", 1_001, 999), ...all.slice(1)], { ...IDS, helpdesk: 999 });
  assert.equal(mayReset("alice", reused), false);
  const otherStudents = view([carol, account("alice", 1_002, 310)], { ...IDS, students: 310 });
  assert.equal(mayReset("alice", otherStudents), false);
});

test("of several groups that a role is over, those that are left still count", () => {
  const role: Role = { ...ROLE, over: [...ROLE.over, { group: "staff", gid: 301 }] };
  const { students: _, ...left } = IDS;
  const seen = view([carol, account("alice", 1_002, 300), account("bob", 1_003, 301)], left);
  assert.deepEqual([mayReset("alice", seen, [role]), mayReset("bob", seen, [role])], [false, true]);
  assert.deepEqual(voidBy(role, seen), []);
  assert.deepEqual(rolesOf([role], ACTOR, seen), [role]);
});

test("except keeps out, and where that group is gone the role is void", () => {
  const role: Role = { ...ROLE, except: [{ group: "ops", gid: 302 }] };
  const all = [carol, account("alice", 1_002, 300), account("bob", 1_003, 300, 302)];
  assert.deepEqual(
    [mayReset("alice", view(all), [role]), mayReset("bob", view(all), [role])],
    [true, false],
  );
  const { ops: _, ...left } = IDS;
  assert.equal(mayReset("alice", view(all, left), [role]), false);
  assert.deepEqual(voidBy(role, view(all, left)), [{ group: "ops", gid: 302 }]);
});

test("the administrators' groups are asked for with the roles' own", () => {
  assert.deepEqual(groupsNamed([ROLE, ROLE]), ["helpdesk", "students", "sudo", "wheel", "admin"]);
});
