/** Logins by push, call and passcode: the engine, a store, and a stand-in as strict as Duo. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PHONE, TOKEN } from "../duo/stand-in/account.ts";
import { silence } from "../engine/conversations.ts";
import { needs } from "../support/parts.ts";
import { DuoHost, METHOD, Person } from "./duo-host.ts";

const PARTS = needs("openssl");
const TABLET = { ...PHONE, device: "DPTABLET", display_name: "Tablet", number: "" };
const LANDLINE = { ...PHONE, device: "DPLANDLINE", display_name: "Desk", capabilities: ["phone"] };

test("a push that is approved lets in, and it is one push", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { answer: "allow" });
  const person = new Person("push");
  assert.equal(await duo.ends(person), "accept");
  assert.deepEqual(person.heard, [
    "secret Verification code (or push): ",
    "info Pushed a login request to your device...",
    "info Success. Logging you in...",
  ]);
  assert.equal(duo.pushes, 1);
  assert.deepEqual(duo.asked.slice(0, 2), ["preauth", "auth"]);
  assert.equal(duo.asked.filter((name) => name === "auth").length, 1);
  assert.deepEqual(await duo.recorded(), { reason: null, detail: "push: allow" });
});

const REFUSALS = {
  deny: "reject: denied",
  fraud: "reject: fraud",
  timeout: "reject: timed-out",
  locked_out: "reject: locked-out",
} as const;

for (const [answer, expected] of Object.entries(REFUSALS)) {
  test(`a push that ends in ${answer} does not`, PARTS, async (t) => {
    const duo = await DuoHost.enrolled(t, { answer: answer as keyof typeof REFUSALS });
    assert.equal(await duo.ends("push"), expected);
    assert.equal(await duo.ends("phone"), expected);
    assert.deepEqual(duo.standIn.account.sent, { pushes: 1, calls: 1, texts: 0 });
    assert.equal((await duo.recorded()).detail, `phone: ${answer}`);
  });
}

test("a call that is answered lets in", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { answer: "allow", devices: [TOKEN, TABLET, LANDLINE] });
  const person = new Person("phone2");
  assert.equal(await duo.ends(person), "accept");
  assert.equal(duo.sent("auth").device, LANDLINE.device);
  assert.ok(person.heard.includes("info Answered. Press any key on your phone to log in."));
  assert.equal(await duo.ends("phone"), "accept");
  assert.equal(duo.sent("auth").device, TABLET.device);
  assert.deepEqual(duo.standIn.account.sent, { pushes: 0, calls: 2, texts: 0 });
});

test("a device is chosen by its number among those that can be sent one", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, {
    answer: "allow",
    devices: [TOKEN, PHONE, LANDLINE, TABLET],
  });
  assert.equal(await duo.ends("push"), "accept");
  assert.equal(duo.sent("auth").device, "auto");
  assert.equal(await duo.ends("push1"), "accept");
  assert.equal(duo.sent("auth").device, PHONE.device);
  assert.equal(await duo.ends("push2"), "accept");
  assert.equal(duo.sent("auth").device, TABLET.device);
  const person = new Person("push3");
  assert.equal(await duo.ends(person), "reject: malformed");
  assert.deepEqual(person.heard.slice(1), [
    "info push1: Android (XXX-XXX-0100)",
    "info push2: Tablet",
  ]);
  assert.equal(duo.pushes, 3);
  duo.at("alice", { devices: [TOKEN] });
  const without = new Person("push");
  assert.equal(await duo.ends(without), "reject: malformed");
  assert.deepEqual(without.heard.slice(1), ["info None of your devices can be used for push."]);
  assert.equal(duo.pushes, 3);
});

test("a passcode of Duo's is good once", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { passcodes: new Set(["123456", "7654321", "123456789"]) });
  assert.equal(await duo.ends("duo 654321"), "reject: denied");
  for (const typed of ["123456", "duo 765 4321", "123456789"]) {
    assert.equal(await duo.ends(typed), "accept", typed);
    assert.equal(await duo.ends(typed), "reject: denied", typed);
  }
  assert.equal((await duo.recorded()).detail, "passcode: deny");
  assert.deepEqual(duo.standIn.account.sent, { pushes: 0, calls: 0, texts: 0 });
});

test("passcodes come by SMS, and one of them is asked for", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { passcodes: new Set(["2233445", "1112223"]) });
  const person = new Person("sms", " 223 3445 ");
  assert.equal(await duo.ends(person), "accept");
  assert.deepEqual(person.heard.slice(1, 3), ["info New SMS passcodes sent.", "secret Passcode: "]);
  assert.equal(await duo.ends(new Person("sms", "2233445")), "reject: denied");
  assert.equal(await duo.ends(new Person("sms", "push")), "reject: malformed");
  assert.equal(await duo.ends(new Person("sms", "")), "reject: malformed");
  for (const kind of ["cancelled", "end-of-input", "timed-out"] as const) {
    await duo.host.root.unlockUser("alice");
    assert.equal(await duo.ends(new Person("sms", kind)), `reject: ${kind}`);
  }
  assert.equal(duo.standIn.account.sent.texts, 7);
});

test("Duo's own policy lets pass and keeps out without a push", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { preauth: "allow" });
  assert.equal(await duo.ends("push"), "accept");
  assert.deepEqual(await duo.recorded(), { reason: null, detail: "bypass: By policy" });
  duo.at("alice", { preauth: "deny" });
  const person = new Person("push");
  assert.equal(await duo.ends(person), "reject: denied");
  assert.deepEqual(person.heard.slice(1), ["info By policy"]);
  assert.equal(duo.pushes, 0);
  assert.ok(!duo.asked.includes("auth"));
});

test("the code of a verified push is seen at once, by whichever way it comes", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t);
  for (const toldBy of ["preauth", "status"] as const) {
    duo.at("alice", { verified: { code: "376", toldBy } });
    const person = new Person("push");
    person.onHeard = (line) => {
      if (/^info Enter 376 in Duo Mobile/.test(line)) duo.standIn.account.answer("alice", "allow");
    };
    assert.equal(await duo.ends(person), "accept", toldBy);
    assert.equal(person.heard.filter((line) => line.includes("376")).length, 1);
  }
  assert.equal(duo.pushes, 2);
});

test("in sshd the code rides with a prompt, or it would come too late", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t);
  for (const toldBy of ["preauth", "status"] as const) {
    duo.at("alice", { verified: { code: "376", toldBy } });
    const person = new Person("push", "");
    person.onHeard = (line) => {
      if (/^prompt Enter 376 in Duo Mobile.*, then press Enter: $/.test(line)) {
        duo.standIn.account.answer("alice", "allow");
      }
    };
    assert.equal(await duo.ends(person, "alice", { service: "sshd" }), "accept", toldBy);
    assert.equal(person.heard.filter((line) => line.includes("376")).length, 1);
    const leaving = new Person("push", "cancelled");
    assert.equal(await duo.ends(leaving, "alice", { service: "sshd" }), "reject: cancelled");
  }
  assert.equal(duo.pushes, 4);
});

test("a plain push asks for nothing more in sshd either", PARTS, async (t) => {
  const message = "Pushed a login request to your device, 555-0100 (XXX-XXX-4242)...";
  const duo = await DuoHost.enrolled(t, { answer: "allow", message });
  const person = new Person("push");
  assert.equal(await duo.ends(person, "alice", { service: "sshd" }), "accept");
  assert.equal(person.heard[1], `info ${message}`);
});

test("the phone shows what is asked for, by whom and from where", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { answer: "allow" });
  const command = "systemctl restart 'my app' & :";
  const origin = { service: "sudo", rhost: "192.0.2.7", tty: "/dev/pts/3", command };
  assert.equal(await duo.ends("push", "alice", origin), "accept");
  const { pushinfo, type, display_username, ipaddr, hostname } = duo.sent("auth");
  assert.deepEqual(Object.fromEntries(new URLSearchParams(pushinfo)), {
    service: "sudo",
    host: "web1.example.org",
    from: "192.0.2.7",
    command,
    tty: "/dev/pts/3",
  });
  assert.deepEqual([type, display_username], ["sudo", "alice"]);
  assert.deepEqual([ipaddr, hostname], ["192.0.2.7", undefined]);
  assert.equal(duo.sent("preauth").ipaddr, "192.0.2.7");
  assert.equal(await duo.ends("push", "alice", { service: "" }), "accept");
  assert.equal(duo.sent("auth").type, "Login");
});

test("where a login comes from is told as Duo's policies want it", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { preauth: "allow" });
  const told = async (rhost?: string) => {
    assert.equal(await duo.ends("push", "alice", { rhost }), "accept");
    const { ipaddr, hostname } = duo.sent("preauth");
    return [ipaddr, hostname];
  };
  const here = "web1.example.org";
  assert.deepEqual(await told(), [undefined, here]);
  assert.deepEqual(await told(""), [undefined, here]);
  assert.deepEqual(await told("\u001b\u0007"), [undefined, here]);
  assert.deepEqual(await told("desk.example.org"), [undefined, "desk.example.org"]);
  assert.deepEqual(await told("2001:db8::1"), ["2001:db8::1", undefined]);
  assert.deepEqual(await told("fe80::1%eth0"), ["fe80::1", undefined]);
  assert.deepEqual(await told("::ffff:192.0.2.7"), ["192.0.2.7", undefined]);
  assert.deepEqual(await told("::FFFF:c000:207"), ["192.0.2.7", undefined]);
  assert.deepEqual(await told("::ffff:0:5"), ["0.0.0.5", undefined]);
  assert.deepEqual(await told("::1"), ["::1", undefined]);
});

test("Duo is asked by the name that the settings make, or by the alias", PARTS, async (t) => {
  const duo = await DuoHost.open(t, {
    application: { nameOf: (user) => `${user}@example.org` },
  });
  for (const name of ["alice@example.org", "Alice Liddell"]) duo.at(name, { answer: "allow" });
  assert.equal(await duo.ends("push"), "accept");
  assert.deepEqual(
    [duo.sent("auth").username, duo.sent("auth").display_username],
    ["alice@example.org", "alice"],
  );
  await duo.host.root.setAlias("alice", "Alice Liddell");
  assert.equal(await duo.ends("push"), "accept");
  assert.equal(duo.sent("auth").username, "Alice Liddell");
});

test("two logins of one user at once have a push and a verdict each", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t);
  const pushed = (person: Person) =>
    new Promise<void>((resolve) => {
      person.onHeard = (line) => {
        if (line.startsWith("info Pushed")) resolve();
      };
    });
  const [first, second] = [new Person("push"), new Person("push")];
  const one = duo.ends(first);
  await pushed(first);
  const other = duo.ends(second);
  await pushed(second);
  duo.standIn.account.answer("alice", "allow");
  assert.equal(await other, "accept");
  first.leave();
  assert.equal(await one, "reject: cancelled");
  // Begun in the same second, and alike.
  duo.at("alice", { answer: "allow" });
  const all = await Promise.all(Array.from({ length: 4 }, () => duo.ends("push")));
  assert.deepEqual(new Set(all), new Set(["accept"]));
  assert.deepEqual([duo.pushes, duo.standIn.replays], [6, 0]);
});

test("who leaves is not let in, whenever the approval comes", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { answer: "allow" });
  for (const moment of ["info Pushed", "info Success"]) {
    const person = new Person("push");
    person.onHeard = (line) => {
      if (line.startsWith(moment)) person.leave();
    };
    assert.equal(await duo.ends(person), "reject: cancelled", moment);
    assert.equal(duo.standIn.account.sent.pushes, 1);
    duo.standIn.account.sent.pushes = 0;
  }
  const before = new Person("push");
  before.onHeard = () => before.leave();
  assert.equal(await duo.ends(before), "reject: cancelled");
  assert.equal(duo.pushes, 0);
});

test(
  "the keys are tried out: clock, network, certificate and the keys themselves",
  PARTS,
  async (t) => {
    const duo = await DuoHost.open(t);
    const health = await duo.host.root.checkMethod(METHOD);
    assert.ok(Math.abs(health.clockOffset ?? Number.NaN) <= 2, `${health.clockOffset}`);
    await duo.host.root.setMethodSecret(METHOD, "wrong");
    await assert.rejects(duo.host.root.checkMethod(METHOD), { code: "duo-refused" });
    const ahead = await DuoHost.open(t, { standIn: { clockAhead: 100_000 } });
    const { clockOffset = Number.NaN } = await ahead.host.root.checkMethod(METHOD);
    assert.ok(clockOffset <= -98 && clockOffset >= -102, `${clockOffset}`);
    await ahead.standIn.stop();
    await assert.rejects(ahead.host.root.checkMethod(METHOD), { code: "duo-unreachable" });
  },
);

test("no method asks Duo before there is an answer", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t);
  await assert.rejects(duo.host.root.verify("alice", {}, silence), /nothing was to be asked/);
  assert.equal(await duo.ends(new Person("cancelled")), "reject: cancelled");
  assert.deepEqual(duo.asked, []);
});
