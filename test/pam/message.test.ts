/** Codes by message in real PAM: by mail to a server on loopback, and by a program of the host's. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { succeed } from "../commands/enrolled.ts";
import { PASSWORD, type Running, startMailServer } from "../message/mail-server.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { Terminal } from "../support/terminal.ts";
import { DAEMON, DaemonHost } from "./daemon-host.ts";

const PARTS = { ...needs("openssl", "tmux"), ...DAEMON };
const CODE = /([0-9]{8}) is your code/;

const PROGRAM = `#!/bin/sh
test "$1" = --to=+4915112345678 && cat > /opt/text.new && mv /opt/text.new /opt/text
`;

/** A daemon's host that sends by both ways, and the stack of the module alone. */
async function open(t: TestContext): Promise<{ host: DaemonHost; mail: Running }> {
  const mail = await startMailServer(t, { tls: "implicit" });
  const host = await DaemonHost.open(t);
  await host.stack("auth required MODULE");
  const { authorities, subject: _, ...server } = mail.server;
  const caFile = "/etc/countersign/mail-ca.pem";
  await host.sandbox.sh(`cat > ${caFile}; chmod 644 ${caFile}`, { input: authorities() ?? "" });
  await host.sandbox.sh("cat > /opt/send; chmod 755 /opt/send", { input: PROGRAM });
  const message = { smtp: { ...server, caFile }, command: "/opt/send --to={address}" };
  await host.sandbox.sh("cat > /etc/countersign/countersign.json", {
    input: JSON.stringify({ message }),
  });
  const secret = ["method", "secret", "message", "--secret-stdin"];
  await succeed(host.countersign, secret, PASSWORD);
  await succeed(host.countersign, ["method", "enable", "message"]);
  return { host, mail };
}

test("a login by the word message and the code that is sent for it", PARTS, async (t) => {
  const { host, mail } = await open(t);
  const start = (...argv: string[]): Promise<Terminal> =>
    Terminal.start(t, host.sandbox.enter(argv));
  const byMail = async (): Promise<string> => {
    while (mail.mails.length === 0) await sleep(10);
    return CODE.exec(mail.mails.splice(0)[0]?.text ?? "")?.[1] ?? "";
  };
  const byProgram = async (): Promise<string> => {
    const { stdout } = await host.sandbox.run([
      ...[
        "sh",
        "-c",
        "while ! test -e /opt/text; do sleep 0.05; done; cat /opt/text; rm /opt/text",
      ],
    ]);
    return CODE.exec(stdout)?.[1] ?? "";
  };
  const enroll = async (user: string, address: string, code: () => Promise<string>) => {
    const flags = ["--method", "message", "--address", address];
    const terminal = await start(SANDBOX_CLI, "enroll", user, ...flags);
    await terminal.shows("Code sent to");
    await terminal.enter(await code());
    await terminal.shows(`${user} is enrolled in message.`);
  };
  const login = async (user: string, mask: RegExp, code: () => Promise<string>) => {
    const terminal = await start("pamtester", "countersign-test", user, "authenticate");
    await terminal.shows("Verification code (or message):");
    await terminal.enter("message");
    await terminal.shows(mask);
    await terminal.enter(await code());
    return terminal.shows(/successfully authenticated|Authentication failure/);
  };
  const SUCCESS = /successfully authenticated/;

  await enroll("alice", "alice@example.org", byMail);
  assert.match(await login("alice", /Code sent to a\.\.@\.\.:/, byMail), SUCCESS);
  assert.equal(await host.lastVerdict(), "accept");

  await enroll("bob", "+49 151 12345678", byProgram);
  assert.match(await login("bob", /Code sent to \+\.\.78:/, byProgram), SUCCESS);

  const used = "00000000";
  const DECOY = /Code sent to (?:[a-z]\.\.@\.\.|\+\.\.[0-9]{2}):/;
  assert.doesNotMatch(await login("nobody-such", DECOY, async () => used), SUCCESS);
  assert.equal(await host.lastVerdict(), "unenrolled: not-enrolled");
  assert.deepEqual(mail.mails, []);
  assert.doesNotMatch(host.log, /example\.org|4915112345678/);
});
