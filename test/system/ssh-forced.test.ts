/** ForceCommand's own questions: streams without a terminal, and a client that lies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { FORCED, SSH, SshHost } from "./ssh-host.ts";

const WAY = { sshd: `AuthenticationMethods publickey\nAcceptEnv *\n${FORCED}`, forced: true };
/** Any program that answers none of its own first bytes. */
const PLAIN = { ...WAY, forced: false };

test(
  "without a terminal and without a code nothing hangs, and one line tells why",
  SSH,
  async (t) => {
    const host = await SshHost.open(t, PLAIN);
    const { sandbox } = host.host;
    await sandbox.sh("head -c 100000 /dev/urandom > /root/data");
    const told = [
      host.copy("scp -O", "h:.profile /root/down"),
      // The server is to speak first: only time ends it.
      host.copy("scp -O", "/root/data h:up"),
      host.rsync("/root/data h:up"),
      host.ssh("h", "cat </dev/null"),
      host.ssh("-n h", "'echo in-$((40+2))'"),
    ];
    // What a subsystem says on standard error, sshd throws away.
    const closed = [
      host.copy("scp", "/root/data h:up"),
      host.copy("scp", "h:.profile /root/down"),
      `echo put /root/data up | ${host.copy("sftp", "h")}`,
    ];
    const played = [...told, ...closed].map(async (script) => {
      const { status, screen } = await host.play(script);
      assert.notEqual(status, 0, screen);
      if (closed.includes(script)) return assert.match(screen, /Connection closed/);
      assert.match(screen, /error: no code came, and there is no terminal/, script);
      assert.match(screen, /try: ssh -t; for scp, sftp and rsync: countersign-ssh/, script);
      assert.doesNotMatch(screen, /in-42/);
    });
    await Promise.all(played);
    await assert.rejects(host.hash("/home/alice/up"));
  },
);

test(
  "a script sends the code's line first; what it writes is the command's alone",
  SSH,
  async (t) => {
    const host = await SshHost.open(t, PLAIN);
    const { phone, sandbox } = host.host;
    await sandbox.sh("head -c 1000000 /dev/urandom > /root/data");
    const code = await phone.next();
    const ssh = host.ssh("h", "'cat; echo err >&2; exit 7'");
    const script = `{ cat /root/code /root/data; } | ${ssh} > /root/out 2> /root/err`;
    await sandbox.sh("cat > /root/code", { input: `${code}\n` });
    assert.equal((await sandbox.run(["sh", "-c", script])).code, 7);
    assert.equal(await host.hash("/root/out"), await host.hash("/root/data"));
    assert.equal(await sandbox.sh("cat /root/err"), "err\n");
  },
);

test("a wrong code, sent by countersign-ssh, leaves nothing behind", SSH, async (t) => {
  const host = await SshHost.open(t, WAY);
  const { phone, sandbox } = host.host;
  await sandbox.sh("head -c 1000000 /dev/urandom > /root/data");
  const wrong = { type: await phone.wrong() };
  const scripts = [
    host.copy("scp", "/root/data h:up"),
    host.copy("scp -O", "/root/data h:up"),
    host.rsync("/root/data h:up"),
  ];
  for (const script of scripts) {
    const { status, screen } = await host.play(script, wrong);
    assert.notEqual(status, 0, screen);
    assert.match(screen, /error: verification failed|Connection closed/);
    assert.equal(await host.host.lastVerdict(), "reject: wrong-code");
  }
  await assert.rejects(host.hash("/home/alice/up"));
  const cancelled = await host.play(host.copy("scp", "/root/data h:up"), { press: "C-c" });
  assert.notEqual(cancelled.status, 0, cancelled.screen);
  const right = await host.play(host.copy("scp", "/root/data h:up"), { type: await phone.next() });
  assert.equal(right.status, 0, right.screen);
  assert.equal(await host.hash("/home/alice/up"), await host.hash("/root/data"));
});

const LIES = {
  USER: "bob",
  LOGNAME: "bob",
  PAM_USER: "bob",
  HOME: "/tmp",
  SHELL: "/bin/false",
  COUNTERSIGN_HOME: "/home/alice/trial",
  COUNTERSIGN_LIMITS: "0 0",
  NODE_OPTIONS: "--require=/home/alice/none.js",
  NODE_EXTRA_CA_CERTS: "/none",
  http_proxy: "http://127.0.0.1:1",
  HTTPS_PROXY: "http://127.0.0.1:1",
  SSH_ORIGINAL_COMMAND: "echo in-41",
  SSH_CONNECTION: "198.51.100.1 1 198.51.100.2 22",
  LC_ALL: "C",
};

test(
  "what the client sends of environment changes neither verdict nor identity",
  SSH,
  async (t) => {
    const host = await SshHost.open(t, WAY);
    const { phone, countersign, sandbox } = host.host;
    const client = Object.entries(LIES).map(([name, value]) => `-o 'SetEnv ${name}="${value}"'`);
    await sandbox.sh("chfn -f bob alice; install -d -o alice /home/alice/trial");
    const say = async (options: string, type: string) => {
      const { status } = await host.play(host.ssh(options, "h", "'echo in; id -un'"), { type });
      const log = await succeed(countersign, ["audit", "list", "--json", "--last", "1"]);
      const [{ user, rhost }] = JSON.parse(log);
      assert.deepEqual([user, rhost], ["alice", "127.0.0.1"]);
      return status;
    };
    for (const options of ["", client.join(" "), `-t ${client.join(" ")}`]) {
      assert.equal(await say(options, await phone.wrong()), 1, options);
      assert.equal(await say(options, await phone.next()), 0, options);
    }
  },
);

test("a connection that is cut at the prompt gives no shell", SSH, async (t) => {
  const host = await SshHost.open(t, WAY);
  const screen = await host.start(host.ssh("-t h"));
  await screen.shows("Verification code:");
  await screen.press("Enter");
  await screen.shows(/error: verification failed/);
  const second = await host.start(`${host.ssh("-t h")} & sleep 2; kill $!; wait`);
  await second.shows(/^ended/m);
  assert.equal(await host.host.lastVerdict(), "reject: end-of-input");
});
