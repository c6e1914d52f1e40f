/**
 * Who has nothing enrolled, in a login whose first factor is right: set up on the spot, or not at
 * all. And in one of which that is not known: nothing of it is said, and nothing is set up.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Conversation } from "../../src/contracts/conversation.ts";
import type { Caller, Origin } from "../../src/contracts/service.ts";
import { Fault } from "../../src/core/fault.ts";
import { compile } from "../../src/core/policy/decide.ts";
import type { Rule } from "../../src/core/policy/rule.ts";
import { countersignFor } from "../../src/engine/countersign.ts";
import { answering, answers, dying, silence } from "./conversations.ts";
import { type Host, type HostOptions, MINUTE, makeHost, person, ROOT } from "./host.ts";
import { Phone } from "./phone.ts";

const PROVEN: Origin = { service: "sshd", rhost: "192.0.2.7", enrolls: "ascii" };
const UNPROVEN: Origin = { service: "sshd", rhost: "192.0.2.7" };
const ENROLL = { policy: { unenrolled: "enroll" } } as const;
const CODE = "Code from the app: ";
const ENTER = "Write these down, then press Enter: ";

const secretIn = (said: readonly string[]): string =>
  said.findLast((line) => line.startsWith("Key "))?.slice("Key ".length) ?? "";

/** Types the code of the key that was shown last, and presses Enter. */
const scanning = (host: Host, change: (code: string, prompt: string) => string = (code) => code) =>
  answering((prompt, said) => {
    const code = prompt === CODE ? new Phone(secretIn(said), host.clock).code() : "";
    return change(code, prompt);
  });

const logIn = (host: Host, conversation: Conversation, origin = PROVEN, caller: Caller = ROOT) =>
  host.as(caller).verify("alice", origin, conversation);

const enrolledIn = async (host: Host): Promise<readonly string[]> =>
  (await host.root.standing("alice")).enrolledIn;

/** Nothing active, nothing begun. */
async function isUntouched(host: Host): Promise<void> {
  const overview = await host.parts.store.read((view) => view.accounts.overview("alice"));
  assert.deepEqual([overview?.authenticators ?? [], overview?.backupCodesLeft ?? 0], [[], 0]);
}

test("a code of the key that is shown enrolls and lets in, in one transaction", async (t) => {
  const host = makeHost(t, ENROLL);
  const heard = scanning(host);
  const events = await host.eventsOf(async () => {
    assert.deepEqual(await logIn(host, heard), {
      ...{ verdict: "accept", user: "alice", method: "totp" },
    });
  });
  assert.deepEqual(heard.prompts, [CODE, ENTER]);
  assert.match(heard.said[0] ?? "", /second factor/);
  assert.deepEqual(
    events.map(({ action, verdict, method, rhost }) => [action, verdict, method, rhost]),
    [
      ["enroll-begin", null, "totp", "192.0.2.7"],
      ["enroll-confirm", "accept", "totp", "192.0.2.7"],
      ["verify", "accept", "totp", "192.0.2.7"],
    ],
  );
  const phone = new Phone(secretIn(heard.said), host.clock);
  const spent = await logIn(host, answers(phone.code()));
  assert.deepEqual([spent.verdict, spent.reason], ["reject", "replayed"], "the set-up code");
  host.clock.advance(MINUTE);
  assert.equal((await logIn(host, answers(phone.code()))).verdict, "accept");
  const shown = heard.said.flatMap((line) => line.match(/[0-9A-Z]{5}-[0-9A-Z]{5}/g) ?? []);
  assert.equal(shown.length, 10);
  assert.equal((await host.verify("alice", shown[9] ?? "")).verdict, "accept");
});

test("without word that the first factor is right: the prompt of everybody, and refused", async (t) => {
  for (const unenrolled of ["enroll", "invite"] as const) {
    const host = makeHost(t, { policy: { unenrolled } });
    const heard = answers("123456", "123456");
    const { verdict, reason } = await logIn(host, heard, UNPROVEN);
    assert.deepEqual([verdict, reason], ["unenrolled", "enrollment-elsewhere"]);
    assert.deepEqual([heard.prompts, heard.said], [["Verification code: "], []]);
    await isUntouched(host);
  }
});

test("the word is root's, or the user's own, and nobody else's", async (t) => {
  const host = makeHost(t, ENROLL);
  const owner = { uid: 1_001, login: "bob", ownsStore: true };
  assert.equal((await logIn(host, answers("1"), PROVEN, owner)).verdict, "unenrolled");
  await assert.rejects(logIn(host, silence, PROVEN, person("bob")), { code: "not-permitted" });
  assert.equal((await logIn(host, scanning(host), PROVEN, person("alice"))).verdict, "accept");
});

for (const at of [CODE, ENTER]) {
  for (const end of ["cancelled", "end-of-input", "timed-out"] as const) {
    test(`${end} at "${at}" leaves nothing, and the next login begins anew`, async (t) => {
      const host = makeHost(t, ENROLL);
      const first = scanning(host, (code, prompt) => (prompt === at ? end : code));
      const { verdict, reason } = await logIn(host, first);
      assert.deepEqual([verdict, reason], ["reject", end]);
      await isUntouched(host);
      const old = new Phone(secretIn(first.said), host.clock);
      const again = answering((prompt) => (prompt === CODE ? old.code() : ""));
      assert.equal((await logIn(host, again)).reason, "wrong-code", "the old key");
      host.clock.advance(MINUTE);
      const second = scanning(host);
      assert.equal((await logIn(host, second)).verdict, "accept");
      assert.notEqual(secretIn(second.said), secretIn(first.said));
    });
  }
}

test("a conversation that dies is recorded, its error passed on, and nothing is left", async (t) => {
  const host = makeHost(t, ENROLL);
  const error = new Error("gone");
  await assert.rejects(logIn(host, dying(error)), error);
  assert.equal((await host.audit()).at(-1)?.reason, "end-of-input");
  await isUntouched(host);
});

test("three codes that do not fit end it; each is an attempt, and the clock is named", async (t) => {
  const host = makeHost(t, ENROLL);
  const ahead = answering((prompt, said) =>
    prompt === CODE ? new Phone(secretIn(said), host.clock).code(10) : "",
  );
  const { verdict, reason } = await logIn(host, ahead);
  assert.deepEqual([verdict, reason, ahead.prompts.length], ["reject", "wrong-code", 3]);
  assert.ok(
    ahead.said.includes(
      "That code does not fit: the phone's clock is 5 minutes ahead of this host's.",
    ),
  );
  await isUntouched(host);
  // Five in all are free.
  const second = answering(() => "000000");
  assert.equal((await logIn(host, second)).verdict, "throttled");
  const third = answering(() => "000000");
  assert.equal((await logIn(host, third)).verdict, "throttled");
  assert.deepEqual([third.prompts, third.said], [[], []], "no key is shown meanwhile");
});

test("two at once: one is let in, the other refused, and the active key is the winner's", async (t) => {
  const host = makeHost(t, ENROLL);
  const gate = Promise.withResolvers<void>();
  const slow = scanning(host);
  const waiting: Conversation = {
    ...slow,
    prompt: async (text) => {
      if (text === ENTER) await gate.promise;
      return slow.prompt(text);
    },
  };
  const late = logIn(host, waiting);
  const winner = scanning(host);
  assert.equal((await logIn(host, winner)).verdict, "accept");
  gate.resolve();
  const refused = await late;
  assert.deepEqual([refused.verdict, refused.reason], ["reject", "enrolled-meanwhile"]);
  host.clock.advance(MINUTE);
  const code = (said: readonly string[]) => new Phone(secretIn(said), host.clock).code();
  assert.equal((await host.verify("alice", code(slow.said))).verdict, "reject");
  assert.equal((await host.verify("alice", code(winner.said))).verdict, "accept");
  const [backup = ""] = winner.said.join(" ").match(/[0-9A-Z]{5}-[0-9A-Z]{5}/) ?? [];
  assert.equal((await host.verify("alice", backup)).verdict, "accept", "the winner's codes");
});

test("of twenty at once one is let in", async (t) => {
  const host = makeHost(t, { policy: { unenrolled: "enroll", throttle: NO_DELAY } });
  const all = await Promise.all(Array.from({ length: 20 }, () => logIn(host, scanning(host))));
  assert.equal(all.filter(({ verdict }) => verdict === "accept").length, 1);
  assert.deepEqual(await enrolledIn(host), ["totp", "backup-code"]);
});

const NO_DELAY = {
  ...{ freeFailures: 1_000, firstDelay: 2_000, longestDelay: 300_000 },
  ...{ decay: 900_000, lockAfter: 0 },
};

test("what somebody began elsewhere is neither confirmed by it nor left to be", async (t) => {
  const host = makeHost(t, ENROLL);
  const options = { method: "totp", algorithm: "sha1", digits: 6, period: 30 } as const;
  const begun = await host.root.beginEnrollment("alice", options, silence);
  const theirs = new Phone(begun.secret, host.clock);
  const answeredByTheirs = answering((prompt) => (prompt === CODE ? theirs.code() : ""));
  assert.equal((await logIn(host, answeredByTheirs)).reason, "wrong-code");
  host.clock.advance(MINUTE);
  assert.equal((await logIn(host, scanning(host))).verdict, "accept");
  const late = await host.root.confirmEnrollment("alice", "totp", theirs.code());
  assert.equal(late.status, "not-begun");
});

test("disabled, reset or enrolled while the person types: refused, and nothing is left", async (t) => {
  const host = makeHost(t, ENROLL);
  const meanwhile = (work: () => Promise<unknown>): Conversation => {
    const heard = scanning(host);
    return {
      ...heard,
      prompt: async (text) => {
        if (text === ENTER) await work();
        return heard.prompt(text);
      },
    };
  };
  await host.parts.store.transact((tx) => tx.accounts.ensure("alice", "alice", 0));
  const disabled = await logIn(
    host,
    meanwhile(() => host.root.disableUser("alice")),
  );
  assert.deepEqual([disabled.verdict, disabled.reason], ["reject", "disabled"]);
  await isUntouched(host);
  await host.root.enableUser("alice");
  const enrolled = await logIn(
    host,
    meanwhile(() => host.enroll("alice")),
  );
  assert.deepEqual([enrolled.verdict, enrolled.reason], ["reject", "enrolled-meanwhile"]);
});

test("who is disabled, no account, or enrolled by another spelling is shown nothing", async (t) => {
  const host = makeHost(t, ENROLL);
  await host.enroll("carol");
  await host.enroll("dora");
  await host.root.reset("dora", undefined, silence);
  await host.root.disableUser("dora");
  for (const name of ["dora", "Carol", "carol", "a/b", ""]) {
    const heard = answers("000000");
    const { verdict } = await host.root.verify(name, PROVEN, heard);
    assert.ok(verdict === "reject" || verdict === "unenrolled", name);
    assert.deepEqual([heard.prompts, heard.said], [["Verification code: "], []], name);
  }
});

test("whoever has backup codes alone enrolls nothing by a password", async (t) => {
  const host = makeHost(t, ENROLL);
  await host.enroll("alice");
  await host.parts.store.transact((tx) => tx.authenticators.remove("alice"));
  const heard = answers("000000");
  assert.equal((await logIn(host, heard)).verdict, "reject");
  assert.deepEqual(heard.said, []);
});

function ruled(t: TestContext, rule: Omit<Rule, "say">, options: HostOptions = {}): Host {
  return makeHost(t, { policy: { rules: compile([{ say: "require", ...rule }]) }, ...options });
}

test("exempt, refused, let in, or with the policy off: nobody is set up", async (t) => {
  const cases: readonly [Host, string][] = [
    [makeHost(t, { policy: { ...ENROLL.policy, enabled: false } }), "exempt policy-off"],
    [
      makeHost(t, { policy: { ...ENROLL.policy, rules: compile([{ say: "exempt" }]) } }),
      "exempt rule-exempt",
    ],
    [makeHost(t), "unenrolled not-enrolled"],
    [ruled(t, { unenrolled: "allow" }), "exempt unenrolled-allowed"],
    [ruled(t, { unenrolled: "enroll", methods: ["duo-push"] }), "unenrolled enrollment-elsewhere"],
    [
      ruled(t, { unenrolled: "enroll", methods: ["backup-code"] }),
      "unenrolled enrollment-elsewhere",
    ],
  ];
  for (const [host, expected] of cases) {
    const heard = answers("123456");
    const { verdict, reason } = await logIn(host, heard);
    assert.equal(`${verdict} ${reason}`, expected);
    assert.deepEqual(heard.said, []);
    await isUntouched(host);
  }
});

test("before the date: let in, with a reminder where the first factor is right", async (t) => {
  const host = ruled(t, { unenrolled: "enroll", by: "2026-01-02" });
  const proven = answers();
  const [event] = await host.eventsOf(async () => {
    const { verdict, reason } = await logIn(host, proven);
    assert.deepEqual([verdict, reason], ["exempt", "unenrolled-until"]);
  });
  assert.deepEqual(
    [event?.reason, event?.detail],
    ["unenrolled-until", "by 2026-01-02T00:00:00.000Z"],
  );
  assert.equal(proven.prompts.length, 0);
  assert.match(proven.said.join(), /^From 2026-01-02 00:00 UTC on,/);
  const unproven = answers("123456");
  assert.equal((await logIn(host, unproven, UNPROVEN)).reason, "unenrolled-until");
  assert.deepEqual([unproven.prompts, unproven.said], [["Verification code: "], []]);

  host.clock.advance(24 * 60 * MINUTE);
  assert.equal((await logIn(host, answers("1"), UNPROVEN)).verdict, "unenrolled");
  assert.equal((await logIn(host, scanning(host))).verdict, "accept");
});

test("before the date nobody who is throttled is let in, nor who is enrolled", async (t) => {
  const host = ruled(t, { unenrolled: "refuse", by: "2026-02-01" });
  const { phone } = await host.enroll("alice");
  assert.equal((await logIn(host, answers(phone.wrongCode()))).verdict, "reject");
  await host.root.reset("alice", undefined, silence);
  await host.parts.store.transact(async (tx) => {
    for (let n = 0; n < 6; n++)
      await tx.attempts.count("alice", host.clock.now(), host.parts.policy.throttle);
  });
  assert.equal((await logIn(host, silence)).verdict, "throttled");
});

test("a store that cannot record shows no key, and lets nobody in", async (t) => {
  const host = makeHost(t, ENROLL);
  const { store } = host.parts;
  let writes = 0;
  const failing = (allowed: number) =>
    countersignFor(
      {
        ...host.parts,
        store: {
          ...store,
          read: (work) => store.read(work),
          transact: (work) =>
            writes++ < allowed
              ? store.transact(work)
              : Promise.reject(new Fault("store-unwritable", "full")),
          close: async () => undefined,
        },
      },
      ROOT,
    );
  const heard = scanning(host);
  assert.equal((await failing(0).verify("alice", PROVEN, heard)).verdict, "unavailable");
  assert.deepEqual(heard.said, []);
  writes = 0;
  // Begun, and the code judged: what is left is to keep it.
  assert.equal((await failing(2).verify("alice", PROVEN, scanning(host))).verdict, "unavailable");
  await isUntouched(host);
});

test("what they are set up with meanwhile is not replaced or removed without a code", async (t) => {
  const TOTP = { method: "totp", algorithm: "sha1", digits: 6, period: 30 } as const;
  const changes: ((host: Host) => Promise<unknown>)[] = [
    (host) => host.as(person("alice")).beginEnrollment("alice", TOTP, silence),
    (host) => host.as(person("alice")).reset("alice", undefined, silence),
  ];
  for (const change of changes) {
    let meanwhile: (() => Promise<unknown>) | undefined;
    const groupsOf = async () => {
      const work = meanwhile;
      meanwhile = undefined;
      await work?.();
      return new Set(["staff"]);
    };
    const enroll = { say: "require", groups: ["staff"], unenrolled: "enroll" } as const;
    const others = { ...enroll, groups: ["guests"], unenrolled: "invite" } as const;
    const rules = compile([others, { ...enroll, services: ["sshd"] }]);
    const host = makeHost(t, { groupsOf, policy: { rules, unenrolled: "allow" } });
    const heard = scanning(host);
    meanwhile = () => logIn(host, heard);
    await assert.rejects(change(host), { code: "refused", message: /enrolled meanwhile/ });
    host.clock.advance(MINUTE);
    const phone = new Phone(secretIn(heard.said), host.clock);
    assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
  }
});
