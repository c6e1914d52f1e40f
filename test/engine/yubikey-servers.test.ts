/** YubiKeys judged by validation servers: whose, how often, and by whose word. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { methodSecretCell } from "../../src/core/cells.ts";
import { methodsFor } from "../../src/methods/registry.ts";
import { needs } from "../support/parts.ts";
import { SoftwareYubikey } from "../support/yubikey.ts";
import {
  API_KEY,
  CLIENT_ID,
  type Mode,
  Pool,
  ValidationServer,
} from "../yubikey/validation-server.ts";
import { answers } from "./conversations.ts";
import { type Host, type HostOptions, makeHost, person } from "./host.ts";

const PATIENCE = 20_000;

describe("validation servers", needs("openssl"), () => {
  const pool = new Pool();
  const servers = [new ValidationServer({ pool }), new ValidationServer({ pool })];
  const [one, other] = servers as [ValidationServer, ValidationServer];
  before(async () => {
    for (const server of servers) await server.start();
  });
  after(async () => {
    for (const server of servers) await server.stop();
  });

  function set(first: Mode, second: Mode = first): void {
    // One that misbehaves keeps what it has seen to itself.
    const own = () => Object.assign(new Pool(), { keys: pool.keys });
    Object.assign(one, { mode: first, pool: first === "ok" ? pool : own() });
    Object.assign(other, { mode: second, pool: second === "ok" ? pool : own() });
  }

  async function hostWith(
    t: Parameters<typeof makeHost>[0],
    limit = PATIENCE,
    more: HostOptions = {},
  ) {
    set("ok");
    const urls = servers.map(({ url }) => url).join(",");
    const validation = {
      servers: urls,
      clientId: CLIENT_ID,
      authorities: () => one.authority,
      limit,
    };
    const host = makeHost(t, { methods: methodsFor({ validation }), ...more });
    await host.root.setMethodSecret("yubikey", API_KEY);
    return host;
  }

  function newKey(): SoftwareYubikey {
    const key = new SoftwareYubikey();
    pool.add(key);
    return key;
  }

  const enroll = (host: Host, key: SoftwareYubikey, user = "alice") =>
    host.root.enrollYubikey(user, false, answers(key.touch()));

  async function verify(host: Host, answer: string, user = "alice"): Promise<string> {
    const { verdict, reason } = await host.verify(user, answer);
    return reason === undefined ? verdict : `${verdict} ${reason}`;
  }

  const asked = () => servers.reduce((sum, { received }) => sum + received.length, 0);

  test("a touch enrolls the key, and the next one lets in; each once", async (t) => {
    const host = await hostWith(t);
    const key = newKey();
    const enrolled = await enroll(host, key);
    assert.deepEqual([enrolled.judged, enrolled.serial], ["servers", key.publicId]);
    assert.equal(enrolled.backupCodes.length, 10);
    const otp = key.touch();
    assert.equal(await verify(host, otp), "accept");
    assert.equal(await verify(host, otp), "reject replayed");
    const spare = newKey();
    assert.deepEqual((await enroll(host, spare)).backupCodes, []);
    assert.equal(await verify(host, spare.touch()), "accept");
    assert.equal(await verify(host, key.touch()), "accept");
    assert.equal(await verify(host, new SoftwareYubikey().touch()), "reject wrong-code");
  });

  test("a counter that was spent here is spent, whatever the servers have forgotten", async (t) => {
    const host = await hostWith(t);
    const key = newKey();
    await enroll(host, key);
    const otp = key.touch();
    assert.equal(await verify(host, otp), "accept");
    pool.seen.clear();
    assert.equal(await verify(host, otp), "reject replayed");
    pool.seen.clear();
    const all = await Promise.all(Array.from({ length: 4 }, () => verify(host, otp)));
    assert.equal(all.includes("accept"), false);
  });

  test("twenty identical touches at once: one accept", async (t) => {
    const throttle = {
      ...{ freeFailures: 1000, firstDelay: 1000, longestDelay: 1000 },
      ...{ decay: 1000, lockAfter: 0 },
    };
    const host = await hostWith(t, PATIENCE, { policy: { throttle } });
    const key = newKey();
    await enroll(host, key);
    const otp = key.touch();
    const all = await Promise.all(Array.from({ length: 20 }, () => verify(host, otp)));
    assert.equal(all.filter((each) => each === "accept").length, 1);
  });

  const lies: readonly Mode[] = [
    ...(["old-answer", "wrong-nonce", "wrong-otp", "bad-signature", "no-counters"] as const),
    ...(["garbage", "megabytes", "reset", "says BACKEND_ERROR", "says NO_SUCH_CLIENT"] as const),
  ];
  test("servers that lie, or are of no use, let nobody in and count nothing", async (t) => {
    const host = await hostWith(t);
    const key = newKey();
    await enroll(host, key);
    for (const mode of lies) {
      set(mode);
      assert.equal(await verify(host, key.touch()), "unavailable yubikey", mode);
    }
    const { fault } = await host.verify("alice", key.touch());
    assert.equal(fault?.code, "yubikey-refused");
    set("ok");
    assert.equal(await verify(host, key.touch()), "accept");
  });

  test("servers that hang are not waited for", async (t) => {
    const host = await hostWith(t, 300);
    const key = newKey();
    const enrolled = await host.root.enrollYubikey("alice", false, answers(key.touch()));
    assert.equal(enrolled.judged, "servers");
    set("hang");
    assert.equal(await verify(host, key.touch()), "unavailable yubikey");
    set("ok", "hang");
    assert.equal(await verify(host, key.touch()), "accept");
  });

  test("servers that disagree let nobody in, and it is in the log", async (t) => {
    const host = await hostWith(t);
    const key = newKey();
    await enroll(host, key);
    set("ok", "says REPLAYED_OTP");
    other.delay = 60;
    assert.equal(await verify(host, key.touch()), "reject disputed");
    const { verdict, reason, detail } = (await host.audit()).at(-1) ?? {};
    assert.deepEqual([verdict, reason, detail], ["reject", "disputed", `serial=${key.publicId}`]);
    other.delay = 0;
    set("ok");
    assert.equal(await verify(host, key.touch()), "accept");
  });

  test("the public id says who judges: both kinds of one user, and no other's key", async (t) => {
    const host = await hostWith(t);
    const [known, own] = [newKey(), new SoftwareYubikey()];
    await enroll(host, known);
    const secrets = answers(own.touch(), own.privateId, own.aesKey);
    assert.equal((await host.root.enrollYubikey("alice", true, secrets)).judged, "here");
    const before = asked();
    assert.equal(await verify(host, own.touch()), "accept");
    assert.equal(await verify(host, own.touch(), "bob"), "unenrolled not-enrolled");
    assert.equal(asked(), before, "no server is asked about a key that is judged here");
    assert.equal(await verify(host, known.touch()), "accept");

    // The servers are asked for anybody, so that it takes as long; their word lets nobody in.
    for (const user of ["bob", "nobody", "Alice"]) {
      const sofar = asked();
      assert.equal(await verify(host, newKey().touch(), user), "unenrolled not-enrolled", user);
      assert.equal(asked(), sofar + 2);
    }
    assert.equal(await verify(host, newKey().touch()), "reject not-enrolled");
    assert.equal(await verify(host, known.touch(), "bob"), "unenrolled not-enrolled");
  });

  test("a key is one user's alone, and of no use once it is reset", async (t) => {
    const host = await hostWith(t);
    const key = newKey();
    await enroll(host, key);
    await assert.rejects(enroll(host, key, "bob"), { code: "conflict" });
    await assert.rejects(enroll(host, key), { code: "conflict" });
    await host.root.reset("alice", "yubikey", answers());
    assert.equal(await verify(host, key.touch()), "unenrolled not-enrolled");
    assert.equal((await enroll(host, key, "bob")).judged, "servers");
  });

  test("what the servers do not take enrolls nobody", async (t) => {
    const host = await hostWith(t);
    const stranger = enroll(host, new SoftwareYubikey());
    await assert.rejects(stranger, { code: "refused", message: /do not take it/ });
    set("bad-signature");
    await assert.rejects(enroll(host, newKey()), { code: "yubikey-invalid" });
    set("ok");
    assert.deepEqual(await host.parts.store.read((view) => view.authenticators.tally()), new Map());
  });

  test("nobody enrolls a key at a login, nor beside what they have without a code of it", async (t) => {
    const host = await hostWith(t);
    await host.enroll("alice");
    const alice = host.as(person("alice"));
    const adding = alice.enrollYubikey("alice", false, answers("000000", newKey().touch()));
    await assert.rejects(adding, { code: "refused" });
    assert.equal(await verify(host, newKey().touch()), "reject not-enrolled");
    assert.equal(await verify(host, newKey().touch(), "bob"), "unenrolled not-enrolled");
  });

  test("a check asks every server with an OTP of no key", async (t) => {
    const host = await hostWith(t);
    const { clockOffset } = await host.root.checkMethod("yubikey");
    assert.ok(Math.abs(clockOffset ?? 99) <= 2);
    set("ok", "says NO_SUCH_CLIENT");
    await assert.rejects(host.root.checkMethod("yubikey"), { code: "yubikey-refused" });
    set("ok", "says OK");
    await assert.rejects(host.root.checkMethod("yubikey"), { code: "yubikey-invalid" });
  });

  test("without an API key, or with one that is none, nobody is asked", async (t) => {
    const host = await hostWith(t);
    const key = newKey();
    await enroll(host, key);
    const before = asked();
    const sealed = host.parts.sealer.seal(Buffer.from("none"), methodSecretCell("yubikey"));
    await host.parts.store.transact((tx) => tx.methodSecrets.set("yubikey", sealed, 0));
    assert.equal(await verify(host, key.touch()), "unavailable yubikey");
    await host.parts.store.transact((tx) => tx.methodSecrets.remove("yubikey"));
    assert.equal(await verify(host, key.touch()), "unavailable yubikey");
    assert.equal(asked(), before);
  });
});
