/** Who is challenged at all: first logins, strangers, and those who have something else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../support/parts.ts";
import { DuoHost, METHOD, Person } from "./duo-host.ts";

const PARTS = needs("openssl");
const SENTENCE = "info Duo does not know bob yet.";
const PROMPT = "prompt Set up Duo at that address, then press Enter: ";
const ADDRESS = /^open https:\/\/api-00000000\.duosecurity\.com\/portal\?code=[0-9a-f]+$/;

test("a first login sets up Duo on its way, and is challenged then", PARTS, async (t) => {
  const duo = await DuoHost.open(t);
  const person = new Person("push", "", "");
  person.onHeard = (line) => {
    if (line === PROMPT && person.heard.filter((each) => each === PROMPT).length === 2) {
      duo.at("bob", { answer: "allow" });
    }
  };
  assert.equal(await duo.ends(person, "bob"), "accept");
  const [, sentence, address = "", prompt, ...rest] = person.heard;
  assert.deepEqual([sentence, prompt], [SENTENCE, PROMPT]);
  assert.match(address, ADDRESS);
  assert.equal(rest[0], SENTENCE, "again, for it was not done yet");
  assert.equal(duo.pushes, 1);
  assert.deepEqual(duo.asked.slice(0, 4), ["preauth", "preauth", "preauth", "auth"]);
  const { methods } = await duo.host.root.showUser("bob");
  assert.deepEqual(
    methods.map(({ method, status }) => [method, status]),
    [[METHOD, "active"]],
  );
  assert.equal(await duo.ends("push", "bob"), "accept");
});

test("who does not set it up is sent there three times, and no further", PARTS, async (t) => {
  const duo = await DuoHost.open(t);
  const person = new Person("push", "", "", "", "");
  assert.equal(await duo.ends(person, "bob"), "unenrolled: not-enrolled");
  assert.equal(person.heard.filter((line) => ADDRESS.test(line)).length, 3);
  assert.ok(!duo.asked.includes("auth"));
  for (const kind of ["cancelled", "end-of-input", "timed-out"] as const) {
    assert.equal(await duo.ends(new Person("push", kind), "carol"), `reject: ${kind}`);
  }
  await assert.rejects(duo.host.root.showUser("bob"), { code: "not-found" });
});

test("a first login that is denied enrolls nobody", PARTS, async (t) => {
  const duo = await DuoHost.open(t);
  duo.at("bob", { answer: "deny" });
  assert.equal(await duo.ends("push", "bob"), "reject: denied");
  await assert.rejects(duo.host.root.showUser("bob"), { code: "not-found" });
});

test("Duo's user who was deleted there is not enrolled anew by a login", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t);
  duo.standIn.account.users.delete("alice");
  const person = new Person("push", "", "", "");
  assert.equal(await duo.ends(person), "reject: not-enrolled");
  assert.equal(person.heard.length, 1, "no address");
});

test("who has an authenticator gets no push, no address and no word of Duo's", PARTS, async (t) => {
  const duo = await DuoHost.open(t);
  const { phone } = await duo.host.enroll("alice");
  for (const preauth of ["auth", "allow", "deny"] as const) {
    duo.at("alice", { preauth, answer: "allow" });
    const person = new Person("push", "", "", "");
    assert.equal(await duo.ends(person), "reject: not-enrolled", preauth);
    assert.equal(person.heard.length, 1);
  }
  duo.standIn.account.users.delete("alice");
  const person = new Person("push", "", "", "");
  assert.equal(await duo.ends(person), "reject: not-enrolled");
  assert.equal(person.heard.length, 1);
  assert.deepEqual(
    duo.asked,
    Array.from({ length: 4 }, () => "preauth"),
  );
  // Another spelling of the name is the same account to some host.
  await duo.host.root.unlockUser("alice");
  duo.at("Alice", { answer: "allow" });
  assert.notEqual(await duo.ends("push", "Alice"), "accept");
  assert.equal(duo.pushes, 0);
  assert.equal(await duo.ends(phone.code()), "accept");
});

test(
  "who enrolls beside an authenticator shows a code first, and has both then",
  PARTS,
  async (t) => {
    const duo = await DuoHost.open(t);
    const { phone } = await duo.host.enroll("alice");
    duo.at("alice", { answer: "allow" });
    const alice = duo.host.as({ uid: 1000, login: "alice", ownsStore: false });
    const enroll = (person: Person) => alice.enrollByChallenge("alice", METHOD, {}, person);
    await assert.rejects(enroll(new Person(phone.wrongCode())), { code: "refused" });
    assert.equal(duo.pushes, 0);
    assert.equal((await enroll(new Person(phone.code()))).verdict, "accept");
    assert.equal(await duo.ends("push"), "accept");
    duo.host.clock.advance(60_000);
    assert.equal(await duo.ends(phone.code()), "accept");
    assert.equal(duo.pushes, 2);
  },
);

test("a disabled user, and no user at all, get no push", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { answer: "allow" });
  await duo.host.root.disableUser("alice");
  assert.equal(await duo.ends("push"), "reject: disabled");
  duo.at("-rf", { answer: "allow" });
  assert.equal(await duo.ends("push", "-rf"), "reject: account-invalid");
  assert.equal(duo.pushes, 0);
  await duo.host.root.enableUser("alice");
  assert.equal(await duo.ends("push"), "accept");
});

for (const [what, change, expected] of [
  ["reset", (duo: DuoHost) => duo.host.root.reset("alice", METHOD, new Person()), "not-enrolled"],
  ["disabled", (duo: DuoHost) => duo.host.root.disableUser("alice"), "disabled"],
] as const) {
  test(`who is ${what} while the phone rings is not let in by it`, PARTS, async (t) => {
    const duo = await DuoHost.enrolled(t);
    const person = new Person("push");
    person.onHeard = async (line) => {
      if (!line.startsWith("info Pushed")) return;
      await change(duo);
      duo.standIn.account.answer("alice", "allow");
    };
    assert.match(await duo.ends(person), new RegExp(`: ${expected}$`));
    assert.equal(duo.pushes, 1);
  });
}
