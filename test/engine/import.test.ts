import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { ImportEntry } from "../../src/contracts/imported.ts";
import { TOLD } from "../../src/engine/import/commit.ts";
import { slowHash } from "../../src/keys/slow-hash.ts";
import { bring, codeOf, entry, SOURCE, secretOf, stage, whys } from "./arrivals.ts";
import { answers, silence } from "./conversations.ts";
import { type Host, MINUTE, makeHost, person } from "./host.ts";
import { Token } from "./token.ts";

const STEP = 30_000;

async function verdictOf(host: Host, user: string, answer: string): Promise<string> {
  const { verdict, reason } = await host.verify(user, answer);
  return reason === undefined ? verdict : `${verdict}: ${reason}`;
}

/** Also one who has nothing. */
async function disable(host: Host, user: string): Promise<void> {
  await host.root.createInvitation(user, {});
  await host.root.disableUser(user);
}

describe("what comes", () => {
  test("is accepted, and what was used there is refused here", async (t) => {
    const host = makeHost(t);
    const used = Math.floor(host.clock.now() / STEP);
    const { findings, outcome } = await bring(host.root, [entry("alice", { lastCounter: used })]);
    assert.deepEqual(findings, [{ state: "new", serial: "", remarks: [] }]);
    assert.deepEqual(
      { done: outcome.done, authenticators: outcome.authenticators, users: outcome.users },
      { done: true, authenticators: 1, users: 1 },
    );
    assert.equal(await verdictOf(host, "alice", codeOf(host, "alice")), "reject: replayed");
    assert.equal(await verdictOf(host, "alice", codeOf(host, "alice", -1)), "reject: replayed");
    host.clock.advance(STEP);
    assert.equal(await verdictOf(host, "alice", codeOf(host, "alice")), "accept");
    const { status, methods } = await host.root.showUser("alice");
    assert.deepEqual([status, methods.map(({ method }) => method)], ["active", ["totp"]]);
  });

  test("of which the format does not tell what was used: all of it up to the import, and the next", async (t) => {
    const host = makeHost(t);
    const { id } = await stage(host.root, [
      entry("alice", { lastCounter: undefined }),
      entry("bob", { lastCounter: undefined, skew: 5 }),
    ]);
    // By the clock of the commit, and not of the examination.
    host.clock.advance(2 * STEP);
    await host.root.commitImport(id, SOURCE, false);
    assert.equal(await verdictOf(host, "alice", codeOf(host, "alice")), "reject: replayed");
    assert.equal(await verdictOf(host, "bob", codeOf(host, "bob", 5)), "reject: replayed");
    assert.equal(await verdictOf(host, "alice", codeOf(host, "alice", 1)), "reject: replayed");
    host.clock.advance(2 * STEP);
    assert.equal(await verdictOf(host, "alice", codeOf(host, "alice")), "accept");
    assert.equal(await verdictOf(host, "bob", codeOf(host, "bob")), "reject: wrong-code");
    assert.equal(await verdictOf(host, "bob", codeOf(host, "bob", 5)), "accept");
  });

  test("a second time changes nothing", async (t) => {
    const host = makeHost(t);
    const entries = () => [
      entry("alice", { scratchCodes: ["12345678"] }),
      entry("alice", { place: "line 2", secret: secretOf("alice, too") }),
      entry(undefined, { place: "line 3", serial: "T1" }),
    ];
    await bring(host.root, entries());
    assert.equal(await verdictOf(host, "alice", codeOf(host, "alice")), "accept");
    assert.equal(await verdictOf(host, "alice", "12345678"), "accept");
    const events = await host.eventsOf(async () => {
      const { findings, outcome } = await bring(host.root, entries());
      assert.deepEqual(
        findings.map(({ state }) => state),
        ["here", "here", "here"],
      );
      assert.equal(outcome.authenticators + outcome.tokens + outcome.backupCodeSets, 0);
    });
    assert.deepEqual(events, []);
    assert.equal(await verdictOf(host, "alice", "12345678"), "reject: replayed");
    assert.equal(await verdictOf(host, "alice", codeOf(host, "alice")), "reject: replayed");
  });

  test("what lay in a home adds to nobody's, and undoes no reset; what was named says so", async (t) => {
    const host = makeHost(t);
    await host.enroll("alice");
    await bring(host.root, [entry("bob")]);
    await host.root.reset("bob", undefined, silence);
    const counting = { method: "hotp", period: undefined } as const;
    const found = (isFound: boolean) => [
      entry("alice", { ...counting, isFound }),
      entry("bob", { isFound }),
      entry("carol", { isFound }),
    ];
    const enrolled = "is enrolled here already, and would have this as well";
    const reset = "was reset here on 2026-01-01, and codes used before could be used again";
    const { findings, outcome } = await bring(host.root, found(true));
    const rest = ": name the file to bring it all the same";
    assert.deepEqual(whys(findings), [enrolled + rest, reset + rest, ""]);
    assert.equal(outcome.authenticators, 1);
    assert.equal(
      await verdictOf(host, "alice", new Token(secretOf("alice"), 0).press()),
      "reject: wrong-code",
    );
    const named = await bring(host.root, found(false));
    assert.deepEqual(named.findings, [
      { state: "new", serial: "", remarks: [enrolled] },
      { state: "new", serial: "", remarks: [reset] },
      { state: "here" },
    ]);
  });

  test("what lay in a home does not come beside what its user enrolls meanwhile", async (t) => {
    const host = makeHost(t);
    const counting = { method: "hotp", period: undefined, isFound: true } as const;
    const { id } = await stage(host.root, [entry("alice", counting), entry("bob", counting)]);
    await host.enroll("alice");
    const { authenticators, conflicts } = await host.root.commitImport(id, SOURCE, true);
    const why = "has enrolled meanwhile";
    assert.deepEqual([authenticators, conflicts], [1, [{ place: "line 1", user: "alice", why }]]);
  });

  test("several of one user without serial numbers are counted, and each is good", async (t) => {
    const host = makeHost(t);
    const names = ["alice", "alice, too", "alice, three"];
    const { findings } = await bring(
      host.root,
      names.map((name, at) => entry("alice", { place: `line ${at}`, secret: secretOf(name) })),
    );
    assert.deepEqual(
      findings.map((each) => each.state === "new" && each.serial),
      ["", "alice:2", "alice:3"],
    );
    for (const name of names) {
      assert.equal(await verdictOf(host, "alice", codeOf(host, name)), "accept", name);
    }
  });

  test("a token that is nobody's is kept by its serial number, sealed to it", async (t) => {
    const host = makeHost(t);
    await bring(host.root, [entry(undefined, { serial: "T1", digits: 8, lastCounter: 7 })]);
    const token = await host.parts.store.read((view) => view.tokens.find("totp", "T1"));
    assert.ok(token);
    const { sealedSecret, ...rest } = token;
    assert.deepEqual(rest, {
      ...{ method: "totp", serial: "T1", algorithm: "sha1", digits: 8, period: 30 },
      ...{ skew: 0, lastCounter: 7 },
    });
    const { tokenCell } = await import("../../src/core/cells.ts");
    assert.deepEqual(host.parts.sealer.open(sealedSecret, tokenCell(token)), secretOf("T1"));
  });

  test("of what counts: the counter comes along, of a token also to whom it is given", async (t) => {
    const host = makeHost(t);
    const counting = { method: "hotp", period: undefined, lastCounter: 5 } as const;
    const { findings } = await bring(host.root, [
      entry("alice", counting),
      entry(undefined, { ...counting, place: "line 2", serial: "T1" }),
    ]);
    assert.deepEqual(whys(findings), ["", ""]);
    const [alices, t1] = [secretOf("alice"), secretOf("T1")].map((each) => new Token(each, 5));
    assert.ok(alices && t1);
    assert.equal(await verdictOf(host, "alice", alices.press()), "reject: replayed");
    assert.equal(await verdictOf(host, "alice", alices.press()), "accept");
    const given = (code: string) =>
      host.root.enrollToken("bob", { method: "hotp", serial: "T1" }, answers(code));
    assert.equal((await given(t1.press())).verdict, "reject");
    assert.equal((await given(t1.press())).verdict, "accept");
    const again = await bring(host.root, [entry(undefined, { ...counting, serial: "T1" })]);
    assert.deepEqual(again.findings, [{ state: "here" }]);
  });

  test("what was begun for having nothing ends with it", async (t) => {
    const host = makeHost(t);
    const alice = host.as(person("alice"));
    const options = { method: "totp", algorithm: "sha1", digits: 6, period: 30 } as const;
    await alice.beginEnrollment("alice", options, silence);
    const { code } = await host.root.createInvitation("alice", {});
    await bring(host.root, [entry("alice")]);
    assert.equal((await alice.confirmEnrollment("alice", "totp", "123456")).status, "not-begun");
    const invitations = await Array.fromAsync(host.root.listInvitations("alice"));
    assert.deepEqual(invitations, []);
    assert.ok(code.length > 0);
  });

  test("its secret is zeroed where it was taken from, and is not in the store", async (t) => {
    const host = makeHost(t);
    const taken = entry("alice", { scratchCodes: ["87654321"] });
    await bring(host.root, [taken]);
    assert.ok(taken.secret.every((byte) => byte === 0));
    await host.root.close();
    const bytes = readFileSync(host.path);
    assert.ok(!bytes.includes(secretOf("alice")));
    assert.ok(!bytes.includes("87654321"));
  });
});

describe("scratch codes", () => {
  test("are backup codes, each once", async (t) => {
    const host = makeHost(t);
    const scratchCodes = ["12345678", "23456789"];
    const { outcome } = await bring(host.root, [entry("alice", { scratchCodes })]);
    assert.equal(outcome.backupCodeSets, 1);
    assert.equal((await host.root.backupCodeStatus("alice")).left, 2);
    assert.equal(await verdictOf(host, "alice", "1234 5678"), "accept");
    assert.equal(await verdictOf(host, "alice", "12345678"), "reject: replayed");
    assert.equal(await verdictOf(host, "alice", "99999999"), "reject: wrong-code");
    assert.equal(await verdictOf(host, "alice", "23456789"), "accept");
  });

  test("cost a slow hash where there are any, whosever they are, and none elsewhere", async (t) => {
    let hashed = 0;
    const counting: typeof slowHash = (...input) => {
      hashed += 1;
      return slowHash(...input);
    };
    const host = makeHost(t, { slowHash: counting });
    await bring(host.root, [entry("bob")]);
    const costs = async (user: string, answer: string): Promise<number> => {
      const before = hashed;
      await host.verify(user, answer);
      return hashed - before;
    };
    for (const user of ["bob", "nobody"]) assert.equal(await costs(user, "12345678"), 0);
    await bring(host.root, [entry("alice", { scratchCodes: ["12345678"] })]);
    for (const user of ["alice", "bob", "nobody"]) {
      assert.equal(await costs(user, "00000000"), 1, user);
      for (const answer of ["000000", "0000000"]) assert.equal(await costs(user, answer), 0);
    }
  });

  test("do not take the place of codes that the user holds", async (t) => {
    const host = makeHost(t);
    const { backupCodes } = await host.enroll("alice");
    await host.root.reset("alice", "totp", silence);
    const { backupCodes: kept } = await host.enroll("bob");
    // Another method of bob's, so that only the codes are in the way.
    const { findings, outcome } = await bring(host.root, [
      entry("alice", { scratchCodes: ["12345678"] }),
      entry("bob", { serial: "T9", scratchCodes: ["12345678"] }),
    ]);
    assert.equal(outcome.authenticators, 2);
    assert.equal(outcome.backupCodeSets, 1);
    const [, ofBob] = findings;
    assert.match(ofBob?.state === "new" ? (ofBob.remarks[0] ?? "") : "", /backup codes here/);
    assert.equal(await verdictOf(host, "bob", "12345678"), "reject: wrong-code");
    assert.equal(await verdictOf(host, "bob", kept[0] ?? ""), "accept");
    assert.equal(await verdictOf(host, "alice", backupCodes[0] ?? ""), "reject: wrong-code");
  });
});

describe("what cannot come", () => {
  const SHARED = secretOf("shared");
  const CASES: readonly (readonly [why: RegExp, entry: Partial<ImportEntry>])[] = [
    [/no account name/, { user: "-x" }],
    [/no account name/, { user: "a:b" }],
    [/neither a user nor a serial/, { user: undefined }],
    [/serial number is none/, { serial: " T1" }],
    [/serial number is none/, { serial: "\u001b[2J" }],
    [/serial number is none/, { serial: "1".repeat(65) }],
    [/nobody's/, { user: undefined, serial: "T", scratchCodes: ["12345678"] }],
    [/not of 8 digits/, { scratchCodes: ["1234567"] }],
    [/more than 100/, { scratchCodes: Array.from({ length: 101 }, (_, n) => `${10_000_000 + n}`) }],
    [/clock is too far/, { skew: 1_501 }],
    [/counter is out of range/, { lastCounter: -2 }],
    [/counter is out of range/, { lastCounter: 2 ** 52 + 1 }],
    [/too long, or empty/, { secret: Buffer.alloc(0) }],
    [/too long, or empty/, { secret: Buffer.alloc(129) }],
    [/not of 6, 7 or 8/, { digits: 9 as 8 }],
    [/time step/, { period: undefined }],
    [/time step/, { period: 0 }],
    [/time step/, { period: 3_601 }],
    [/algorithm/, { algorithm: undefined }],
    [/has no clock/, { method: "hotp" }],
    [/counter is not known/, { method: "hotp", period: undefined, lastCounter: undefined }],
    [/no AES key/, { method: "yubikey" }],
    [/modhex/, { method: "yubikey", secret: Buffer.alloc(22), serial: "vvazz" }],
  ];
  test("is told by what is wrong with it", async (t) => {
    const host = makeHost(t);
    const id = await host.root.beginImport(false);
    for (const [why, changes] of CASES) {
      const [finding] = await host.root.stageImport(id, [entry("alice", changes)]);
      assert.ok(finding?.state === "unfit", `${why}`);
      assert.match(finding.why, why);
    }
    const outcome = await host.root.commitImport(id, SOURCE, true);
    assert.equal(outcome.authenticators + outcome.tokens, 0);
    assert.deepEqual(await Array.fromAsync(host.root.listUsers()), []);
  });

  test("by the others in its file", async (t) => {
    const host = makeHost(t);
    const { findings } = await stage(host.root, [
      entry("alice", { secret: Buffer.from(SHARED) }),
      entry("alice", { place: "line 2", secret: Buffer.from(SHARED) }),
      entry("bob", { place: "line 3", serial: "T1" }),
      entry("dave", { place: "line 6", secret: Buffer.from(SHARED) }),
      entry("carol", { place: "line 4", serial: "T1" }),
      entry(undefined, { place: "line 5", serial: "T1" }),
    ]);
    const same = "the same serial number as line 3";
    assert.deepEqual(whys(findings), ["", "the same secret as line 1", "", "", same, same]);
    const [, , , ofDave] = findings;
    const remark = "the same secret as line 1, which is alice's";
    assert.deepEqual(ofDave, { state: "new", serial: "", remarks: [remark] });
  });

  test("beyond twenty of one user", async (t) => {
    const host = makeHost(t);
    const entries = Array.from({ length: 21 }, (_, n) => {
      return entry("alice", { place: `line ${n}`, secret: secretOf(`${n}`) });
    });
    const { findings } = await stage(host.root, entries);
    assert.equal(whys(findings).filter((why) => why === "").length, 20);
    assert.equal(whys(findings)[20], "more than 20 of one user");
  });

  test("by what is here", async (t) => {
    const host = makeHost(t);
    await host.enroll("alice");
    await bring(host.root, [entry("bob", { serial: "B1" }), entry(undefined, { serial: "T1" })]);
    await disable(host, "dave");
    const { findings } = await stage(host.root, [
      entry("alice"),
      entry("carol", { serial: "B1", secret: secretOf("carol") }),
      entry("carol", { serial: "T1", secret: secretOf("carol") }),
      entry(undefined, { serial: "B1", secret: secretOf("other") }),
      entry(undefined, { serial: "T1", secret: secretOf("other") }),
      entry("dave"),
      entry("DAVE", { secret: secretOf("dave") }),
    ]);
    assert.deepEqual(
      whys(findings).map((why) => why.replace(/:.*/, "")),
      [
        "has another totp here",
        "its serial number is bob's here",
        "its serial number is among the tokens that are nobody's",
        "its serial number is bob's here",
        "its serial number is among the tokens that are nobody's",
        "dave is disabled",
        "DAVE is disabled",
      ],
    );
  });

  test("a method that is off would only keep its user out", async (t) => {
    const host = makeHost(t, { methods: [] });
    const { findings } = await stage(host.root, [
      entry("alice"),
      entry(undefined, { serial: "T1", place: "line 2" }),
    ]);
    assert.deepEqual(whys(findings), ["totp is off: countersign method enable totp", ""]);
  });

  test("used time steps that are still to come are told of", async (t) => {
    const host = makeHost(t);
    const lastCounter = Math.floor(host.clock.now() / STEP) + 10;
    const { findings } = await stage(host.root, [entry("alice", { lastCounter })]);
    const [finding] = findings;
    assert.ok(finding?.state === "new");
    assert.deepEqual(finding.remarks, [
      "its last used time step is to come: refused until 2026-01-01T00:05:30.000Z",
    ]);
  });
});

describe("between looking and coming", () => {
  test("somebody enrolled: nothing comes, and it is said of whom", async (t) => {
    const host = makeHost(t);
    const { id } = await stage(host.root, [
      entry("alice"),
      entry("bob", { place: "line 2" }),
      entry(undefined, { place: "line 3", serial: "T1" }),
    ]);
    await host.enroll("bob");
    const events = await host.eventsOf(async () => {
      const { done, authenticators, tokens, leftOut, conflicts } = await host.root.commitImport(
        id,
        SOURCE,
        false,
      );
      const why = "was given another of this method meanwhile";
      assert.deepEqual(conflicts, [{ place: "line 2", user: "bob", why }]);
      assert.deepEqual(
        { done, authenticators, tokens, leftOut },
        {
          ...{ done: false, authenticators: 0, tokens: 0, leftOut: 1 },
        },
      );
    });
    assert.deepEqual(events, []);
    const users = await Array.fromAsync(host.root.listUsers());
    assert.deepEqual(
      users.map(({ user }) => user),
      ["bob"],
    );
    assert.equal(await host.parts.store.read((view) => view.tokens.find("totp", "T1")), undefined);
  });

  test("or was disabled, or took the serial number: with leave the others come", async (t) => {
    const host = makeHost(t);
    const { id } = await stage(host.root, [
      entry("alice"),
      entry("bob", { place: "line 2" }),
      entry("carol", { place: "line 3", serial: "T1" }),
      entry(undefined, { place: "line 4", serial: "T2" }),
    ]);
    await disable(host, "bob");
    await bring(host.root, [entry("dave", { serial: "T1" }), entry("erin", { serial: "T2" })]);
    const { done, authenticators, leftOut, conflicts } = await host.root.commitImport(
      id,
      SOURCE,
      true,
    );
    assert.deepEqual(
      { done, authenticators, leftOut },
      { done: true, authenticators: 1, leftOut: 3 },
    );
    assert.deepEqual(
      conflicts.map(({ user, why }) => [user, why]).sort(),
      [
        [undefined, "its serial number is somebody's by now"],
        ["bob", "was disabled meanwhile"],
        ["carol", "its serial number is somebody's by now"],
      ].sort(),
    );
    assert.equal(await verdictOf(host, "alice", codeOf(host, "alice")), "accept");
    const users = await Array.fromAsync(host.root.listUsers());
    assert.ok(!users.some(({ user }) => user === "carol"), "an account was left behind");
  });

  test("no more than a few of those that do not fit are told one by one", async (t) => {
    const host = makeHost(t);
    const names = Array.from({ length: TOLD + 5 }, (_, n) => `user${n}`);
    const { id } = await stage(
      host.root,
      names.map((name) => entry(name)),
    );
    await bring(
      host.root,
      names.map((name) => entry(name, { secret: secretOf(`${name}, other`) })),
    );
    const { leftOut, conflicts } = await host.root.commitImport(id, SOURCE, true);
    assert.deepEqual([leftOut, conflicts.length], [TOLD + 5, TOLD]);
  });
});

describe("an import", () => {
  test("is in the audit log, for each user and for the file, and in the host's log", async (t) => {
    const told: string[] = [];
    const systemLog = { tell: ({ message }: { message: string }) => void told.push(message) };
    const host = makeHost(t, { systemLog });
    const events = await host.eventsOf(() =>
      bring(host.root, [
        entry("bob"),
        entry("bob", { place: "line 2", secret: secretOf("bob, too") }),
        entry("alice", { place: "line 3", serial: "A1" }),
        entry(undefined, { place: "line 4", serial: "T1" }),
      ]),
    );
    assert.deepEqual(
      events.map(({ action, user, method, detail, caller }) => [
        action,
        user,
        method,
        detail,
        caller,
      ]),
      [
        ["import", "alice", "totp", "oath: totp A1", "0:root"],
        ["import", "bob", "totp", "oath: totp, totp bob:2", "0:root"],
        [
          ...["import", null, null],
          `oath sha256=${SOURCE.sha256} users=2 authenticators=3 tokens=1 left-out=0`,
          "0:root",
        ],
      ],
    );
    assert.equal((await host.root.verifyAudit()).intact, true);
    assert.equal(told.length, 3);
    assert.match(told[0] ?? "", /action=import user=alice/);
  });

  test("the event of a file has all its counts, however long its format's name", async (t) => {
    const host = makeHost(t);
    const { id } = await stage(host.root, [entry("alice"), entry("bob")]);
    await bring(host.root, [entry("bob", { secret: secretOf("another") })]);
    const source = { ...SOURCE, format: "google-authenticator" } as const;
    await host.root.commitImport(id, source, true);
    const { detail } = (await host.audit()).at(-1) ?? {};
    const counts = "users=1 authenticators=1 tokens=0 left-out=1";
    assert.equal(detail, `google-authenticator sha256=${SOURCE.sha256} ${counts}`);
  });

  test("that only looks changes nothing, and cannot be made to come", async (t) => {
    const host = makeHost(t);
    const before = host.parts.store.read((view) => view.audit.head());
    const { id, findings } = await stage(host.root, [entry("alice")], true);
    assert.deepEqual(whys(findings), [""]);
    await assert.rejects(host.root.commitImport(id, SOURCE, true), { code: "usage" });
    assert.deepEqual(await Array.fromAsync(host.root.listUsers()), []);
    assert.deepEqual(await host.parts.store.read((view) => view.audit.head()), await before);
  });

  test("is an administrator's alone, each step of it", async (t) => {
    const host = makeHost(t);
    const alice = host.as(person("alice"));
    const { id } = await stage(host.root, [entry("alice")]);
    const refused = { code: "not-permitted" };
    await assert.rejects(alice.beginImport(true), refused);
    await assert.rejects(alice.stageImport(id, [entry("alice")]), refused);
    await assert.rejects(alice.commitImport(id, SOURCE, false), refused);
    await assert.rejects(alice.abandonImport(id), refused);
    assert.equal((await host.root.commitImport(id, SOURCE, false)).done, true);
  });

  test("that is over is over, and one that was given up leaves nothing", async (t) => {
    const host = makeHost(t);
    const { id } = await stage(host.root, [entry("alice")]);
    await host.root.abandonImport(id);
    await host.root.abandonImport(id);
    await assert.rejects(host.root.commitImport(id, SOURCE, false), { code: "not-found" });
    await assert.rejects(host.root.stageImport(id, [entry("bob")]), { code: "not-found" });
    assert.deepEqual(await Array.fromAsync(host.root.listUsers()), []);
  });

  test("is one of few at once", async (t) => {
    const host = makeHost(t);
    const ids = await Promise.all([1, 2, 3, 4].map(() => host.root.beginImport(false)));
    await assert.rejects(host.root.beginImport(true), { code: "conflict" });
    await host.root.abandonImport(ids[0] ?? "");
    await host.root.beginImport(true);
  });

  test("of which nothing more is heard is given up", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const host = makeHost(t);
    const { id } = await stage(host.root, [entry("alice")]);
    t.mock.timers.tick(11 * MINUTE);
    await assert.rejects(host.root.commitImport(id, SOURCE, false), { code: "not-found" });
  });

  test("of many pages comes in order, with no user torn in two", async (t) => {
    const host = makeHost(t);
    const id = await host.root.beginImport(false);
    const names = Array.from({ length: 1_300 }, (_, n) => `user${(n * 7_919) % 1_300}`);
    for (let at = 0; at < names.length; at += 100) {
      const batch = names
        .slice(at, at + 100)
        .flatMap((name) => [
          entry(name, { place: `${name} 1` }),
          entry(name, { place: `${name} 2`, secret: secretOf(`${name}, too`) }),
          entry(undefined, { place: `${name} 3`, serial: `T-${name}` }),
        ]);
      await host.root.stageImport(id, batch);
    }
    const counted: number[] = [];
    const outcome = await host.root.commitImport(id, SOURCE, false, (rows) => counted.push(rows));
    const { authenticators, users, tokens } = outcome;
    assert.deepEqual([authenticators, users, tokens], [2_600, 1_300, 1_300]);
    assert.equal(counted.at(-1), 3_900);
    assert.equal((await host.root.verifyAudit()).intact, true);
    const events = (await host.audit()).filter(({ action }) => action === "import");
    assert.equal(events.length, 1_301);
    assert.equal(await verdictOf(host, "user77", codeOf(host, "user77, too")), "accept");
  });

  test("keeps no login from being judged while it is sent", async (t) => {
    const host = makeHost(t);
    const { phone } = await host.enroll("carol");
    const { id } = await stage(host.root, [entry("alice")]);
    const outcome = await host.as(person("carol")).verify("carol", {}, answers(phone.code()));
    assert.equal(outcome.verdict, "accept");
    assert.equal((await host.root.commitImport(id, SOURCE, false)).done, true);
  });
});
