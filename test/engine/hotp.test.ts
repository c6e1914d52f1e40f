/** Codes that count: accepted ahead, once, and found again by two in a row. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBase32, encodeBase32 } from "../../src/core/base32.ts";
import { DEFAULT_THROTTLE } from "../../src/core/throttle.ts";
import { codeAt, timeStepAt } from "../../src/core/totp.ts";
import { fault } from "../files/sandbox.ts";
import { oathtoolCounters } from "../support/clock.ts";
import { needs } from "../support/parts.ts";
import { answers, replies, silence } from "./conversations.ts";
import { type Host, makeHost, person } from "./host.ts";
import { Token } from "./token.ts";

const HOTP = { method: "hotp" };

function resync(host: Host, first: string, second: string, user = "alice") {
  return host.root.resynchronize(user, HOTP, answers(first, second));
}

const verdicts = async (host: Host, codes: readonly string[]) => {
  const told: string[] = [];
  for (const code of codes) {
    const { verdict, reason } = await host.verify("alice", code);
    told.push(reason ?? verdict);
  }
  return told;
};

test("begun, the address says that it counts, from 0 on, and has no period", async (t) => {
  const host = makeHost(t);
  const { begun } = await host.enrollCounting("alice");
  const uri = new URL(begun.uri);
  assert.equal(uri.host, "hotp");
  assert.deepEqual(Object.fromEntries(uri.searchParams), {
    ...{ secret: begun.secret, issuer: "Host", counter: "0" },
  });
  const [one] = (await host.root.showUser("alice")).methods;
  assert.deepEqual([one?.method, one?.status], ["hotp", "active"]);
});

test("of the next ten codes each is accepted, and not the one after them", async (t) => {
  for (const [skipped, verdict] of [
    [0, "accept"],
    [9, "accept"],
    [10, "wrong-code"],
  ] as const) {
    const host = makeHost(t);
    const { token } = await host.enrollCounting("alice");
    token.skip(skipped);
    assert.deepEqual(await verdicts(host, [token.press()]), [verdict], `${skipped} skipped`);
  }
});

test("a code is accepted once, and what was skipped is spent with it", async (t) => {
  const host = makeHost(t);
  const { token } = await host.enrollCounting("alice");
  const [first, ...skipped] = [token.press(), token.press(), token.press()];
  const last = token.press();
  assert.deepEqual(await verdicts(host, [last, last, ...skipped]), [
    ...["accept", "replayed", "replayed", "replayed"],
  ]);
  assert.deepEqual(await verdicts(host, [first, token.press()]), ["replayed", "accept"]);
});

test("the code that confirmed is spent; one ahead confirms as well, and one beyond does not", async (t) => {
  for (const [skipped, status] of [
    [0, "active"],
    [9, "active"],
    [10, "wrong-code"],
  ] as const) {
    const host = makeHost(t);
    const options = { method: "hotp", algorithm: "sha256", digits: 8, period: undefined } as const;
    const { secret } = await host.root.beginEnrollment("alice", options, silence);
    const token = new Token(decodeBase32(secret), skipped, options);
    const code = token.press();
    assert.equal((await host.root.confirmEnrollment("alice", "hotp", code)).status, status);
    if (status !== "active") continue;
    assert.deepEqual(await verdicts(host, [code, token.press()]), ["replayed", "accept"]);
  }
});

test("a hundred identical codes at once: one is accepted", async (t) => {
  const host = makeHost(t);
  const { token } = await host.enrollCounting("alice");
  const code = token.press();
  const all = await Promise.all(Array.from({ length: 100 }, () => host.verify("alice", code)));
  const of = (verdict: string) => all.filter((each) => each.verdict === verdict).length;
  assert.deepEqual([of("accept"), of("reject"), of("throttled")], [1, 5, 94]);
});

test("an app and two tokens: each is accepted at the one prompt, and a wrong code is one attempt", async (t) => {
  const host = makeHost(t, { policy: { throttle: { ...DEFAULT_THROTTLE, freeFailures: 3 } } });
  const { phone } = await host.enroll("alice");
  const tokens = [await host.stock("A1"), await host.stock("B2")];
  for (const [n, serial] of ["A1", "B2"].entries()) {
    const { verdict } = await host.root.enrollToken(
      "alice",
      { method: "hotp", serial },
      answers(tokens[n]?.press() ?? ""),
    );
    assert.equal(verdict, "accept");
  }
  const methods: unknown[] = [];
  for (const code of [tokens[1]?.press(), phone.code(), tokens[0]?.press()]) {
    const { verdict, method } = await host.verify("alice", code ?? "");
    methods.push([verdict, method]);
  }
  assert.deepEqual(methods, [
    ["accept", "hotp"],
    ["accept", "totp"],
    ["accept", "hotp"],
  ]);
  const wrong = tokens[0]?.wrongCode() ?? "";
  assert.deepEqual(await host.fail("alice", wrong, 4), ["reject", "reject", "reject", "throttled"]);
});

test("one user's token is nothing to another", async (t) => {
  const host = makeHost(t);
  const { token } = await host.enrollCounting("alice");
  await host.enrollCounting("bob");
  assert.equal((await host.verify("bob", token.press())).verdict, "reject");
});

test("oathtool's codes are accepted", needs("oathtool"), async (t) => {
  const host = makeHost(t);
  const { begun } = await host.enrollCounting("alice");
  const secret = encodeBase32(decodeBase32(begun.secret));
  const [, second = "", , fourth = ""] = await oathtoolCounters(secret, 0, 4);
  assert.deepEqual(await verdicts(host, [second, fourth]), ["accept", "accept"]);
});

test("a token that ran ahead is found again by two codes in a row, and both are spent", async (t) => {
  const host = makeHost(t);
  const { token } = await host.enrollCounting("alice");
  token.skip(60);
  const [first, second] = [token.press(), token.press()];
  assert.deepEqual(await verdicts(host, [first]), ["wrong-code"]);
  const events = await host.eventsOf(async () => {
    assert.deepEqual(await resync(host, first, second), {
      ...{ verdict: "accept", user: "alice", method: "hotp", serial: "" },
    });
  });
  const [{ action, verdict, method, detail, caller } = {}] = events;
  assert.deepEqual(
    [action, verdict, method, detail, caller],
    ["resync", "accept", "hotp", null, "0:root"],
  );
  assert.deepEqual(await verdicts(host, [second, first, token.press()]), [
    ...["replayed", "replayed", "accept"],
  ]);
});

test("one of two wrong, the wrong order, a gap: nothing is moved", async (t) => {
  const host = makeHost(t, { policy: { throttle: { ...DEFAULT_THROTTLE, freeFailures: 50 } } });
  const { token } = await host.enrollCounting("alice");
  const expected = token.next;
  token.skip(20);
  const [first, second, third] = [token.press(), token.press(), token.press()];
  const wrong = token.wrongCode();
  for (const [one, other] of [
    [first, wrong],
    [wrong, second],
    [second, first],
    [first, third],
    [first, first],
    [first, ""],
    ["push", second],
  ] as const) {
    const { verdict, reason } = await resync(host, one, other);
    assert.deepEqual([verdict, reason], ["reject", "wrong-code"]);
  }
  assert.equal((await host.verify("alice", token.at(expected))).verdict, "accept");
});

test("two codes that are spent, or skipped, move nothing back", async (t) => {
  const host = makeHost(t);
  const { token } = await host.enrollCounting("alice");
  const old = [token.press(), token.press(), token.press()] as const;
  const now = token.press();
  assert.equal((await host.verify("alice", now)).verdict, "accept");
  for (const pair of [
    [old[0], old[1]],
    [old[1], old[2]],
    [old[2], now],
    [now, token.at(token.next)],
  ] as const) {
    assert.equal((await resync(host, ...pair)).verdict, "reject");
  }
  await host.root.unlockUser("alice");
  assert.equal((await host.verify("alice", now)).reason, "replayed");
  assert.equal((await host.verify("alice", token.press())).verdict, "accept");
});

test("farther than is searched it is not found", async (t) => {
  for (const [skipped, verdict] of [
    [98, "accept"],
    [99, "reject"],
  ] as const) {
    const host = makeHost(t);
    const { token } = await host.enrollCounting("alice");
    token.skip(skipped);
    assert.equal((await resync(host, token.press(), token.press())).verdict, verdict);
  }
});

test("resynchronizing is guessing at a login's pace: one counter for both, and no end to the delay", async (t) => {
  const host = makeHost(t);
  const { token } = await host.enrollCounting("alice");
  const wrong = token.wrongCode();
  await host.fail("alice", wrong, 3);
  const tried: string[] = [];
  for (let n = 0; n < 3; n++) tried.push((await resync(host, wrong, wrong)).verdict);
  assert.deepEqual(tried, ["reject", "reject", "throttled"]);
  const pair = [token.press(), token.press()] as const;
  const { verdict, retryAt } = await resync(host, ...pair);
  assert.deepEqual([verdict, retryAt], ["throttled", host.clock.now() + 2_000], "refused unread");
  assert.equal((await host.verify("alice", wrong)).verdict, "throttled");
  host.clock.advance(2_000);
  assert.equal((await resync(host, ...pair)).verdict, "accept", "and not spent meanwhile");
});

test("a hundred pairs at once: five are judged", async (t) => {
  const host = makeHost(t);
  const { token } = await host.enrollCounting("alice");
  const wrong = token.wrongCode();
  const all = await Promise.all(Array.from({ length: 100 }, () => resync(host, wrong, wrong)));
  assert.equal(all.filter(({ verdict }) => verdict === "reject").length, 5);
});

test("the same two codes at once from several sides: one moves the counter", async (t) => {
  const host = makeHost(t);
  const { token } = await host.enrollCounting("alice");
  const pair = [token.press(), token.press()] as const;
  const all = await Promise.all(Array.from({ length: 20 }, () => resync(host, ...pair)));
  assert.equal(all.filter(({ verdict }) => verdict === "accept").length, 1);
});

test("users resynchronize their own, without another code, and are not told why not", async (t) => {
  const host = makeHost(t);
  const { token } = await host.enrollCounting("alice");
  token.skip(30);
  const self = host.as(person("alice"));
  const wrong = token.wrongCode();
  const refused = await self.resynchronize("alice", HOTP, answers(wrong, wrong));
  assert.deepEqual(refused, { verdict: "reject", user: "alice", method: "hotp" });
  const done = await self.resynchronize("alice", HOTP, answers(token.press(), token.press()));
  assert.equal(done.verdict, "accept");
  assert.equal((await host.verify("alice", token.press())).verdict, "accept");
});

test("who is disabled moves nothing; who has no such token is told so before anything is asked", async (t) => {
  const host = makeHost(t);
  const { token } = await host.enrollCounting("alice");
  await host.root.disableUser("alice");
  const { verdict, reason } = await resync(host, token.press(), token.press());
  assert.deepEqual([verdict, reason], ["reject", "disabled"]);
  await host.enroll("bob");
  for (const choice of [HOTP, { method: "hotp", serial: "X" }]) {
    await assert.rejects(host.root.resynchronize("bob", choice, silence), fault("not-found"));
  }
  for (const method of ["backup-code", "duo-push", ""]) {
    await assert.rejects(host.root.resynchronize("bob", { method }, silence), fault("usage"));
  }
});

test("cancelled, nothing is counted and nothing moves; it is in the log", async (t) => {
  const host = makeHost(t, { policy: { throttle: { ...DEFAULT_THROTTLE, freeFailures: 1 } } });
  const { token } = await host.enrollCounting("alice");
  for (const kind of ["cancelled", "end-of-input", "timed-out"] as const) {
    const told = await host.root.resynchronize("alice", HOTP, replies({ kind }));
    assert.deepEqual([told.verdict, told.reason], ["reject", kind]);
  }
  const half = await host.root.resynchronize("alice", HOTP, answers(token.at(token.next)));
  assert.deepEqual([half.verdict, half.reason], ["reject", "end-of-input"]);
  assert.equal((await host.verify("alice", token.press())).verdict, "accept");
});

test("what a stranger began at a desk is worth nothing once the user has enrolled in something else", async (t) => {
  const options = { method: "hotp", algorithm: "sha1", digits: 6, period: undefined } as const;
  const confirmed = async (enroll: (host: Host) => Promise<unknown>) => {
    const host = makeHost(t);
    const { secret } = await host.as(person("alice")).beginEnrollment("alice", options, silence);
    await enroll(host);
    const stranger = new Token(decodeBase32(secret));
    return host.as(person("alice")).confirmEnrollment("alice", "hotp", stranger.press());
  };
  assert.deepEqual(await confirmed((host) => host.enroll("alice")), { status: "not-begun" });
  const byToken = confirmed(async (host) => {
    const token = await host.stock("A1", { method: "totp", period: 30 });
    const code = codeAt(token.secret, timeStepAt(host.clock.now(), 30), options);
    const given = { method: "totp", serial: "A1" };
    const { verdict } = await host.root.enrollToken("alice", given, answers(code));
    assert.equal(verdict, "accept");
  });
  assert.deepEqual(await byToken, { status: "not-begun" });
});
