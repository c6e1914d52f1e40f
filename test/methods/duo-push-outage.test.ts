/** Duo out of reach, before a push and after it, and what else is wrong on the way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import type { Store } from "../../src/contracts/store.ts";
import { Fault } from "../../src/core/fault.ts";
import { methodsFor } from "../../src/methods/registry.ts";
import type { CertificateKind } from "../duo/stand-in/certificates.ts";
import type { Misbehaviour } from "../duo/stand-in/misbehaviour.ts";
import { startStandIn } from "../duo/stand-in/server.ts";
import { needs } from "../support/parts.ts";
import { applicationAt, DuoHost, type DuoOptions, Person } from "./duo-host.ts";

const PARTS = needs("openssl");
const SAFE: DuoOptions = { application: { failMode: "safe" } };
const ALLOWED = "exempt: duo-unreachable-allowed";
const UNAVAILABLE = "unavailable: duo";
const PATHS = {
  preauth: "/auth/v2/preauth",
  auth: "/auth/v2/auth",
  status: "/auth/v2/auth_status",
};

test(
  "fail mode secure: with Duo down nobody is let in, and nobody is delayed",
  PARTS,
  async (t) => {
    const duo = await DuoHost.enrolled(t, { answer: "allow" });
    await duo.standIn.stop();
    for (let count = 0; count < 8; count++) assert.equal(await duo.ends("push"), UNAVAILABLE);
    const { fault } = await duo.login("push");
    assert.equal(fault?.code, "duo-unreachable");
    assert.match((await duo.recorded()).detail ?? "", /refuses the connection/);
  },
);

test("fail mode safe: who has Duo alone is let in, and it is recorded", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { answer: "allow" }, SAFE);
  const { phone } = await duo.host.enroll("carol");
  await duo.standIn.stop();
  assert.equal(await duo.ends("push"), ALLOWED);
  const { reason, detail } = await duo.recorded();
  assert.equal(reason, "duo-unreachable-allowed");
  assert.match(detail ?? "", /refuses the connection/);
  assert.equal(await duo.ends("push", "bob"), UNAVAILABLE, "nothing enrolled");
  assert.equal(await duo.ends("push", "carol"), UNAVAILABLE, "a code of her own");
  await duo.host.root.disableUser("alice");
  assert.equal(await duo.ends("push"), UNAVAILABLE, "disabled");
  assert.equal(await duo.ends(phone.code(), "carol"), "accept");
});

test("fail mode safe: never for who has an authenticator beside Duo", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { answer: "allow" }, SAFE);
  await duo.host.enroll("alice");
  assert.equal(await duo.ends("push"), "accept");
  await duo.standIn.stop();
  assert.equal(await duo.ends("push"), UNAVAILABLE);
});

/** Where it happens, and what comes of it in fail mode safe. */
const MISHAPS: readonly (readonly [Misbehaviour, keyof typeof PATHS, string])[] = [
  ["server-error", "preauth", ALLOWED],
  ["unavailable", "preauth", ALLOWED],
  ["reset", "preauth", ALLOWED],
  ["html", "preauth", UNAVAILABLE],
  ["html-forbidden", "preauth", UNAVAILABLE],
  ["redirect", "preauth", UNAVAILABLE],
  ["not-http", "preauth", UNAVAILABLE],
  ["missing-fields", "preauth", UNAVAILABLE],
  ["huge-reply", "preauth", UNAVAILABLE],
  ["busy-for-an-hour", "preauth", UNAVAILABLE],
  ["escape-sequences", "preauth", UNAVAILABLE],
  // The push may have gone out.
  ["server-error", "auth", UNAVAILABLE],
  ["reset", "auth", UNAVAILABLE],
  ["html", "auth", UNAVAILABLE],
  ["busy-for-an-hour", "auth", UNAVAILABLE],
  ["html", "status", UNAVAILABLE],
  ["missing-fields", "status", UNAVAILABLE],
  ["reset", "status", UNAVAILABLE],
];

for (const [name, place, expected] of MISHAPS) {
  test(`fail mode safe: ${name} at ${place} ends in ${expected}`, PARTS, async (t) => {
    const duo = await DuoHost.enrolled(t, { answer: "allow" }, SAFE);
    duo.standIn.misbehave(name, PATHS[place]);
    const outcome = await duo.login("push");
    assert.equal(`${outcome.verdict}: ${outcome.reason}`, expected);
    assert.doesNotMatch(outcome.fault?.message ?? "", /\p{Cc}/u);
    assert.equal(duo.pushes, place === "status" ? 1 : 0);
    assert.ok(duo.asked.filter((path) => path === "auth").length <= 1);
  });
}

for (const after of ["push", "sms"] as const) {
  test(`fail mode safe: Duo gone after the ${after} lets nobody in`, PARTS, async (t) => {
    const duo = await DuoHost.enrolled(t, { passcodes: new Set(["1234567"]) }, SAFE);
    const person = new Person(after, "1234567");
    person.onHeard = async (line) => {
      if (/^(info Pushed|secret Passcode)/.test(line)) await duo.standIn.stop();
    };
    assert.equal(await duo.ends(person), UNAVAILABLE);
    const { pushes, texts } = duo.standIn.account.sent;
    assert.deepEqual([pushes, texts], after === "push" ? [1, 0] : [0, 1]);
  });
}

for (const certificate of [
  "other-name",
  "expired",
  "other-authority",
] as const satisfies CertificateKind[]) {
  test(
    `fail mode safe: a certificate that is ${certificate} is not Duo out of reach`,
    PARTS,
    async (t) => {
      const duo = await DuoHost.enrolled(t, { answer: "allow" }, SAFE);
      const impostor = await startStandIn(t, { certificate });
      impostor.account.users.set("alice", { preauth: "allow", devices: [] });
      const push = applicationAt(impostor, {
        failMode: "safe",
        authorities: () => duo.standIn.authority,
      });
      const root = duo.host.with({ methods: methodsFor({ push }) });
      const { verdict, reason } = await root.verify("alice", {}, new Person("push"));
      assert.equal(`${verdict}: ${reason}`, UNAVAILABLE);
      assert.deepEqual(impostor.received, []);
    },
  );
}

test(
  "Duo's own roots vouch for Duo, and for nothing else, unless a file says so",
  PARTS,
  async (t) => {
    const duo = await DuoHost.enrolled(t, { preauth: "allow" }, SAFE);
    const push = applicationAt(duo.standIn, { failMode: "safe", authorities: () => undefined });
    const root = duo.host.with({ methods: methodsFor({ push }) });
    const { verdict, reason } = await root.verify("alice", {}, new Person("push"));
    assert.equal(`${verdict}: ${reason}`, UNAVAILABLE);
    assert.deepEqual(duo.asked, []);
  },
);

for (const [what, changes] of [
  ["an API host that is not Duo's", { anyHost: false }],
  ["a CA file that is none", { authorities: () => "none" }],
  ["a proxy without a port", { proxy: "proxy.example.org" }],
  ["a proxy with a port that is none", { proxy: "proxy.example.org:65536" }],
] as const) {
  test(`${what} lets nobody in, whatever the fail mode`, PARTS, async (t) => {
    const duo = await DuoHost.enrolled(t, { preauth: "allow" }, SAFE);
    const push = applicationAt(duo.standIn, { failMode: "safe", ...changes });
    const root = duo.host.with({ methods: methodsFor({ push }) });
    const { verdict, fault } = await root.verify("alice", {}, new Person("push"));
    assert.deepEqual([verdict, fault?.code], ["unavailable", "settings-invalid"]);
    await assert.rejects(root.checkMethod("duo-push"), { code: "settings-invalid" });
    assert.deepEqual(duo.asked, []);
  });
}

test("fail mode safe: wrong keys let nobody in", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { answer: "allow" }, SAFE);
  await duo.host.root.setMethodSecret("duo-push", "f".repeat(40));
  const { verdict, fault } = await duo.login("push");
  assert.deepEqual([verdict, fault?.code], ["unavailable", "duo-refused"]);
});

test(
  "pushes that are denied count, and who is throttled reaches nobody's phone",
  PARTS,
  async (t) => {
    const duo = await DuoHost.enrolled(t, { answer: "deny" });
    for (let count = 0; count < 5; count++) assert.equal(await duo.ends("push"), "reject: denied");
    const asked = duo.asked.length;
    for (const typed of ["push", "phone", "sms", "duo 123456", "123456"]) {
      assert.equal(await duo.ends(typed), "throttled: too-many-failures", typed);
    }
    assert.equal(duo.asked.length, asked);
    assert.deepEqual(duo.standIn.account.sent, { pushes: 5, calls: 0, texts: 0 });
    await duo.host.root.unlockUser("alice");
    duo.at("alice", { answer: "allow" });
    assert.equal(await duo.ends("push"), "accept");
  },
);

test("a person who leaves again and again is throttled too", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t);
  const leaving = () => {
    const person = new Person("push");
    person.onHeard = (line) => {
      if (line.startsWith("info Pushed")) person.leave();
    };
    return duo.ends(person);
  };
  for (let count = 0; count < 5; count++) assert.equal(await leaving(), "reject: cancelled");
  assert.equal(await leaving(), "throttled: too-many-failures");
  assert.equal(duo.pushes, 5);
});

test("what cannot be recorded is not accepted, approved or not", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, {}, SAFE);
  const { store } = duo.host.parts;
  let isFull = false;
  const filling: Store = {
    transact: (work) =>
      store.transact(async (tx) => {
        const done = await work(tx);
        if (isFull) throw new Fault("store-unwritable", "the store's disk is full");
        return done;
      }),
    read: (work) => store.read(work),
    close: () => store.close(),
  };
  const root = duo.host.with({ store: filling });
  for (const answer of ["allow", "deny"] as const) {
    isFull = false;
    const person = new Person("push");
    person.onHeard = (line) => {
      if (!line.startsWith("info Pushed")) return;
      isFull = true;
      duo.standIn.account.answer("alice", answer);
    };
    const { verdict, reason } = await root.verify("alice", {}, person);
    assert.equal(`${verdict}: ${reason}`, "unavailable: store");
  }
  // Nor is the fail mode a way around it.
  isFull = false;
  const person = new Person("push");
  person.onHeard = async () => {
    await duo.standIn.stop();
    isFull = true;
  };
  assert.equal((await root.verify("alice", {}, person)).verdict, "unavailable");
});

test("a store that is gone when the approval comes lets nobody in", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t);
  const person = new Person("push");
  person.onHeard = async (line) => {
    if (!line.startsWith("info Pushed")) return;
    await duo.host.parts.store.close();
    duo.standIn.account.answer("alice", "allow");
  };
  assert.equal((await duo.login(person)).verdict, "unavailable");
});

test("the environment of a login changes nothing", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { answer: "allow" }, SAFE);
  const hostile = {
    http_proxy: "http://127.0.0.1:1",
    https_proxy: "http://127.0.0.1:1",
    HTTPS_PROXY: "http://127.0.0.1:1",
    ALL_PROXY: "socks5://127.0.0.1:1",
    NODE_USE_ENV_PROXY: "1",
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    NODE_EXTRA_CA_CERTS: "/none",
    SSL_CERT_FILE: "/none",
    LANG: "tr_TR.UTF-8",
  };
  Object.assign(process.env, hostile);
  t.after(() => {
    for (const name of Object.keys(hostile)) delete process.env[name];
  });
  assert.equal(await duo.ends("push"), "accept");
  duo.at("alice", { answer: "deny" });
  assert.equal(await duo.ends("push"), "reject: denied");
  const impostor = await startStandIn(t, { certificate: "other-authority" });
  const push = applicationAt(impostor, { failMode: "safe" });
  const root = duo.host.with({ methods: methodsFor({ push }) });
  assert.equal((await root.verify("alice", {}, new Person("push"))).verdict, "unavailable");
});

test("what Duo says cannot play with the terminal or the log", PARTS, async (t) => {
  const message = "Pushed\u001b]0;x\u0007 to\r\nerror: forged\u202e\u009b2J";
  const devices = [
    { device: "DP1", type: "phone", display_name: "\u001b[2Jphone\n2", capabilities: ["push"] },
  ] as const;
  const duo = await DuoHost.enrolled(t, { answer: "allow", message, devices });
  const person = new Person("push");
  assert.equal(await duo.ends(person), "accept");
  assert.equal(person.heard[1], "info Pushed]0;x to error: forged2J");
  const asking = new Person("push9");
  await duo.ends(asking);
  assert.equal(asking.heard[1], "info push1: [2Jphone 2");
  for (const { detail } of await duo.host.audit()) assert.doesNotMatch(detail ?? "", /\p{Cc}/u);
});

test("who is told everything by Duo is not told without end", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t);
  const person = new Person("push");
  person.onHeard = (line) => {
    if (!line.startsWith("info Pushed")) return;
    for (let count = 0; count < 60; count++) duo.standIn.account.news("alice", `news ${count}`);
    duo.standIn.account.answer("alice", "allow");
  };
  assert.equal(await duo.ends(person), "accept");
  assert.equal(person.heard.length, 21);
});

test("the secret is in no error and in no record", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { answer: "allow" });
  const { secretKey } = duo.standIn.application;
  const faults: unknown[] = [];
  for (const name of ["html", "server-error", "reset", "escape-sequences"] as const) {
    duo.standIn.behave();
    duo.standIn.misbehave(name);
    faults.push((await duo.login("push")).fault);
    await duo.host.root.unlockUser("alice");
  }
  await duo.standIn.stop();
  faults.push((await duo.login("push")).fault);
  assert.ok(faults.every((fault) => fault instanceof Fault));
  const told = inspect(faults, { depth: 20, showHidden: true, getters: true });
  const recorded = JSON.stringify(await duo.host.audit());
  const encoded = Buffer.from(secretKey).toString("base64");
  for (const text of [told, recorded]) {
    for (const secret of [secretKey, encoded]) assert.ok(!text.includes(secret));
    assert.doesNotMatch(text, /Basic /);
  }
});
