/** Enrollment: nothing counts until a code proves that the phone has the secret. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import { fault } from "../files/sandbox.ts";
import { silence } from "./conversations.ts";
import { type Host, MINUTE, makeHost, person, START } from "./host.ts";
import { Phone } from "./phone.ts";

const OPTIONS = { method: "totp", ...DEFAULT_PARAMETERS };

async function begin(host: Host, user = "alice") {
  const enrollment = await host.root.beginEnrollment(user, OPTIONS, silence);
  return { enrollment, phone: new Phone(enrollment.secret, host.clock) };
}

const confirm = (host: Host, code: string, user = "alice") =>
  host.root.confirmEnrollment(user, "totp", code);

test("begun, the secret is shown, and the user is pending", async (t) => {
  const host = makeHost(t);
  const { enrollment } = await begin(host);
  const { secret, uri, ...rest } = enrollment;
  assert.deepEqual(rest, {
    ...{ user: "alice", method: "totp", issuer: "Host" },
    expiresAt: START + 15 * MINUTE,
  });
  assert.match(secret, /^[A-Z2-7]{32}$/);
  assert.ok(new URL(uri).searchParams.get("secret") === secret);
  const shown = await host.root.showUser("alice");
  assert.deepEqual([shown.status, shown.backupCodesLeft], ["pending", 0]);
});

for (const [algorithm, length] of [
  ["sha1", 32],
  ["sha256", 52],
  ["sha512", 103],
] as const) {
  test(`with ${algorithm}, eight digits and a minute it works as well`, async (t) => {
    const host = makeHost(t);
    const parameters = { algorithm, digits: 8, period: 60 } as const;
    const { phone } = await host.enroll("alice", parameters);
    const begun = await host.root.beginEnrollment(
      "bob",
      { method: "totp", ...parameters },
      silence,
    );
    assert.equal(begun.secret.length, length);
    assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
  });
}

test("confirmed, it is active and there are ten different backup codes", async (t) => {
  const host = makeHost(t);
  const { phone } = await begin(host);
  const confirmed = await confirm(host, phone.code());
  assert.equal(confirmed.status, "active");
  const codes = confirmed.status === "active" ? confirmed.backupCodes : [];
  assert.equal(new Set(codes).size, 10);
  const shown = await host.root.showUser("alice");
  assert.deepEqual([shown.status, shown.backupCodesLeft], ["active", 10]);
});

test("the code that confirmed is spent", async (t) => {
  const host = makeHost(t);
  const { phone } = await begin(host);
  const code = phone.code();
  await confirm(host, code);
  assert.equal((await host.verify("alice", code)).reason, "replayed");
  host.clock.advance(30_000);
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});

test("a wrong code confirms nothing, and the right one still does", async (t) => {
  const host = makeHost(t);
  const { phone } = await begin(host);
  for (const code of [phone.wrongCode(), "", "push", "0000000000"]) {
    assert.deepEqual(await confirm(host, code), { status: "wrong-code" });
  }
  assert.equal((await host.verify("alice", phone.code())).verdict, "unenrolled");
  assert.equal((await confirm(host, phone.code())).status, "active");
});

test("a phone whose clock is off is told by how much, and is not confirmed", async (t) => {
  const host = makeHost(t);
  const { phone } = await begin(host);
  for (const steps of [-120, -2, 2, 120]) {
    const expected = { status: "wrong-code", clockOffset: steps * 30 };
    assert.deepEqual(await confirm(host, phone.code(steps)), expected);
  }
  assert.deepEqual(await confirm(host, phone.code(121)), { status: "wrong-code" });
  assert.equal((await host.root.showUser("alice")).status, "pending");
});

test("what has expired cannot be confirmed, and can be begun anew", async (t) => {
  const host = makeHost(t);
  const { phone } = await begin(host);
  host.clock.advance(15 * MINUTE);
  assert.deepEqual(await confirm(host, phone.code()), { status: "not-begun" });
  assert.equal((await host.root.showUser("alice")).status, "none");
  const again = await begin(host);
  assert.equal((await confirm(host, again.phone.code())).status, "active");
});

test("what was not begun cannot be confirmed, nor confirmed twice", async (t) => {
  const host = makeHost(t);
  assert.deepEqual(await confirm(host, "123456"), { status: "not-begun" });
  const { phone } = await begin(host);
  assert.deepEqual(await confirm(host, phone.code(), "bob"), { status: "not-begun" });
  await confirm(host, phone.code());
  assert.deepEqual(await confirm(host, phone.code()), { status: "not-begun" });
});

test("cancelling leaves nothing", async (t) => {
  const host = makeHost(t);
  const { phone } = await begin(host);
  await host.root.cancelEnrollment("alice", "totp");
  assert.deepEqual(await confirm(host, phone.code()), { status: "not-begun" });
  const shown = await host.root.showUser("alice");
  assert.deepEqual([shown.status, shown.methods, shown.backupCodesLeft], ["none", [], 0]);
  const again = await host.eventsOf(() => host.root.cancelEnrollment("alice", "totp"));
  assert.deepEqual(again, [], "there is nothing to cancel, so nothing happened");
});

test("beginning again replaces what was begun: the first secret is worth nothing", async (t) => {
  const host = makeHost(t);
  const first = await begin(host);
  const second = await begin(host);
  assert.notDeepEqual(first.phone.secret, second.phone.secret);
  assert.equal((await confirm(host, first.phone.code())).status, "wrong-code");
  assert.equal((await confirm(host, second.phone.code())).status, "active");
});

test("enrolling again keeps the old authenticator and codes until the new one is confirmed", async (t) => {
  const host = makeHost(t);
  const old = await host.enroll("alice");
  const { phone } = await begin(host);
  assert.equal((await confirm(host, phone.wrongCode())).status, "wrong-code");
  assert.equal((await host.verify("alice", old.phone.code())).verdict, "accept");
  assert.equal((await host.verify("alice", phone.code())).verdict, "reject");
  assert.equal((await host.verify("alice", old.backupCodes[0] ?? "")).verdict, "accept");
  await confirm(host, phone.code());
  host.clock.advance(MINUTE);
  assert.equal((await host.verify("alice", old.phone.code())).verdict, "reject");
  assert.equal((await host.verify("alice", old.backupCodes[1] ?? "")).verdict, "reject");
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});

test("a new enrollment that was cancelled or forgotten leaves the old one as it was", async (t) => {
  const host = makeHost(t);
  const old = await host.enroll("alice");
  await begin(host);
  await host.root.cancelEnrollment("alice", "totp");
  assert.equal((await host.verify("alice", old.phone.code())).verdict, "accept");
  await begin(host);
  host.clock.advance(60 * MINUTE);
  assert.equal((await host.verify("alice", old.phone.code())).verdict, "accept");
  assert.equal((await host.root.showUser("alice")).backupCodesLeft, 10);
});

test("a disabled user begins nothing, and confirms nothing that was begun before", async (t) => {
  const host = makeHost(t);
  const { phone } = await begin(host);
  await host.root.disableUser("alice");
  await assert.rejects(begin(host), fault("refused"));
  await assert.rejects(confirm(host, phone.code()), fault("refused"));
  await host.root.enableUser("alice");
  assert.equal((await confirm(host, phone.code())).status, "active");
});

test("there is nothing to enroll of a method that is none", async (t) => {
  const host = makeHost(t);
  for (const method of ["", "yubikey", "backup-code", "totp\u001b[2J", "\ud800"]) {
    const begun = host.root.beginEnrollment("alice", { ...OPTIONS, method }, silence);
    await assert.rejects(begun, fault("usage"));
  }
  assert.deepEqual(await host.audit(), []);
});

for (const method of ["totp", "hotp"]) {
  test(`the codes of ${method} that confirm are not guessed without end`, async (t) => {
    const host = makeHost(t);
    const { phone } = await host.enroll("alice");
    await host.root.beginEnrollment("alice", { ...OPTIONS, method }, silence);
    const alice = host.as(person("alice"));
    const guess = () => alice.confirmEnrollment("alice", method, "12345");
    for (let n = 0; n < 5; n++) assert.equal((await guess()).status, "wrong-code");
    await assert.rejects(guess(), fault("refused", /too many failed attempts/));
    // One counter for all that is guessed of her; and who guesses nothing is not held.
    assert.equal((await host.verify("alice", phone.code())).verdict, "throttled");
    const told = await host.root.confirmEnrollment("alice", method, "12345");
    assert.equal(told.status, "wrong-code");
  });
}

test("whoever confirms with the right code is not delayed for the wrong ones before", async (t) => {
  const host = makeHost(t);
  const { phone } = await begin(host);
  const alice = host.as(person("alice"));
  for (let n = 0; n < 4; n++) await alice.confirmEnrollment("alice", "totp", "12345");
  const confirmed = await alice.confirmEnrollment("alice", "totp", phone.code());
  assert.equal(confirmed.status, "active");
  host.clock.advance(MINUTE);
  assert.equal((await host.verify("alice", "000000")).verdict, "reject");
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});
