/** verify: each verdict's exit status, its sentence, and its JSON document. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { enrolledHome, succeed } from "./enrolled.ts";

const oath = needs("oathtool");
const isRoot = process.getuid?.() === 0;

/** The reason is for root alone; other keys are everyone's. */
const withReason = (document: object, reason: string): object =>
  isRoot ? { ...document, reason } : document;

async function makeHome(t: TestContext) {
  const { home, ...enrolled } = await enrolledHome(t);
  const verify = async (input: string, user = "alice", ...flags: string[]) => {
    const args = ["verify", user, "--code-stdin", "--json", ...flags];
    const { stdout, stderr, code } = await home.run(args, { input });
    return { document: JSON.parse(stdout), stderr, code };
  };
  return { home, verify, ...enrolled };
}

test("a code is accepted once, and refused the second time", oath, async (t) => {
  const { countersign, phone, verify } = await makeHome(t);
  const code = await phone.next();
  assert.deepEqual(await verify(code, "alice", "--service", "sshd", "--rhost", "192.0.2.1"), {
    document: { verdict: "accept", user: "alice", method: "totp", service: "sshd" },
    stderr: "",
    code: 0,
  });
  const replayed = { verdict: "reject", user: "alice", method: "totp" };
  assert.deepEqual(await verify(code), {
    document: withReason(replayed, "replayed"),
    stderr: "error: verification failed\n",
    code: 1,
  });
  const [last] = JSON.parse(await succeed(countersign, ["audit", "list", "--json", "--last", "2"]));
  assert.deepEqual([last.service, last.rhost, last.verdict], ["sshd", "192.0.2.1", "accept"]);
});

test("what people read says no more than accepted or failed", oath, async (t) => {
  const { home, phone } = await makeHome(t);
  const code = await phone.next();
  const plain = (input: string, user: string) =>
    home.run(["verify", user, "--code-stdin"], { input });
  const accepted = await plain(code, "alice");
  assert.deepEqual([accepted.stdout, accepted.stderr, accepted.code], ["", "", 0]);
  const said = "error: verification failed\n";
  for (const [input, user, status] of [
    [code, "alice", 1],
    [await phone.wrong(), "alice", 1],
    ["", "alice", 1],
    [await phone.next(), "nobody-such", 3],
  ] as const) {
    const { stdout, stderr, code: exit } = await plain(input, user);
    assert.deepEqual([stdout, stderr, exit], ["", said, status]);
  }
});

test("a spelling of the code is the code, and still used up", oath, async (t) => {
  const { phone, verify, backupCodes } = await makeHome(t);
  const code = await phone.next();
  const spelled = ` ${code.slice(0, 3)} ${code.slice(3)}\t`;
  assert.equal((await verify(spelled)).code, 0);
  assert.equal((await verify(code)).code, 1);
  assert.equal((await verify(`${code} `)).code, 1);
  const backup = backupCodes[0] ?? "";
  const lower = `${backup.slice(0, 5)}-${backup.slice(5)}`.toLowerCase();
  assert.deepEqual((await verify(lower)).document, {
    verdict: "accept",
    user: "alice",
    method: "backup-code",
  });
  assert.equal((await verify(backup)).code, 1);
});

test("each refusal has its exit status", oath, async (t) => {
  const { phone, verify } = await makeHome(t);
  const wrong = await verify(await phone.wrong());
  assert.equal(wrong.code, 1);
  const refused = { verdict: "reject", user: "alice", method: "totp" };
  assert.deepEqual(wrong.document, withReason(refused, "wrong-code"));
  const nobody = await verify(await phone.wrong(), "bob");
  assert.equal(nobody.code, 3);
  const unenrolled = { verdict: "unenrolled", user: "bob" };
  assert.deepEqual(nobody.document, withReason(unenrolled, "not-enrolled"));
  const malformed = await verify("let me in, please");
  assert.equal(malformed.code, 1);
  const unread = { verdict: "reject", user: "alice" };
  assert.deepEqual(malformed.document, withReason(unread, "malformed"));
  const nothing = await verify("");
  assert.equal(nothing.code, 1);
  assert.deepEqual(nothing.document, withReason(unread, "end-of-input"));
});

test(
  "the throttle refuses unread, says when, and does not grow by being asked",
  oath,
  async (t) => {
    const { countersign, phone, verify } = await makeHome(t);
    await succeed(countersign, ["config", "set", "throttle.freeFailures", "2"]);
    await succeed(countersign, ["config", "set", "throttle.firstDelay", "600"]);
    await succeed(countersign, ["config", "set", "throttle.longestDelay", "600"]);
    const wrong = await phone.wrong();
    assert.equal((await verify(wrong)).code, 1);
    assert.equal((await verify(wrong)).code, 1);
    const first = await verify(await phone.next());
    assert.equal(first.code, 4);
    assert.match(first.stderr, /^error: too many failed attempts\ntry: again in \d+ s\n$/);
    const { retryAfter, ...document } = first.document;
    const expected = { verdict: "throttled", user: "alice" };
    assert.deepEqual(document, withReason(expected, "too-many-failures"));
    assert.ok(retryAfter > 500 && retryAfter <= 600, `${retryAfter}`);
    for (let count = 0; count < 3; count++) await verify(wrong);
    const last = await verify(wrong, "ALICE");
    assert.equal(last.code, 4, "another spelling has the same counter");
    assert.ok(last.document.retryAfter <= retryAfter);
    await succeed(countersign, ["user", "unlock", "alice"]);
    assert.equal((await verify(await phone.next())).code, 0);
  },
);

test(
  "a disabled user is refused like a wrong code, and enabled again is let in",
  oath,
  async (t) => {
    const { countersign, phone, verify } = await makeHome(t);
    await succeed(countersign, ["user", "disable", "alice"]);
    const { document, stderr, code } = await verify(await phone.next());
    assert.deepEqual([code, stderr], [1, "error: verification failed\n"]);
    assert.equal(document.verdict, "reject");
    assert.equal(document.reason, isRoot ? "disabled" : undefined);
    await succeed(countersign, ["user", "enable", "alice"]);
    assert.equal((await verify(await phone.next())).code, 0);
  },
);

test("who has not enrolled is exempt when the setting says so", oath, async (t) => {
  const { countersign, verify, phone } = await makeHome(t);
  await succeed(countersign, ["config", "set", "policy.unenrolled", "allow"]);
  const { document, stderr, code } = await verify("", "bob");
  assert.deepEqual([code, stderr], [1, "error: verification failed\n"], "nothing was answered");
  assert.equal(document.verdict, "reject");
  const exempt = await verify("000000", "bob");
  assert.deepEqual([exempt.document.verdict, exempt.code], ["exempt", 0]);
  assert.equal((await verify(await phone.wrong())).code, 1, "who has enrolled is asked");
});

test("20 at once with one code: one is let in", oath, async (t) => {
  const { home, phone } = await makeHome(t);
  const args = ["verify", "alice", "--code-stdin"];
  const runs = await home.runAtOnce(20, args, { input: await phone.next() });
  assert.equal(runs.filter(({ code }) => code === 0).length, 1);
  assert.deepEqual(new Set(runs.map(({ code }) => code)), new Set([0, 1, 4]));
});

test("asking for help among other arguments is no acceptance", async (t) => {
  const home = await Home.make(t);
  for (const args of [
    ["verify", "-h", "--code-stdin"],
    ["verify", "alice", "--help"],
    ["verify", "alice", "--code-stdin", "--rhost", "--help"],
    ["verify", "--service", "-h", "alice", "--code-stdin"],
    ["verify", "--pam", "--help"],
    ["verify", "--help", "--pam"],
  ]) {
    const ended = await home.run(args, { input: "000000", env: { PAM_USER: "alice" } });
    assert.equal(ended.code, 2, args.join(" "));
    assert.equal(ended.stdout, "", args.join(" "));
  }
});
