/** The commands about messages: set up, tried, and an address that is proven by its code. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PASSWORD, startMailServer } from "../message/mail-server.ts";
import { CLI, Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { Terminal } from "../support/terminal.ts";
import { succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

const parts = needs("openssl", "tmux");
const SECRET = ["method", "secret", "message", "--secret-stdin"];

test("a mail server is set up, tried, and proves an address", parts, async (t) => {
  const mail = await startMailServer(t);
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  const enable = ["method", "enable", "message"];
  assertFailure(await countersign(enable), 1, /neither a mail server nor a program/);
  const enroll = ["enroll", "alice", "--method", "message", "--address"];
  const off = await countersign([...enroll, "alice@example.org"]);
  assertFailure(off, 2, /message is off, or not set up/, /method enable message/);

  const { host, port, user = "", from, authorities } = mail.server;
  const caFile = join(home.path, "mail-ca.pem");
  writeFileSync(caFile, authorities() ?? "", { mode: 0o644 });
  const smtp = { host, port, user, from, caFile };
  for (const [name, value] of Object.entries(smtp)) {
    await succeed(countersign, ["config", "set", `message.smtp.${name}`, String(value)]);
  }
  await succeed(countersign, enable);
  const check = ["method", "check", "message"];
  const before = await countersign(check);
  assert.equal(before.code, 1);
  assert.match(before.stdout, /^problem +message +no password of the mail server is kept\n/);
  assertFailure(await countersign(SECRET, { input: "a\u0007b\n" }), 2, /printable/);
  assertFailure(await countersign([...SECRET, "hunter22"]), 2, /one method/);
  await succeed(countersign, SECRET, `${PASSWORD}\n`);
  assert.deepEqual(JSON.parse(await succeed(countersign, [...check, "--json"])), {
    ...{ method: "message", state: "ok", message: "every way that is set up is open" },
  });
  const { stdout } = await countersign(["doctor"]);
  assert.match(stdout, /^ok +message +every way that is set up is open$/m);

  const run = `${CLI} ${enroll.slice(0, -1).join(" ")}; echo "ended: $?"`;
  const terminal = await Terminal.start(t, ["sh", "-c", run], { env: home.env });
  await terminal.shows("Phone number or mail address for codes:");
  await terminal.enter("alice@example.org");
  await terminal.shows("Code sent to a..@..:");
  while (mail.mails.length === 0) await sleep(10);
  const code = /^([0-9]{8}) is your code/m.exec(mail.mails[0]?.text ?? "")?.[1] ?? "";
  await terminal.enter(code);
  await terminal.shows("alice is enrolled in message.");
  await terminal.shows("ended: 0");
  assert.match(await succeed(countersign, ["method", "list"]), /message +on +1/);
  const phone = await countersign([...enroll, "+4915112345678"]);
  assertFailure(phone, 2, /this host sends nothing to phone numbers/);
  assertFailure(
    await countersign([...enroll, "a@b", "--digits", "8"]),
    2,
    /--digits is for --method totp/,
  );
  assertFailure(await countersign(["enroll", "alice", "--address", "a@b"]), 2, /--method message/);

  await succeed(countersign, ["config", "unset", "message.smtp.user"]);
  const purged = await countersign(["method", "purge", "message", "--yes"]);
  assert.equal(purged.stdout, "message: removed from 1 user\n");
  assert.doesNotMatch(await succeed(countersign, ["config", "list"]), /127\.0\.0\.1|example\.org/);
});
