/** The method message: the engine and a store over a real mail server, and a program of one's own. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import type { Conversation, Reply } from "../../src/contracts/conversation.ts";
import type { VerifyOutcome } from "../../src/contracts/service.ts";
import { secretCell } from "../../src/core/cells.ts";
import { ADDRESS_PROMPT } from "../../src/core/enrollment-words.ts";
import { Fault } from "../../src/core/fault.ts";
import { newCode } from "../../src/message/code.ts";
import type { MessageSetUp } from "../../src/message/set-up.ts";
import { message } from "../../src/methods/message.ts";
import { methodsFor } from "../../src/methods/registry.ts";
import { answering, type Heard } from "../engine/conversations.ts";
import { type Host, type HostOptions, MINUTE, makeHost, person } from "../engine/host.ts";
import {
  type MailServerOptions,
  PASSWORD,
  type Running,
  startMailServer,
} from "../message/mail-server.ts";
import { SettableClock } from "../support/clock.ts";
import { needs } from "../support/parts.ts";

const PARTS = needs("openssl");
const ADDRESS = "alice@example.org";
const HOUR = 60 * MINUTE;

class World {
  readonly host: Host;
  readonly clock: SettableClock;
  readonly mail: Running;

  constructor(host: Host, clock: SettableClock, mail: Running) {
    this.host = host;
    this.clock = clock;
    this.mail = mail;
  }

  /** The code of the mail that came last. */
  get code(): string {
    return /\r\n\r\n([0-9]{8}) /.exec(this.mail.mails.at(-1)?.text ?? "")?.[1] ?? "none";
  }

  /** Enrolls: the address, and the code that is sent there. */
  async enroll(user: string, address = ADDRESS, caller = this.host.root): Promise<VerifyOutcome> {
    const sent = this.mail.mails.length;
    const conversation = asked({
      [ADDRESS_PROMPT]: async () => address,
      "Code sent": async () => {
        await this.arrived(sent);
        return this.code;
      },
    });
    return caller.enrollByChallenge(user, "message", {}, conversation);
  }

  /** One login: `message`, and what is made of the code. */
  async login(user: string, answer?: (code: string) => string | Promise<string>): Promise<string> {
    const sent = this.mail.mails.length;
    const conversation = asked({
      Verification: async () => "message",
      "Code sent": async () => {
        if (answer) return answer(this.code);
        await this.arrived(sent);
        return this.code;
      },
    });
    return told(await this.host.root.verify(user, { service: "sshd" }, conversation));
  }

  async arrived(before: number): Promise<void> {
    while (this.mail.mails.length === before) await sleep(5);
  }

  async detail(): Promise<string> {
    return (await this.host.audit()).at(-1)?.detail ?? "";
  }

  /** As an enrollment leaves it, where none can be: the server takes no message. */
  async put(user: string): Promise<void> {
    const { store, sealer } = this.host.parts;
    const row = { id: user, user, method: "message" };
    const sealedSecret = sealer.seal(Buffer.from(ADDRESS), secretCell(row));
    await store.transact(async (tx) => {
      await tx.accounts.ensure(user, user, 1);
      await tx.authenticators.addRemote({ ...row, sealedSecret }, 1);
    });
  }
}

const told = ({ verdict, reason }: VerifyOutcome): string =>
  reason === undefined ? verdict : `${verdict} ${reason}`;

/** Answers each prompt by how it begins. */
function asked(by: Readonly<Record<string, () => Promise<string>>>): Heard {
  const heard = answering(() => "");
  const ask = async (prompt: string): Promise<Reply> => {
    heard.prompts.push(prompt);
    const found = Object.entries(by).find(([start]) => prompt.startsWith(start));
    assert.ok(found, prompt);
    return { kind: "text", text: await found[1]() };
  };
  return { ...heard, prompt: ask, promptSecret: ask };
}

interface Opened extends MailServerOptions {
  readonly setUp?: Partial<MessageSetUp>;
  readonly host?: HostOptions;
}

async function open(t: TestContext, { setUp, host: options, ...server }: Opened = {}) {
  const mail = await startMailServer(t, { tls: "none", ...server });
  const clock = new SettableClock(0);
  const ways: MessageSetUp = {
    ...{ server: mail.server, program: undefined, programTakesMail: false },
    ...{ mostPerHour: 5, hostName: "host.example", ...setUp },
  };
  const method = message(ways, { clock, random: randomBytes });
  const host = makeHost(t, { methods: [...methodsFor({}), method], ...options });
  await host.root.setMethodSecret("message", PASSWORD);
  clock.set(host.clock.now());
  return new World(host, clock, mail);
}

async function enrolled(t: TestContext, options?: Opened): Promise<World> {
  const world = await open(t, options);
  assert.equal((await world.enroll("alice")).verdict, "accept");
  world.mail.mails.length = 0;
  return world;
}

/** From here on, in this world. */
const anHourLater = ({ host }: World): void => host.clock.advance(HOUR);

test("a code comes by mail, lets in, and lets in once", PARTS, async (t) => {
  const world = await enrolled(t);
  let code = "";
  const conversation = asked({
    Verification: async () => "message",
    "Code sent": async () => {
      await world.arrived(0);
      code = world.code;
      return ` ${code.slice(0, 4)} ${code.slice(4)}\n`;
    },
  });
  const outcome = await world.host.root.verify("alice", {}, conversation);
  assert.equal(told(outcome), "accept");
  assert.equal(outcome.method, "message");
  assert.deepEqual(conversation.prompts, [
    "Verification code (or message): ",
    "Code sent to a..@..: ",
  ]);
  assert.deepEqual(world.mail.mails[0]?.to, [ADDRESS]);
  assert.match(world.mail.mails[0]?.text ?? "", /login to host\.example/);
  // In another login, and as an answer to the first prompt.
  assert.equal(await world.login("alice", () => code), "reject wrong-code");
  assert.equal(told(await world.host.verify("alice", code)), "reject not-enrolled");
  assert.equal(await world.login("alice"), "accept");
});

test("nothing but the code of this login accepts, and only while it is good", PARTS, async (t) => {
  const world = await enrolled(t, {
    setUp: { mostPerHour: 20 },
    host: { policy: { throttle: LOOSE } },
  });
  const wrong = (code: string): string => String((Number(code) + 1) % 1e8).padStart(8, "0");
  assert.equal(await world.login("alice", wrong), "reject wrong-code");
  for (const answer of ["", "message", "0", "12345678901234567890", "\uff11\uff12345678"]) {
    assert.equal(await world.login("alice", () => answer), "reject wrong-code", answer);
  }
  const late = async (by: number): Promise<string> => {
    const before = world.mail.mails.length;
    return world.login("alice", async () => {
      await world.arrived(before);
      world.clock.advance(by);
      return world.code;
    });
  };
  assert.equal(await late(5 * MINUTE - 1), "accept");
  assert.equal(await late(5 * MINUTE), "reject expired");
  assert.equal(await late(-1), "reject expired");
  for (const kind of ["cancelled", "end-of-input", "timed-out"] as const) {
    const leaving = answering((prompt) => (prompt.startsWith("Code") ? kind : "message"));
    assert.equal(told(await world.host.root.verify("alice", {}, leaving)), `reject ${kind}`);
  }
});

const LOOSE = {
  ...{ freeFailures: 100, firstDelay: 1, longestDelay: 1, decay: MINUTE },
  lockAfter: 0,
};

test("the code of one login opens no other that is open meanwhile", PARTS, async (t) => {
  const world = await enrolled(t);
  let first = "";
  const outer = world.login("alice", async () => {
    await world.arrived(0);
    first = world.code;
    assert.equal(await world.login("alice", () => first), "reject wrong-code");
    return first;
  });
  assert.equal(await outer, "accept");
});

test("a hundred logins at once with one code: the one that it was sent for", PARTS, async (t) => {
  const world = await enrolled(t, {
    setUp: { mostPerHour: 1000 },
    host: { policy: { throttle: { ...LOOSE, freeFailures: 100 } } },
  });
  const one = Promise.withResolvers<string>();
  const all = Array.from({ length: 100 }, (_, at) =>
    world.login("alice", async () => {
      if (at > 0) return one.promise;
      while (world.mail.mails.length < 100) await sleep(5);
      const codes = world.mail.mails.map(({ text }) => /\r\n\r\n([0-9]{8}) /.exec(text)?.[1] ?? "");
      assert.equal(new Set(codes).size, 100);
      one.resolve(codes[0] ?? "");
      return one.promise;
    }),
  );
  const verdicts = await Promise.all(all);
  assert.equal(verdicts.filter((each) => each === "accept").length, 1);
});

test("messages to one user are as many in an hour as the setting says", PARTS, async (t) => {
  const world = await enrolled(t, { setUp: { mostPerHour: 3 } });
  anHourLater(world);
  const wrong = () => "00000000";
  const many = await Promise.all(Array.from({ length: 8 }, () => world.login("alice", wrong)));
  await sleep(50);
  const limited = many.filter((each) => each === "throttled too-many-challenges");
  assert.ok(limited.length >= 5, String(many));
  assert.ok(world.mail.mails.length <= 3);
  assert.match(await world.login("ALICE"), /^throttled/);
  // Who has nothing is held to it alike: it would tell them apart.
  for (let n = 0; n < 3; n++)
    assert.equal(await world.login("bob", wrong), "unenrolled not-enrolled");
  assert.equal(await world.login("bob", wrong), "throttled too-many-challenges");
  anHourLater(world);
  assert.equal(await world.login("alice"), "accept");
});

test("who has nothing sees the same, is sent nothing, and is not let in", PARTS, async (t) => {
  const world = await enrolled(t);
  const logins = world.mail.logins.length;
  const seen = async (user: string): Promise<string[]> => {
    const conversation = asked({
      Verification: async () => "message",
      "Code sent": () => sleep(30, "00000000"),
    });
    await world.host.root.verify(user, {}, conversation);
    return conversation.prompts;
  };
  const FORM = /^Code sent to [a-z0-9]\.\.@\.\.: $/;
  const shown = new Set<string | undefined>();
  for (const user of ["bob", "nobody-there", "", "a/b", "x".repeat(500)]) {
    const [first, second, ...rest] = await seen(user);
    assert.equal(first, "Verification code (or message): ");
    assert.match(second ?? "", FORM);
    assert.deepEqual(rest, []);
    assert.deepEqual(await seen(user), [first, second]);
    shown.add(second);
  }
  assert.ok(shown.size > 1);
  assert.match((await seen("alice"))[1] ?? "", FORM);
  assert.deepEqual(
    world.mail.mails.flatMap(({ to }) => to),
    [ADDRESS],
  );
  // The mail server was asked as for anybody.
  assert.equal(world.mail.logins.length - logins, 11);
});

test("who is disabled sees what they saw before, and is sent nothing", PARTS, async (t) => {
  const world = await enrolled(t, {});
  const prompts = async (): Promise<string[]> => {
    const conversation = asked({
      Verification: async () => "message",
      "Code sent": async () => "00000000",
    });
    assert.match(told(await world.host.root.verify("alice", {}, conversation)), /^reject/);
    return conversation.prompts;
  };
  const before = await prompts();
  await world.host.root.disableUser("alice");
  await sleep(50);
  const sent = world.mail.mails.length;
  assert.deepEqual(await prompts(), before);
  await sleep(50);
  assert.equal(world.mail.mails.length, sent);
});

test(
  "an outage is told to everybody before they are asked, and costs no attempt",
  PARTS,
  async (t) => {
    for (const refuses of ["login", "starttls"] as const) {
      const world = await open(t, { refuses, tls: "starttls" });
      for (const user of ["alice", "nobody-there"]) {
        const conversation = asked({ Verification: async () => "message" });
        const outcome = await world.host.root.verify(user, {}, conversation);
        assert.equal(told(outcome), "unavailable message");
        assert.match(outcome.fault?.message ?? "", /^the mail server/);
        assert.match(await world.detail(), /^the mail server/);
      }
      const left = await Promise.all(
        Array.from({ length: 4 }, () => world.host.verify("alice", "000000")),
      );
      assert.ok(left.every(({ verdict }) => verdict === "unenrolled"));
    }
  },
);

test(
  "without the password that the mail server wants, nobody is asked anything",
  PARTS,
  async (t) => {
    const world = await open(t);
    await world.host.root.setMethodSecret("message", "another");
    assert.equal(await world.login("bob"), "unavailable message");
    await assert.rejects(world.host.root.checkMethod("message"), {
      code: "message-refused",
      message: /refuses the user name or password: 535 5\.7\.8$/,
    });
    await world.host.root.setMethodSecret("message", PASSWORD);
    assert.deepEqual(await world.host.root.checkMethod("message"), { method: "message" });
  },
);

for (const refuses of ["sender", "recipient", "message"] as const) {
  test(`a ${refuses} that is refused is for the log alone, at a login`, PARTS, async (t) => {
    const world = await open(t, { refuses });
    await world.put("alice");
    const outcome = world.login("alice", async () => {
      await sleep(150);
      return "00000000";
    });
    assert.equal(await outcome, "reject not-sent");
    const detail = await world.detail();
    assert.match(detail, /^the mail server 127\.0\.0\.1:[0-9]+ refuses the message: 55[0-9]$/);
    const enrolling = asked({
      [ADDRESS_PROMPT]: async () => ADDRESS,
      "Code sent": () => sleep(150, "00000000"),
    });
    await assert.rejects(world.host.root.enrollByChallenge("bob", "message", {}, enrolling), {
      code: "message-refused",
    });
  });
}

test("an answer is judged at once, however slow the message is", PARTS, async (t) => {
  const world = await open(t, { hangsAt: "message" });
  await world.put("alice");
  const begun = performance.now();
  const wrong = async (): Promise<string> => {
    await world.arrived(0);
    return "00000000";
  };
  assert.equal(await world.login("alice", wrong), "reject wrong-code");
  // The code came all the same: whether the server has said so is no matter.
  assert.equal(await world.login("alice"), "accept");
  assert.ok(performance.now() - begun < 10_000);
});

test(
  "whoever enrolls anew gives a code of the old, and the old address works until then",
  PARTS,
  async (t) => {
    const world = await enrolled(t);
    const alice = world.host.as(person("alice"));
    const conversation = (address: string, code: () => Promise<string>): Heard =>
      asked({
        Verification: async () => "message",
        "Code sent to a": async () => {
          await world.arrived(world.mail.mails.length);
          return world.code;
        },
        [ADDRESS_PROMPT]: async () => address,
        "Code sent to n": code,
        "Code sent to o": code,
      });
    const enrolling = (address: string, code: () => Promise<string>) =>
      alice.enrollByChallenge("alice", "message", {}, conversation(address, code));
    const wrong = await enrolling("new@example.org", async () => "00000000");
    assert.equal(wrong.verdict, "reject");
    assert.deepEqual((await world.host.root.showUser("alice")).methods.length, 1);
    anHourLater(world);
    assert.equal(await world.login("alice"), "accept");
    assert.deepEqual(world.mail.mails.at(-1)?.to, [ADDRESS]);
    anHourLater(world);
    const right = await enrolling("new@example.org", async () => {
      while (world.mail.mails.at(-1)?.to[0] !== "new@example.org") await sleep(5);
      return world.code;
    });
    assert.equal(right.verdict, "accept");
    const { methods } = await world.host.root.showUser("alice");
    assert.deepEqual(
      methods.map(({ method }) => method),
      ["message"],
    );
    const without = asked({ Verification: async () => "000000" });
    await assert.rejects(alice.enrollByChallenge("alice", "message", {}, without), {
      code: "refused",
    });
  },
);

test("nobody is enrolled by a login, or without the code", PARTS, async (t) => {
  const world = await open(t);
  assert.equal(await world.login("bob", () => "00000000"), "unenrolled not-enrolled");
  assert.equal(world.mail.mails.length, 0);
  const wrong = asked({
    [ADDRESS_PROMPT]: async () => ADDRESS,
    "Code sent": async () => "00000000",
  });
  const outcome = await world.host.root.enrollByChallenge("bob", "message", {}, wrong);
  assert.equal(told(outcome), "reject wrong-code");
  for (const address of ["", "bob", "-x@y", "a@b, c@d", "+4915112345678", "a@b\r\nBcc: c@d"]) {
    const given = asked({ [ADDRESS_PROMPT]: async () => address });
    await assert.rejects(
      world.host.root.enrollByChallenge("bob", "message", {}, given),
      (error) => {
        assert.ok(error instanceof Fault && error.code === "usage");
        assert.ok(address === "" || !`${error.message}${error.hint}`.includes(address));
        return true;
      },
    );
  }
  assert.equal(
    (await world.host.root.listMethods()).find((each) => each.method === "message")?.enrolled,
    0,
  );
});

test(
  "an invitation is used up by the enrollment it was for, however slow the mail is",
  PARTS,
  async (t) => {
    const world = await open(t, { slow: 200, host: { policy: { unenrolled: "invite" } } });
    const bob = world.host.as(person("bob"));
    const { code } = await world.host.root.createInvitation("bob", {});
    const sent = world.mail.mails.length;
    const conversation = (): Heard =>
      asked({
        Invitation: async () => code,
        [ADDRESS_PROMPT]: async () => "bob@example.org",
        "Code sent": async () => {
          await world.arrived(sent);
          return world.code;
        },
      });
    const outcome = await bob.enrollByChallenge("bob", "message", {}, conversation());
    assert.equal(outcome.verdict, "accept");
    const open_ = await Array.fromAsync(world.host.root.listInvitations("bob"));
    assert.deepEqual(
      open_.map(({ status }) => status),
      ["used"],
    );
  },
);

test("the address is sealed, and is in no event and no list", PARTS, async (t) => {
  const world = await enrolled(t);
  assert.equal(await world.login("alice"), "accept");
  const code = world.code;
  const events = JSON.stringify(await world.host.audit());
  const shown = JSON.stringify(await world.host.root.showUser("alice"));
  assert.doesNotMatch(events + shown, /example\.org/);
  assert.ok(!events.includes(code));
  await world.host.parts.store.close();
  for (const suffix of ["", "-wal"]) {
    const file = world.host.path + suffix;
    const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
    assert.ok(!bytes.includes(ADDRESS) && !bytes.includes(code) && !bytes.includes(PASSWORD));
  }
});

test("who hangs up leaves nothing behind", PARTS, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "countersign-message-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "send");
  writeFileSync(
    file,
    `#!/bin/sh\necho $$ > ${directory}/pid.new; cat > ${directory}/text; mv ${directory}/pid.new ${directory}/pid\ntrap '' TERM; case $1 in *5) sleep 60;; esac\n`,
  );
  chmodSync(file, 0o755);
  const program = { file, args: ["{address}"], check: () => undefined };
  const world = await open(t, { setUp: { program } });
  const text = (): string => readFileSync(join(directory, "text"), "utf8");
  const arrived = async (): Promise<string> => {
    while (!existsSync(join(directory, "pid"))) await sleep(5);
    return text().slice(0, 8);
  };
  const enrolling = asked({
    [ADDRESS_PROMPT]: async () => "+49 151 1234 5675",
    "Code sent": arrived,
  });
  assert.equal(
    (await world.host.root.enrollByChallenge("alice", "message", {}, enrolling)).verdict,
    "accept",
  );
  assert.equal(enrolling.prompts.at(-1), "Code sent to +..75: ");
  rmSync(join(directory, "pid"));
  const died = new Error("the connection is gone");
  const leaving = asked({ Verification: async () => "message" });
  const promptSecret: Conversation["promptSecret"] = async (text_) => {
    if (text_.startsWith("Code")) {
      await arrived();
      throw died;
    }
    return leaving.promptSecret(text_);
  };
  await assert.rejects(world.host.root.verify("alice", {}, { ...leaving, promptSecret }), died);
  const pid = Number(readFileSync(join(directory, "pid"), "utf8"));
  for (
    let tries = 0;
    tries < 200 &&
    existsSync(`/proc/${pid}/status`) &&
    !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    tries++
  )
    await sleep(10);
  assert.ok(
    !existsSync(`/proc/${pid}/exe`) ||
      /^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8")),
  );
});

test("codes are even: what would not be is drawn again", () => {
  const drawn = [0xff_ff_ff_ff, 4_200_000_000, 4_199_999_999, 7];
  const random = (): Uint8Array => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(drawn.shift() ?? 0);
    return bytes;
  };
  assert.equal(newCode(random).toString(), "99999999");
  assert.equal(newCode(random).toString(), "00000007");
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
      let isFirst = true;
      const code = newCode(() => {
        const own = isFirst ? bytes : new Uint8Array(4);
        isFirst = false;
        return own;
      });
      assert.match(code.toString(), /^[0-9]{8}$/);
    }),
  );
});

test(
  "while the mail server is down nobody's messages of the hour are used up",
  PARTS,
  async (t) => {
    const world = await enrolled(t);
    const down = { ...world.mail.server, port: 1 };
    const ways = { program: undefined, programTakesMail: false, mostPerHour: 5, hostName: "h" };
    const cut = world.host.with({
      methods: [message({ ...ways, server: down }, { clock: world.clock, random: randomBytes })],
    });
    for (let n = 0; n < 10; n++) {
      const login = asked({ Verification: async () => "message" });
      assert.equal(told(await cut.verify("alice", {}, login)), "unavailable message");
    }
    assert.equal(await world.login("alice"), "accept");
  },
);

test(
  "a slip before anything is sent uses up neither an attempt nor a message",
  PARTS,
  async (t) => {
    const world = await open(t, { setUp: { mostPerHour: 2 } });
    const { root } = world.host;
    const leaving = { ...asked({}), prompt: async () => ({ kind: "cancelled" }) as const };
    for (let n = 0; n < 10; n++) {
      const slip = asked({ [ADDRESS_PROMPT]: async () => "bob" });
      await assert.rejects(root.enrollByChallenge("bob", "message", {}, slip), { code: "usage" });
      const left = await root.enrollByChallenge("bob", "message", {}, leaving);
      assert.equal(told(left), "reject cancelled");
    }
    assert.equal(world.mail.mails.length, 0);
    const events = await world.host.eventsOf(() => world.enroll("bob"));
    assert.deepEqual(
      events.map(({ action, verdict, method }) => [action, verdict, method]),
      [["enroll-confirm", "accept", "message"]],
    );
  },
);
