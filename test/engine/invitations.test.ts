/** Invitations: good once, for one user, for a time, there and from there; and never told again. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { InvitationTerms, Origin } from "../../src/contracts/service.ts";
import { compile } from "../../src/core/policy/decide.ts";
import type { Rule } from "../../src/core/policy/rule.ts";
import { answering, answers, silence } from "./conversations.ts";
import { type Host, MINUTE, makeHost, person } from "./host.ts";
import { Phone } from "./phone.ts";

const PROVEN: Origin = { service: "sshd", rhost: "10.1.2.3", enrolls: "ascii" };
const HOUR = 60 * MINUTE;
const INVITATION = "Invitation code: ";
const TOTP = { method: "totp", algorithm: "sha1", digits: 6, period: 30 } as const;

const inviting = (t: TestContext): Host => makeHost(t, { policy: { unenrolled: "invite" } });

const secretIn = (said: readonly string[]): string =>
  said.findLast((line) => line.startsWith("Key "))?.slice("Key ".length) ?? "";

/** Types the invitation, then the code of the key that is shown. */
const invited = (host: Host, code: string) =>
  answering((prompt, said) => {
    if (prompt === INVITATION) return code;
    return prompt.startsWith("Code") ? new Phone(secretIn(said), host.clock).code() : "";
  });

async function logIn(host: Host, code: string, user = "alice", origin = PROVEN) {
  const heard = invited(host, code);
  const { verdict, reason } = await host.root.verify(user, origin, heard);
  const said = reason ? `${verdict} ${reason}` : verdict;
  return { said, heard, isShown: secretIn(heard.said) !== "" };
}

/** The last refusal of an invitation, as the log has it. */
async function why(host: Host): Promise<string | null | undefined> {
  const events = await host.audit();
  return events.findLast(({ action, verdict }) => action === "invite-use" && verdict === "reject")
    ?.detail;
}

test("the code comes first, then the enrollment; used once, it is good no more", async (t) => {
  const host = inviting(t);
  const { id, code, expiresAt } = await host.root.createInvitation("alice", {});
  assert.match(code, /^[0-9A-HJKMNP-TV-Z]{16}$/);
  assert.equal(expiresAt - host.clock.now(), 24 * HOUR);
  const typed = code.toLowerCase().replace(/.{4}/g, "$& - ");
  const { said, heard } = await logIn(host, typed);
  assert.equal(said, "accept");
  assert.deepEqual(heard.prompts[0], INVITATION);
  const confirmed = (await host.audit()).find(({ action }) => action === "enroll-confirm");
  assert.equal(confirmed?.detail, `invitation ${id}`);
  const [listed] = await Array.fromAsync(host.root.listInvitations());
  assert.equal(listed?.status, "used");

  await host.root.reset("alice", undefined, silence);
  const again = await logIn(host, code);
  assert.deepEqual([again.said, again.isShown], ["reject wrong-invitation", false]);
  assert.equal(await why(host), `invitation ${id}: used`);
});

test("late, of another, of another host, from elsewhere, revoked, guessed: refused", async (t) => {
  const refused = async (
    terms: InvitationTerms,
    because: RegExp,
    change: (host: Host, id: string) => Promise<unknown> = async () => undefined,
    origin = PROVEN,
    user = "alice",
  ) => {
    const host = inviting(t);
    const { id, code } = await host.root.createInvitation("alice", terms);
    await change(host, id);
    const { said, isShown } = await logIn(host, code, user, origin);
    assert.deepEqual([said, isShown], ["reject wrong-invitation", false]);
    assert.match((await why(host)) ?? "", because);
  };
  await refused({ lifetime: HOUR }, /: expired$/, async (host) => host.clock.advance(HOUR));
  await refused({}, /^unknown$/, undefined, PROVEN, "bob");
  await refused({ host: "another" }, /: of another host$/);
  await refused({ network: "10.2.0.0/16" }, /: from elsewhere$/);
  await refused({ network: "local" }, /: from elsewhere$/);
  const byName = { ...PROVEN, rhost: "host.example.org" };
  await refused({ network: "0.0.0.0/0" }, /: from elsewhere$/, undefined, byName);
  const { rhost: _, ...local } = PROVEN;
  await refused({ network: "0.0.0.0/0" }, /: from elsewhere$/, undefined, local);
  await refused({}, /^unknown$/, (host) => host.root.revokeInvitations({ user: "alice" }));
  await refused({}, /^unknown$/, (host, id) => host.root.revokeInvitations({ id }));
  await refused({}, /^unknown$/, async (host) => {
    await host.root.disableUser("alice");
    await host.root.enableUser("alice");
  });
  await refused({}, /^unknown$/, (host) => host.root.reset("alice", undefined, silence));

  const host = inviting(t);
  const { code } = await host.root.createInvitation("alice", {
    ...{ host: "HOST.example", network: "10.1.0.0/16" },
  });
  assert.equal((await logIn(host, code)).said, "accept", "there, and from there");
});

test("guesses are attempts: they delay, and are refused unread then, a right one too", async (t) => {
  const host = inviting(t);
  const { code } = await host.root.createInvitation("alice", {});
  const wrong = "0000-0000-0000-0000";
  assert.equal((await logIn(host, wrong)).heard.prompts.length, 3);
  assert.equal((await logIn(host, "")).said, "throttled too-many-failures");
  const { said, isShown } = await logIn(host, code);
  assert.deepEqual([said, isShown], ["throttled too-many-failures", false]);
  host.clock.advance(HOUR);
  assert.equal((await logIn(host, code)).said, "accept");
});

test("cut short, an enrollment leaves its invitation as good as it was; of two, one is in", async (t) => {
  const host = inviting(t);
  const { code } = await host.root.createInvitation("alice", {});
  const leaves = answering((prompt) => (prompt === INVITATION ? code : "cancelled"));
  assert.equal((await host.root.verify("alice", PROVEN, leaves)).reason, "cancelled");
  const both = await Promise.all([logIn(host, code), logIn(host, code)]);
  const all = both.map(({ said }) => said).sort();
  assert.equal(all[0], "accept");
  assert.match(all[1] ?? "", /^reject (wrong-invitation|enrolled-meanwhile)$/);
});

test("one that is revoked while the person types enrolls nobody", async (t) => {
  const host = inviting(t);
  const { code } = await host.root.createInvitation("alice", {});
  const heard = invited(host, code);
  const conversation = {
    ...heard,
    prompt: async (text: string) => {
      if (text.startsWith("Write")) await host.root.revokeInvitations({ user: "alice" });
      return heard.prompt(text);
    },
  };
  const { verdict, reason } = await host.root.verify("alice", PROVEN, conversation);
  assert.deepEqual([verdict, reason], ["reject", "wrong-invitation"]);
  assert.deepEqual((await host.root.standing("alice")).enrolledIn, []);
});

test("without word that the first factor is right, no invitation is asked for", async (t) => {
  const host = inviting(t);
  const { code } = await host.root.createInvitation("alice", {});
  const heard = answers(code, code);
  const { verdict } = await host.root.verify("alice", { service: "sshd" }, heard);
  assert.deepEqual([verdict, heard.prompts], ["unenrolled", ["Verification code: "]]);
});

test("the store holds no code, and one hash is of no use in another's row", async (t) => {
  const host = inviting(t);
  const { id, code } = await host.root.createInvitation("alice", {});
  const bob = await host.root.createInvitation("bob", {});
  const [row] = await host.parts.store.read((view) => view.invitations.of("alice"));
  assert.equal(row?.hash.length, 32);
  assert.ok(!JSON.stringify([row, await host.audit()]).includes(code));
  assert.ok(row);
  await host.parts.store.transact(async (tx) => {
    await tx.invitations.revoke("bob");
    await tx.invitations.add({ ...row, id: bob.id, user: "bob" });
  });
  assert.equal((await logIn(host, code, "bob")).said, "reject wrong-invitation");
  assert.deepEqual(
    (await Array.fromAsync(host.root.listInvitations("alice"))).map((each) => ({ ...each })),
    [
      {
        ...{ id, user: "alice", status: "open", host: undefined, network: undefined },
        ...{ createdAt: row.createdAt, createdBy: "0:root", expiresAt: row.expiresAt },
        usedAt: undefined,
      },
    ],
  );
});

test("root alone invites; nobody who is disabled, enrolled or no account; within bounds", async (t) => {
  const host = inviting(t);
  const alice = host.as(person("alice"));
  const refused = { code: "not-permitted" };
  await assert.rejects(alice.createInvitation("alice", {}), refused);
  await assert.rejects(alice.revokeInvitations({ user: "alice" }), refused);
  await assert.rejects(Array.fromAsync(alice.listInvitations("alice")), refused);
  await assert.rejects(host.root.createInvitation("a/b", {}), { code: "account-invalid" });
  await assert.rejects(host.root.revokeInvitations({ id: "none" }), { code: "not-found" });
  assert.equal(await host.root.revokeInvitations({ user: "alice" }), 0);
  const wrong: InvitationTerms[] = [
    ...[{ lifetime: 0 }, { lifetime: 31 * 24 * HOUR }, { lifetime: Number.NaN }],
    ...[{ network: "10.1.1.1/8" }, { network: "x" }, { host: "a b" }, { host: "\u001b[2J" }],
  ];
  for (const terms of wrong) {
    await assert.rejects(host.root.createInvitation("alice", terms), { code: "usage" });
  }
  await host.enroll("alice");
  await assert.rejects(host.root.createInvitation("alice", {}), { code: "conflict" });
  await host.enroll("bob");
  await host.root.disableUser("bob");
  await assert.rejects(host.root.createInvitation("bob", {}), { code: "conflict" });
});

/** By oneself, outside any login. */
const enrollAlone = (host: Host, ...typed: string[]) =>
  host.as(person("alice")).beginEnrollment("alice", TOTP, answers(...typed));

test("enrolling by oneself takes the invitation too, used up when it is confirmed", async (t) => {
  const host = inviting(t);
  await assert.rejects(enrollAlone(host, "0000000000000000"), { code: "refused" });
  const { code } = await host.root.createInvitation("alice", {});
  const { secret } = await enrollAlone(host, code);
  const [open] = await Array.fromAsync(host.root.listInvitations("alice"));
  assert.equal(open?.status, "open");
  const phone = new Phone(secret, host.clock);
  const door = host.as(person("alice"));
  assert.equal((await door.confirmEnrollment("alice", "totp", phone.code())).status, "active");
  const [used] = await Array.fromAsync(host.root.listInvitations("alice"));
  assert.equal(used?.status, "used");
  await host.root.reset("alice", undefined, silence);
  await assert.rejects(enrollAlone(host, code), { code: "refused" });
});

test("one for a network is of no use where nobody knows where they come from", async (t) => {
  const host = inviting(t);
  const { code } = await host.root.createInvitation("alice", { network: "local" });
  await assert.rejects(enrollAlone(host, code), { code: "refused" });
  assert.match((await why(host)) ?? "", /from elsewhere$/);
});

test("revoked, it confirms nothing that was begun with it", async (t) => {
  const host = inviting(t);
  const { code } = await host.root.createInvitation("alice", {});
  const { secret } = await enrollAlone(host, code);
  await host.root.revokeInvitations({ user: "alice" });
  const phone = new Phone(secret, host.clock);
  const confirming = host.as(person("alice")).confirmEnrollment("alice", "totp", phone.code());
  await assert.rejects(confirming, { code: "refused" });
  assert.deepEqual((await host.root.standing("alice")).enrolledIn, []);
});

test("it is asked for by every rule that may decide a login of theirs, and by no other", async (t) => {
  const isAsked = async (rules: Rule[], unenrolled: "refuse" | "invite" = "refuse") => {
    const policy = { rules: compile(rules), unenrolled };
    const host = makeHost(t, { policy, groupsOf: async () => new Set(["staff"]) });
    return enrollAlone(host).then(
      () => false,
      () => true,
    );
  };
  const invite = { say: "require", unenrolled: "invite" } as const;
  const own: Rule = { say: "require", unenrolled: "enroll", users: ["alice"] };
  assert.equal(await isAsked([{ ...invite, networks: ["10.0.0.0/8"] }]), true);
  assert.equal(await isAsked([{ ...invite, groups: ["staff"], services: ["sudo"] }]), true);
  assert.equal(await isAsked([{ ...invite, by: "2027-01-01" }]), true, "at once, not by then");
  assert.equal(await isAsked([{ ...invite, from: "2027-01-01" }]), true);
  assert.equal(await isAsked([], "invite"), true);
  assert.equal(await isAsked([{ ...own, until: "2027-01-01" }], "invite"), true);
  assert.equal(await isAsked([own], "invite"), false, "no login of theirs gets that far");
  assert.equal(await isAsked([{ ...invite, users: ["bob"] }]), false);
  assert.equal(await isAsked([{ ...invite, groups: ["other"] }]), false);
  assert.equal(await isAsked([{ ...invite, until: "2025-01-01" }]), false);
});

test("with the policy off nobody sets up what nobody is asked for, but root", async (t) => {
  const host = makeHost(t, { policy: { enabled: false } });
  await assert.rejects(enrollAlone(host), { code: "refused", message: /the policy .* is off/ });
  await host.enroll("alice");
});

test("what the policy requires is not removed by oneself, and can be replaced", async (t) => {
  const tried = async (rules: Rule[], unenrolled: "refuse" | "allow" | "enroll" = "refuse") => {
    const host = makeHost(t, {
      policy: { rules: compile(rules), unenrolled },
      groupsOf: async () => new Set(["staff"]),
    });
    const { phone } = await host.enroll("alice");
    const door = host.as(person("alice"));
    const result = await door.reset("alice", undefined, answers(phone.code())).then(
      () => "removed",
      (error) => error.code,
    );
    host.clock.advance(MINUTE);
    const { verdict } = await host.verify("alice", phone.code());
    assert.equal(verdict === "accept", result === "refused");
    // Replacing it stays one's own business.
    host.clock.advance(MINUTE);
    if (result === "refused") await door.beginEnrollment("alice", TOTP, answers(phone.code()));
    return result;
  };
  assert.equal(await tried([]), "refused");
  assert.equal(await tried([], "enroll"), "refused");
  assert.equal(await tried([], "allow"), "removed");
  assert.equal(await tried([{ say: "require", groups: ["staff"] }], "allow"), "removed");
  const staff: Rule = { say: "require", groups: ["staff"], unenrolled: "refuse" };
  assert.equal(await tried([staff], "allow"), "refused");
  assert.equal(await tried([{ ...staff, services: ["sudo"] }], "allow"), "refused");
  assert.equal(await tried([{ ...staff, by: "2027-01-01" }], "allow"), "removed");
  assert.equal(await tried([{ say: "exempt", users: ["alice"] }]), "removed");
});

test("a process of one's own picks no rule that asks for none, and no network", async (t) => {
  const invite: Rule = { say: "require", unenrolled: "invite" };
  const rules: Rule[] = [{ ...invite, services: ["cron"], unenrolled: "enroll" }, invite];
  const host = makeHost(t, { policy: { rules: compile(rules) } });
  const alice = host.as(person("alice"));
  const picked = { ...PROVEN, service: "cron" };
  const none = answers("", "", "");
  assert.equal((await alice.verify("alice", picked, none)).reason, "wrong-invitation");
  assert.deepEqual(none.prompts, [INVITATION, INVITATION, INVITATION]);
  host.clock.advance(HOUR);
  const bound = await host.root.createInvitation("alice", { network: "10.0.0.0/8" });
  const told = await alice.verify("alice", PROVEN, invited(host, bound.code));
  assert.equal(told.reason, "wrong-invitation");
  host.clock.advance(HOUR);
  const { code } = await host.root.createInvitation("alice", {});
  assert.equal((await alice.verify("alice", picked, invited(host, code))).verdict, "accept");
});
