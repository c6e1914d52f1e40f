/** Messages by mail, through a real mail server on loopback: what it takes, and what goes wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { SMTP_TLS } from "../../src/contracts/message.ts";
import { isMailAddress } from "../../src/message/address.ts";
import type { MailServer } from "../../src/message/set-up.ts";
import { openMail } from "../../src/message/smtp.ts";
import { needs } from "../support/parts.ts";
import { PASSWORD, startMailServer, startMute, startTalker } from "./mail-server.ts";

const PARTS = needs("openssl");
const QUICK = { connect: 400, greeting: 400, answer: 400, ready: 1_000 };
const ADDRESS = "alice@example.org";
const TEXT = "12345678 is your code.";

const secret = (): Buffer => Buffer.from(PASSWORD);

async function send(
  server: MailServer,
  limits = QUICK,
  signal = new AbortController().signal,
  password = secret(),
): Promise<void> {
  const line = await openMail(server, password, signal, limits);
  try {
    await line.send(ADDRESS, TEXT);
  } finally {
    line.close();
  }
}

/** What keeps it from being sent, in one line. */
function trouble(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "sent",
    (error) => `${error.code}: ${error.message}`.replace(/:[0-9]{4,5}\b/, ":PORT"),
  );
}

for (const tls of SMTP_TLS) {
  test(`a message goes by ${tls}, with the code in its body alone`, PARTS, async (t) => {
    const { server, mails, logins } = await startMailServer(t, { tls });
    await send(server);
    assert.equal(mails.length, 1);
    const [mail = { from: "", to: [], text: "", secure: false }] = mails;
    assert.deepEqual([mail.from, mail.to], [server.from, [ADDRESS]]);
    assert.equal(mail.secure, tls !== "none");
    assert.deepEqual(logins, ["countersign"]);
    const [head = "", body = ""] = mail.text.split("\r\n\r\n");
    assert.equal(body.trim(), TEXT);
    assert.ok(!head.includes("12345678"), head);
    assert.match(head, /^Subject: Your code$/m);
    assert.match(head, /^Auto-Submitted: auto-generated$/im);
  });
}

test("one who has no address costs the server the same and gets nothing", PARTS, async (t) => {
  const { server, mails, logins } = await startMailServer(t);
  const line = await openMail(server, secret(), new AbortController().signal, QUICK);
  await line.pretend(TEXT);
  line.close();
  assert.deepEqual([logins.length, mails.length], [1, 0]);
});

const AT = "the mail server 127.0.0.1:PORT";

const REFUSALS = {
  login: `message-refused: ${AT} refuses the user name or password: 535`,
  sender: `message-refused: ${AT} refuses the message: 553`,
  recipient: `message-refused: ${AT} refuses the message: 550`,
  message: `message-refused: ${AT} refuses the message: 554`,
  starttls: `message-unreachable: ${AT} offers no TLS: 500`,
} as const;

for (const [refuses, expected] of Object.entries(REFUSALS)) {
  test(`a server that refuses the ${refuses} is told by its codes alone`, PARTS, async (t) => {
    const running = await startMailServer(t, { refuses: refuses as keyof typeof REFUSALS });
    assert.equal(await trouble(send(running.server)), expected);
    assert.equal(running.mails.length, 0);
  });
}

test("a server that stops answering is given up, wherever it does", PARTS, async (t) => {
  const hanging = (["login", "recipient", "message"] as const).map(async (hangsAt) => {
    const { server } = await startMailServer(t, { hangsAt });
    const told = await trouble(send(server));
    assert.equal(told, `message-unreachable: ${AT} does not answer`, hangsAt);
  });
  await Promise.all(hanging);
});

test("a server that talks on and on is given up as one that does not answer", async (t) => {
  const { server } = await startMailServer(t, { tls: "none" });
  const port = await startTalker(t);
  const began = performance.now();
  const told = await trouble(send({ ...server, port }, QUICK, AbortSignal.timeout(8_000)));
  assert.equal(told, "message-unreachable: the mail server 127.0.0.1:PORT does not answer");
  assert.ok(performance.now() - began < 4_000);
});

test("a server that is down, silent, or no mail server is out of reach", PARTS, async (t) => {
  const { server } = await startMailServer(t);
  const at = async (port: number, tls: MailServer["tls"] = "starttls"): Promise<string> =>
    trouble(send({ ...server, port, tls }));
  assert.equal(
    await at(1),
    "message-unreachable: the mail server 127.0.0.1:1 is out of reach (ECONNREFUSED)",
  );
  const mute = await startMute(t);
  const silent = await Promise.all(SMTP_TLS.map((tls) => at(mute.port, tls)));
  assert.deepEqual(silent, Array(3).fill(`message-unreachable: ${AT} does not answer`));
  assert.match(await at((await startMute(t, "SSH-2.0-x\r\n")).port), /^message-/);
  assert.match(await at((await startMute(t, "220-x\r\n".repeat(20_000))).port), /^message-/);
  assert.match(
    await at((await startMute(t, "SSH-2.0-x\r\n")).port, "implicit"),
    /^message-unreachable: no trusted TLS/,
  );
  assert.match(
    await trouble(send({ ...server, host: "nowhere.invalid" })),
    /^message-unreachable: .*nowhere\.invalid/,
  );
});

for (const tls of ["starttls", "implicit"] as const) {
  test(`by ${tls}, no password goes to a server that nobody vouches for`, PARTS, async (t) => {
    for (const certificate of ["other-name", "expired", "other-authority"] as const) {
      const { server, logins } = await startMailServer(t, { tls, certificate });
      assert.match(await trouble(send(server)), /^message-unreachable: no trusted TLS with/);
      assert.match(
        await trouble(send({ ...server, authorities: () => undefined })),
        /^message-unreachable: no trusted TLS with/,
      );
      assert.deepEqual(logins, []);
    }
  });
}

test("without TLS nothing goes to another host", PARTS, async (t) => {
  const { server } = await startMailServer(t, { tls: "none" });
  for (const host of ["mail.example.org", "192.0.2.1", "127.0.0.1.example.org", "127.1", ""]) {
    assert.match(await trouble(send({ ...server, host })), /^settings-invalid: without TLS/, host);
  }
  await send({ ...server, host: "localhost" });
});

test("a wrong password is told, and is in no error", PARTS, async (t) => {
  const { server } = await startMailServer(t);
  const signal = new AbortController().signal;
  const error = await send(server, QUICK, signal, Buffer.from("hunter22")).catch((each) => each);
  assert.equal(error.code, "message-refused");
  const { message, hint, cause, stack } = error;
  assert.doesNotMatch([message, hint, String(cause), stack].join(), /hunter22|aHVudGVyMjI|alice/);
});

test("one that nobody waits for any more ends at once", PARTS, async (t) => {
  const slow = { connect: 9000, greeting: 9000, answer: 9000, ready: 9000 };
  const { server, mails } = await startMailServer(t, { hangsAt: "message" });
  const gone = new AbortController();
  const sending = trouble(send(server, slow, gone.signal));
  while (mails.length === 0) await sleep(5);
  gone.abort();
  assert.notEqual(await sending, "sent");
  const line = await openMail(server, secret(), new AbortController().signal, slow);
  const closed = trouble(line.send(ADDRESS, TEXT));
  while (mails.length === 1) await sleep(5);
  line.close();
  assert.notEqual(await closed, "sent");
  await assert.rejects(openMail(server, secret(), AbortSignal.abort(), slow));

  const mute = await startMute(t);
  const left = new AbortController();
  const opening = trouble(openMail({ ...server, port: mute.port }, secret(), left.signal, slow));
  while (mute.connections() === 0) await sleep(5);
  left.abort();
  assert.notEqual(await opening, "sent");
  while (mute.connections() > 0) await sleep(5);
});

test("no address that is let through becomes a header, or a second recipient", PARTS, async (t) => {
  const { server, mails } = await startMailServer(t, { tls: "none" });
  const spiteful = fc.string({
    unit: fc.constantFrom(
      ..."ab.@\r\n\t <>,;:\"'()\\%!|&-+_=\0\u00e9\u2028".split(""),
      "a@b",
      "\r\nBcc: x@y.z",
    ),
    maxLength: 30,
  });
  const addresses = fc.sample(spiteful.filter(isMailAddress), { numRuns: 25, seed: 6 });
  assert.ok(addresses.length === 25);
  const lines = await Promise.all(
    addresses.map(() => openMail(server, secret(), new AbortController().signal)),
  );
  for (const [at, line] of lines.entries()) {
    const address = addresses[at] ?? "";
    await line.send(address, TEXT);
    const { text = "", to } = mails.at(-1) ?? {};
    assert.deepEqual(to, [address]);
    const [head = ""] = text.split("\r\n\r\n");
    const names = head.split(/\r\n(?![ \t])/).map((field) => field.split(":")[0]?.toLowerCase());
    assert.deepEqual(names.toSorted(), HEADERS);
  }
});

const HEADERS = [
  ...["auto-submitted", "content-transfer-encoding", "content-type", "date"],
  ...["from", "message-id", "mime-version", "subject", "to"],
];
