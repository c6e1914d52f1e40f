/** Grace tickets: what one accepted answer covers, and everything that ends or lacks one. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Caller, Origin, VerifyOutcome } from "../../src/contracts/service.ts";
import type { Store } from "../../src/contracts/store.ts";
import { Fault } from "../../src/core/fault.ts";
import { compile } from "../../src/core/policy/decide.ts";
import type { Rule } from "../../src/core/policy/rule.ts";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import { fault } from "../files/sandbox.ts";
import { answers, replies, silence } from "./conversations.ts";
import { type Host, type HostOptions, MINUTE, makeHost, person, ROOT } from "./host.ts";
import { Phone } from "./phone.ts";

const BOOT = "01234567-89ab-cdef-0123-456789abcdef";
const PLACE = {
  ...{ service: "sudo", tty: "/dev/pts/3", rhost: "192.0.2.1", ruser: "alice" },
  session: `${BOOT}.4711.12345`,
};
const RULES: Rule[] = [{ say: "require", services: ["sudo", "su"], grace: 300 }];

/** alice has a ticket, made at PLACE. */
async function graced(t: TestContext, options: HostOptions = {}) {
  const { policy, ...parts } = options;
  const host = makeHost(t, { ...parts, policy: { rules: compile(RULES), ...policy } });
  const { phone, backupCodes } = await host.enroll("alice");
  const enter = (code: string, origin: Origin = PLACE) =>
    host.root.verify("alice", origin, answers(code));
  assert.equal((await enter(phone.code())).reason, undefined);
  return { host, phone, backupCodes, enter };
}

/** Comes again, and answers nothing; true when the ticket lets in. */
async function passes(
  host: Host,
  change: Partial<typeof PLACE & { service: string }> = {},
  { user = "alice", caller = ROOT }: { user?: string; caller?: Caller } = {},
): Promise<boolean> {
  const asked = replies({ kind: "cancelled" });
  const outcome = await host.as(caller).verify(user, { ...PLACE, ...change }, asked);
  const isIn = outcome.verdict === "accept";
  assert.equal(asked.prompts.length, isIn ? 0 : 1);
  if (isIn) assert.equal(outcome.reason, "grace-ticket");
  return isIn;
}

test("who comes again from the same place is let in unasked, and the log says by what", async (t) => {
  const { host } = await graced(t);
  const made = (await host.audit()).at(-1);
  assert.match(made?.detail ?? "", /^grace until 2026-01-01T00:06:00\.000Z$/);
  const outcome = await host.root.verify("alice", PLACE, silence);
  assert.deepEqual(outcome, { user: "alice", verdict: "accept", reason: "grace-ticket" });
  const used = (await host.audit()).at(-1);
  assert.deepEqual(
    [used?.verdict, used?.reason, used?.service, used?.tty, used?.method],
    ["accept", "grace-ticket", "sudo", "/dev/pts/3", null],
  );
  assert.match(used?.detail ?? "", /^totp at 2026-01-01T00:01:00/);
  assert.equal(await passes(host, { service: "su", tty: "pts/3" }), true, "su spells it so");
});

const elsewhere: readonly (readonly [string, Partial<typeof PLACE>])[] = [
  ["another terminal", { tty: "/dev/pts/4" }],
  ["no terminal", { tty: "" }],
  ["a terminal that is none", { tty: "ssh" }],
  ["an unknown terminal", { tty: "unknown" }],
  ["a display", { tty: ":0" }],
  ["another source", { rhost: "192.0.2.2" }],
  ["no source", { rhost: "" }],
  ["somebody else at the same terminal", { ruser: "bob" }],
  ["another login session", { session: `${BOOT}.4712.12345` }],
  ["a later session of the same number", { session: `${BOOT}.4711.12346` }],
  ["another boot, or another host", { session: `${BOOT.replace("0", "f")}.4711.12345` }],
  ["no session", { session: "" }],
  ["half a session", { session: ".4711.12345" }],
  ["a service whose rule has no grace", { service: "sshd" }],
];
for (const [where, change] of elsewhere) {
  test(`${where}: a code is asked for, and no ticket is made without a place`, async (t) => {
    const { host, phone, enter } = await graced(t);
    assert.equal(await passes(host, change), false);
    host.clock.advance(MINUTE);
    assert.equal((await enter(phone.code(), { ...PLACE, ...change })).verdict, "accept");
    const hasPlace = !/no terminal|is none|unknown|display|no session|half|no grace/.test(where);
    assert.equal(await passes(host, change), hasPlace);
  });
}

test("another user, or another spelling, has no part in it", async (t) => {
  const { host } = await graced(t);
  await host.enroll("bob");
  await host.enroll("Alice");
  for (const user of ["bob", "Alice", "alicе"]) {
    assert.equal(await passes(host, {}, { user }), false, user);
  }
  // The others were enrolled in minutes of their own.
  assert.equal(await passes(host), true);
});

test("who is not root neither uses a ticket nor makes one, whatever they claim", async (t) => {
  const { host, phone } = await graced(t);
  const alice = person("alice");
  assert.equal(await passes(host, {}, { caller: alice }), false);
  await host.root.revokeTickets("alice");
  host.clock.advance(MINUTE);
  const own = await host.as(alice).verify("alice", PLACE, answers(phone.code()));
  assert.equal(own.verdict, "accept");
  assert.deepEqual([await passes(host), await passes(host, {}, { caller: alice })], [false, false]);
});

test("its life is not prolonged by use, and no ticket comes of a ticket", async (t) => {
  const { host } = await graced(t);
  host.clock.advance(5 * MINUTE - 1);
  assert.equal(await passes(host), true);
  host.clock.advance(1);
  assert.equal(await passes(host), false);
});

test("a refused answer makes none", async (t) => {
  const { host, phone, enter } = await graced(t);
  await host.root.revokeTickets("alice");
  assert.equal((await enter(phone.wrongCode())).verdict, "reject");
  assert.equal(await passes(host), false);
});

type Ending = (host: Host, phone: Phone) => Promise<unknown>;
const endings: Readonly<Record<string, Ending>> = {
  reset: (host) => host.root.reset("alice", undefined, silence),
  "reset of one method": (host) => host.root.reset("alice", "totp", silence),
  disable: (host) => host.root.disableUser("alice"),
  "disable, and enable again": async (host) => {
    await host.root.disableUser("alice");
    await host.root.enableUser("alice");
  },
  "a new enrollment": async (host) => {
    const options = { method: "totp", ...DEFAULT_PARAMETERS };
    const begun = await host.root.beginEnrollment("alice", options, silence);
    assert.equal(await passes(host), true, "what is begun changes nothing yet");
    const phone = new Phone(begun.secret, host.clock);
    await host.root.confirmEnrollment("alice", "totp", phone.code());
  },
  "another name at Duo": (host) => host.root.setAlias("alice", "al"),
  "purge of the method": (host) => host.root.purgeMethod("totp"),
  revoke: (host) => host.root.revokeTickets("alice"),
  "revoke by themselves": (host) => host.as(person("alice")).revokeTickets("alice"),
  "revoke of all": (host) => host.root.revokeTickets(),
  expiry: async (host) => host.clock.advance(5 * MINUTE),
  "a clock that is set back": async (host) => host.clock.advance(-1),
};
for (const [what, end] of Object.entries(endings)) {
  test(`ended by ${what}`, async (t) => {
    const { host, phone } = await graced(t);
    await end(host, phone);
    assert.equal(await passes(host), false);
    if (what.startsWith("a clock")) return;
    assert.deepEqual(await Array.fromAsync(host.root.listTickets()), []);
  });
}

test("setting the clock within its life ends it; a little, and it is not prolonged", async (t) => {
  let uptime = 1_000_000;
  const { host } = await graced(t, { uptime: () => uptime });
  const pass = (milliseconds: number): void => {
    uptime += milliseconds;
    host.clock.advance(milliseconds);
  };
  pass(4 * MINUTE);
  assert.equal(await passes(host), true);
  for (const step of [-3 * MINUTE, -30_001, 30_001]) {
    host.clock.advance(step);
    assert.equal(await passes(host), false, `${step}`);
    host.clock.advance(-step);
  }
  host.clock.advance(-30_000);
  pass(MINUTE - 1);
  assert.equal(await passes(host), true);
  pass(1);
  assert.equal(await passes(host), false);
});

test("what was made before the host was booted is listed no more, nor used", async (t) => {
  let uptime = 100_000;
  const { host } = await graced(t, { uptime: () => uptime });
  host.clock.advance(2 * MINUTE);
  for (uptime of [99_999, 100_000, 110_000]) {
    assert.deepEqual(await Array.fromAsync(host.root.listTickets()), []);
    assert.equal(await passes(host), false);
  }
  uptime = 220_000;
  assert.equal(await passes(host), true);
});

test("ended with the rule's grace, or by a shorter one", async (t) => {
  const { host } = await graced(t);
  const under = async (rules: Rule[]): Promise<string> => {
    const door = host.with({ policy: { rules: compile(rules) } });
    return (await door.verify("alice", PLACE, answers())).verdict;
  };
  host.clock.advance(2 * MINUTE);
  assert.equal(await under([{ say: "require" }]), "reject");
  assert.equal(await under([]), "reject");
  assert.equal(await under([{ say: "require", grace: 120 }]), "reject");
  assert.equal(await under([{ say: "require", grace: 121 }]), "accept");
  assert.equal(await under([{ say: "require", grace: 300, methods: ["duo-push"] }]), "reject");
  assert.equal(await under([{ say: "require", grace: 300, methods: ["totp"] }]), "accept");
});

test("a method that is switched off, or never counted here, lets in by no ticket", async (t) => {
  const { host } = await graced(t);
  const methods = host.parts.methods.filter(({ name }) => name !== "totp");
  const outcome = await host.with({ methods }).verify("alice", PLACE, answers());
  assert.equal(outcome.verdict, "reject");
});

test("a backup code makes one too, which ends with its set", async (t) => {
  const { host, enter, backupCodes } = await graced(t);
  await host.root.revokeTickets();
  assert.equal((await enter(backupCodes[0] ?? "")).verdict, "accept");
  assert.equal(await passes(host), true);
  await host.root.revokeBackupCodes("alice", silence);
  assert.equal(await passes(host), false);
});

test("a stranger who throttles the user ends no ticket and uses none", async (t) => {
  const { host, phone } = await graced(t);
  await host.fail("alice", phone.wrongCode(), 6);
  assert.equal((await host.verify("alice", phone.code())).verdict, "throttled");
  assert.equal(await passes(host), true);
  const still = await host.root.verify("alice", { ...PLACE, tty: "pts/9" }, answers("000000"));
  assert.equal(still.verdict, "throttled", "a ticket forgives no failures");
});

test("what cannot be recorded is not accepted, and the ticket is as it was", async (t) => {
  const { host } = await graced(t);
  const { store } = host.parts;
  const full = new Fault("store-unwritable", "the disk is full");
  const failing: Store = {
    ...store,
    read: (work) => store.read(work),
    transact: (work) =>
      store.transact((tx) =>
        work({ ...tx, audit: { ...tx.audit, append: () => Promise.reject(full) } }),
      ),
  };
  const outcome = await host.with({ store: failing }).verify("alice", PLACE, silence);
  assert.deepEqual([outcome.verdict, outcome.reason], ["unavailable", "store"]);
  const made = host.with({ store: failing });
  const other = await made.verify("alice", { ...PLACE, tty: "tty2" }, answers("000000"));
  assert.equal(other.verdict, "unavailable");
  assert.equal(await passes(host), true);
});

test("a row that somebody planted, moved or prolonged lets nobody in", async (t) => {
  const { host } = await graced(t);
  await host.enroll("bob");
  const { store } = host.parts;
  const at = { now: host.clock.now(), uptime: host.parts.uptime() };
  const [ticket] = await store.read((view) =>
    view.graceTickets.page({ user: "alice", ...at }, undefined, 9),
  );
  assert.ok(ticket);
  const plant = (changes: Partial<typeof ticket>) =>
    store.transact((tx) => tx.graceTickets.add({ ...ticket, ...changes }, 9));
  await plant({ user: "bob" });
  assert.equal(await passes(host, {}, { user: "bob" }), false);
  await plant({ tty: "pts/4" });
  assert.equal(await passes(host, { tty: "pts/4" }), false);
  await plant({ expiresAt: ticket.expiresAt + 1 });
  assert.equal(await passes(host), false);
  await plant({});
  assert.equal(await passes(host), true);
});

test("whoever uses it while it is revoked is let in before, or asked after", async (t) => {
  const { host } = await graced(t);
  const use = (): Promise<VerifyOutcome> => host.root.verify("alice", PLACE, answers());
  const uses = Array.from({ length: 20 }, use);
  const revoked = host.root.revokeTickets("alice");
  const late = Array.from({ length: 20 }, use);
  assert.equal(await revoked, 1);
  await Promise.all([...uses, ...late]);
  const events = await host.audit();
  const end = events.findLastIndex(({ action }) => action === "session-revoke");
  assert.ok(end >= 0);
  assert.ok(events.slice(end).every(({ reason }) => reason !== "grace-ticket"));
  assert.equal(await passes(host), false);
});

test("of more than a user may have the oldest goes", async (t) => {
  const { host, phone, enter } = await graced(t, {
    policy: { graceLimit: 2, rules: compile([{ say: "require", grace: 3600 }]) },
  });
  for (const tty of ["pts/4", "pts/5"]) {
    host.clock.advance(MINUTE);
    assert.equal((await enter(phone.code(), { ...PLACE, tty })).verdict, "accept");
  }
  const valid = [];
  for (const tty of ["pts/3", "pts/4", "pts/5"]) valid.push(await passes(host, { tty }));
  assert.deepEqual(valid, [false, true, true]);
});

test("they are listed and revoked by root, and by each user for themselves", async (t) => {
  const { host } = await graced(t);
  const { phone } = await host.enroll("bob");
  await host.root.verify("bob", { ...PLACE, ruser: "bob", tty: "tty1" }, answers(phone.code()));
  const list = (caller: Caller, user?: string) =>
    Array.fromAsync(host.as(caller).listTickets(user));
  const since = host.clock.now();
  const [alices, bobs] = await list(ROOT);
  assert.deepEqual(bobs, {
    ...{ user: "bob", tty: "tty1", rhost: "192.0.2.1", service: "sudo", method: "totp" },
    ...{ since, until: since + 5 * MINUTE },
  });
  assert.deepEqual(await list(person("alice"), "alice"), [alices]);
  for (const user of ["bob", undefined, "root"]) {
    await assert.rejects(list(person("alice"), user), fault("not-permitted"));
    const door = host.as(person("alice"));
    await assert.rejects(door.revokeTickets(user), fault("not-permitted"));
  }
  const [event] = await host.eventsOf(() => host.as(person("bob")).revokeTickets("bob"));
  assert.deepEqual(
    [event?.action, event?.user, event?.caller, event?.detail],
    ["session-revoke", "bob", "1000:bob", "ended=1"],
  );
  assert.deepEqual(await host.eventsOf(() => host.root.revokeTickets("bob")), []);
  assert.equal(await passes(host), true);
});

test("policy explain tells of grace, and nothing of it where a rule has none", async (t) => {
  const { host } = await graced(t);
  assert.equal((await host.root.explainPolicy("alice", { service: "sudo" })).grace, 300);
  assert.ok(!("grace" in (await host.root.explainPolicy("alice", { service: "sshd" }))));
});
