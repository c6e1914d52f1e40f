/** The whole API, over TLS, against a server that takes only what Duo documents. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { AuthApi } from "../../src/duo/auth-api.ts";
import type { Challenge } from "../../src/duo/challenge.ts";
import type { AuthStatus } from "../../src/duo/replies.ts";
import { watch } from "../../src/duo/watch.ts";
import { needs } from "../support/parts.ts";
import { type ClientOptions, clientOf, trouble } from "./client.ts";
import { PHONE, TOKEN } from "./stand-in/account.ts";
import { type StandIn, startStandIn } from "./stand-in/server.ts";

const ALICE = { user: "alice", address: "192.0.2.7", hostName: "web1.example.org" };
const PUSH: Challenge = { factor: "push", device: PHONE.device };

async function begin(t: TestContext, options?: ClientOptions): Promise<[StandIn, AuthApi]> {
  const standIn = await startStandIn(t);
  return [standIn, clientOf(standIn, options)];
}

async function follow(
  api: AuthApi,
  challenge: Challenge,
  meanwhile?: (status: AuthStatus) => void,
): Promise<AuthStatus[]> {
  const statuses: AuthStatus[] = [];
  for await (const status of watch(api, await api.auth(ALICE, challenge))) {
    statuses.push(status);
    meanwhile?.(status);
  }
  return statuses;
}

const outcome = (statuses: readonly AuthStatus[]): string[] =>
  statuses.map(({ result, status }) => `${result}/${status}`);

test("ping needs no keys; check needs good ones", needs("openssl"), async (t) => {
  const [standIn, api] = await begin(t);
  for (const time of [await api.ping(), await api.check()]) {
    assert.ok(Math.abs(time - Date.now()) < 60_000);
  }
  await clientOf(standIn, { credentials: { secretKey: Buffer.from("wrong") } }).ping();
});

test("preauth tells what Duo would have the user do", needs("openssl"), async (t) => {
  const [{ account, received }, api] = await begin(t);
  account.users.set("alice", { preauth: "auth", devices: [PHONE, TOKEN] });
  account.users.set("bypassed", { preauth: "allow", devices: [] });
  account.users.set("locked", { preauth: "deny", devices: [] });
  assert.deepEqual(await api.preauth(ALICE), {
    result: "auth",
    message: "Account is active",
    devices: [
      {
        id: PHONE.device,
        type: "phone",
        label: "Android (XXX-XXX-0100)",
        capabilities: ["auto", "push", "sms", "phone", "mobile_otp"],
      },
      { id: TOKEN.device, type: "token", label: "Token 0", capabilities: [] },
    ],
  });
  assert.deepEqual(Object.fromEntries(received.at(-1)?.parameters ?? []), {
    client_supports_verified_push: "1",
    hostname: "web1.example.org",
    ipaddr: "192.0.2.7",
    username: "alice",
  });
  assert.equal((await api.preauth({ user: "bypassed" })).result, "allow");
  assert.equal((await api.preauth({ user: "locked" })).result, "deny");
  const stranger = await api.preauth({ user: "stranger ü&=%\u0001" });
  assert.equal(stranger.result, "enroll");
  assert.match(stranger.enrollUrl, /^https:\/\/api-00000000\.duosecurity\.com\/portal\?code=/);
});

test("a push is approved, denied, reported or left alone", needs("openssl"), async (t) => {
  const [{ account }, api] = await begin(t);
  for (const answer of ["allow", "deny", "fraud", "timeout", "locked_out"] as const) {
    account.users.set("alice", { preauth: "auth", devices: [PHONE], answer });
    const result = answer === "allow" ? "allow" : "deny";
    assert.deepEqual(outcome(await follow(api, PUSH)), ["waiting/pushed", `${result}/${answer}`]);
  }
  assert.equal(account.sent.pushes, 5);
});

test("a push is waited for as long as the person takes", needs("openssl"), async (t) => {
  const [standIn, api] = await begin(t);
  const { account } = standIn;
  account.users.set("alice", { preauth: "auth", devices: [PHONE] });
  // Several times the same news, and it is told once.
  account.longPoll = 50;
  const statuses = await follow(api, { ...PUSH, device: "auto" }, ({ result }) => {
    if (result === "waiting") setTimeout(() => account.answer("alice", "allow"), 1500);
  });
  assert.deepEqual(outcome(statuses), ["waiting/pushed", "allow/allow"]);
  const polls = standIn.received.filter(({ path }) => path === "/auth/v2/auth_status");
  assert.ok(polls.length >= 3 && polls.length < 10, `${polls.length} polls`);
  assert.deepEqual([account.sent.pushes, standIn.replays], [1, 0]);
});

test("the phone shows what is sent with the push", needs("openssl"), async (t) => {
  const [{ account, received }, api] = await begin(t);
  account.users.set("alice", { preauth: "auth", devices: [PHONE], answer: "allow" });
  const info = { service: "sudo", command: "systemctl restart 'my app' & :" };
  await follow(api, { ...PUSH, type: "sudo", displayName: "Alice", info });
  const sent = received.find(({ path }) => path === "/auth/v2/auth")?.parameters;
  assert.equal(sent?.get("type"), "sudo");
  assert.equal(sent?.get("display_username"), "Alice");
  const pairs = new URLSearchParams(sent?.get("pushinfo"));
  assert.deepEqual(Object.fromEntries(pairs), info);
});

test("the code of a verified push comes by preauth or by a status", needs("openssl"), async (t) => {
  const [{ account }, api] = await begin(t);
  const user = { preauth: "auth", devices: [PHONE], answer: "allow" } as const;
  account.users.set("alice", { ...user, verified: { code: "376", toldBy: "status" } });
  const statuses = await follow(api, PUSH);
  assert.match(statuses[0]?.message ?? "", /\b376\b/);
  account.users.set("alice", { ...user, verified: { code: "512", toldBy: "preauth" } });
  const preauth = await api.preauth(ALICE);
  assert.ok(preauth.result === "auth" && preauth.verifiedPush);
  assert.equal(preauth.verifiedPush.code, "512");
  await assert.rejects(api.auth(ALICE, PUSH), trouble("request", false, /txid/));
  const { transaction } = preauth.verifiedPush;
  assert.equal((await follow(api, { ...PUSH, transaction })).at(-1)?.result, "allow");
  assert.equal(account.sent.pushes, 2);
});

test("a call, a passcode, and passcodes by SMS", needs("openssl"), async (t) => {
  const [{ account }, api] = await begin(t);
  const passcodes = new Set(["123456"]);
  account.users.set("alice", { preauth: "auth", devices: [PHONE], passcodes, answer: "allow" });
  assert.deepEqual(outcome(await follow(api, { factor: "phone", device: "auto" })), [
    "waiting/calling",
    "waiting/answered",
    "allow/allow",
  ]);
  assert.deepEqual(outcome(await follow(api, { factor: "sms", device: "auto" })), ["deny/sent"]);
  const passcode = { factor: "passcode", passcode: "123456" } as const;
  assert.deepEqual(outcome(await follow(api, passcode)), ["allow/allow"]);
  assert.deepEqual(outcome(await follow(api, passcode)), ["deny/deny"]);
  assert.deepEqual(account.sent, { pushes: 0, calls: 1, texts: 1 });
});

test("a user is enrolled at Duo", needs("openssl"), async (t) => {
  const [{ account }, api] = await begin(t);
  const enrollment = await api.enroll("alice", 600);
  assert.equal(enrollment.user, "alice");
  assert.match(enrollment.activationCode, /^duo:\/\//);
  assert.match(enrollment.activationUrl, /^https:\/\/m-/);
  assert.match(enrollment.barcodeUrl, /^https:\/\/api-/);
  assert.ok(Math.abs(enrollment.expiresAt - Date.now() - 600_000) < 60_000);
  assert.equal(await api.enrollStatus(enrollment), "waiting");
  account.activate(enrollment.userId, "success");
  assert.equal(await api.enrollStatus(enrollment), "success");
  assert.equal(await api.enrollStatus({ ...enrollment, activationCode: "x" }), "invalid");
  assert.equal((await api.preauth({ user: "alice" })).result, "auth");
  await assert.rejects(api.enroll("alice", 600), trouble("request", false, /already exists/));
});

test("the same request twice in a second is no replay", needs("openssl"), async (t) => {
  const [standIn, api] = await begin(t);
  await Promise.all([api.check(), api.check(), api.check(), api.preauth(ALICE)]);
  await Promise.all([api.preauth(ALICE), api.preauth(ALICE)]);
  assert.equal(standIn.replays, 0);
  assert.equal(standIn.received.length, 6);
});

test(
  "the same request by two processes in a second is signed anew, and a wrong key three times",
  needs("openssl"),
  async (t) => {
    const [standIn] = await begin(t);
    standIn.account.users.set("alice", { preauth: "auth", devices: [PHONE] });
    const clock = { clockAhead: -(Date.now() % 1000) };
    await Promise.all([1, 2, 3].map(() => clientOf(standIn, clock).preauth(ALICE)));
    await Promise.all([1, 2, 3].map(() => clientOf(standIn, clock).auth(ALICE, PUSH)));
    assert.equal(standIn.account.sent.pushes, 3);
    const wrong = clientOf(standIn, { credentials: { secretKey: Buffer.from("wrong") } });
    const before = standIn.received.length;
    await assert.rejects(wrong.check(), trouble("secret-key", false));
    assert.equal(standIn.received.length - before, 3);
  },
);

test("a status that is lost is asked for again, not the push", needs("openssl"), async (t) => {
  const [standIn, api] = await begin(t);
  standIn.account.users.set("alice", { preauth: "auth", devices: [PHONE], answer: "allow" });
  standIn.misbehave("reset", "/auth/v2/auth_status", 1);
  standIn.misbehave("unavailable", "/auth/v2/auth_status", 1);
  const statuses = await follow(api, PUSH);
  assert.equal(statuses.at(-1)?.result, "allow");
  assert.equal(standIn.account.sent.pushes, 1);
});

test(
  "Duo gone after the push is told apart from Duo gone before it",
  needs("openssl"),
  async (t) => {
    const [standIn, api] = await begin(t);
    standIn.account.users.set("alice", { preauth: "auth", devices: [PHONE], answer: "allow" });
    const transaction = await api.auth(ALICE, PUSH);
    await standIn.stop();
    const after = async () => {
      for await (const { result } of watch(api, transaction)) assert.notEqual(result, "allow");
    };
    await assert.rejects(after(), trouble("unreachable", true, /refuses the connection/));
    await assert.rejects(api.auth(ALICE, PUSH), trouble("unreachable", false));
  },
);

test("watching ends when the person hangs up, and when time is up", needs("openssl"), async (t) => {
  const [{ account }, api] = await begin(t);
  account.users.set("alice", { preauth: "auth", devices: [PHONE] });
  account.longPoll = 60_000;
  const gone = new AbortController();
  const drain = async (signal?: AbortSignal, limit?: number) => {
    for await (const { result } of watch(api, await api.auth(ALICE, PUSH), signal, limit)) {
      assert.equal(result, "waiting");
    }
  };
  const watched = drain(gone.signal);
  await sleep(300);
  gone.abort(new Error("hung up"));
  await assert.rejects(watched, { message: "hung up" });
  await assert.rejects(drain(undefined, 700), trouble("timed-out", true, /nobody answered/));
});

test(
  "two logins of one user have a push each, and their own answers",
  needs("openssl"),
  async (t) => {
    const [{ account }, api] = await begin(t);
    account.users.set("alice", { preauth: "auth", devices: [PHONE] });
    const first = await api.auth(ALICE, PUSH);
    const second = await api.auth(ALICE, PUSH);
    account.answer("alice", "allow");
    assert.notEqual(first, second);
    assert.equal((await api.authStatus(first)).result, "waiting");
    assert.equal((await api.authStatus(second)).result, "waiting");
    assert.equal((await api.authStatus(second)).result, "allow");
    const late = trouble("timed-out", true);
    const patience = async () => {
      for await (const { result } of watch(api, first, undefined, 600))
        assert.equal(result, "waiting");
    };
    await assert.rejects(patience(), late);
  },
);
