/** The check of the daemon, over sockets with and without a real one behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding } from "../../src/doctor/finding.ts";
import { succeed } from "../commands/enrolled.ts";
import { ADD_OWN_USER, Host, SOCKET } from "../daemon/host.ts";
import { needs } from "../support/parts.ts";

const parts = needs("root", "mount namespaces");

async function findings(host: Host): Promise<Finding[]> {
  const ended = await host.as()(["doctor", "--json"]);
  assert.equal(ended.stderr, "");
  const found: Finding[] = JSON.parse(ended.stdout);
  return found.filter(({ check }) => check === "daemon");
}

async function say(host: Host): Promise<string> {
  return (await findings(host)).map(({ state, message }) => `${state} ${message}`).join("\n");
}

async function mendOf(host: Host): Promise<string> {
  return (await findings(host)).map(({ mend }) => mend).join("\n");
}

test("one that is well, as its own user", parts, async (t) => {
  const host = await Host.withoutDaemon(t, ADD_OWN_USER);
  await succeed(host.as(), ["init"]);
  assert.equal(await say(host), "ok no daemon: commands work in this process");
  await host.startDaemon();
  assert.equal(await say(host), "ok countersignd answers, as countersign");
  await host.stopDaemon();
  assert.equal(await say(host), "ok no daemon: commands work in this process");
});

test("none, where ForceCommand needs one", parts, async (t) => {
  const host = await Host.withoutDaemon(t, ADD_OWN_USER);
  await succeed(host.as(), ["init"]);
  await host.sandbox.sh(
    "mkdir -p /etc/ssh; echo 'ForceCommand /usr/local/bin/countersign login' > /etc/ssh/sshd_config",
  );
  const lost = "ForceCommand countersign login lets in nobody but root";
  const ended = await host.as()(["doctor", "--json"]);
  assert.equal(ended.code, 1);
  assert.ok(ended.stdout.includes(`"problem","message":"no daemon, and without one ${lost}"`));
  const login = await host.as("alice")(["login"], { input: "123456\n" });
  assert.equal(login.code, 5);
  assert.match(login.stderr, /^error: .*countersignd is not running\ntry: ask an administrator/);
});

test("one that is root, with and without a user of its own", parts, async (t) => {
  const host = await Host.withoutDaemon(t);
  await succeed(host.as(), ["init"]);
  await host.startDaemon();
  assert.equal(await say(host), "warning it runs as root: there is no user countersign");
  assert.ok((await mendOf(host)).startsWith(ADD_OWN_USER));
  await host.sandbox.sh(ADD_OWN_USER);
  assert.equal(await say(host), "warning it runs as root, though there is the user countersign");
  assert.match(await mendOf(host), /^countersign init, then/);
  await succeed(host.as(), ["init"]);
  assert.match(await mendOf(host), /^restart it/);
  await host.stopDaemon();
  await host.startDaemon();
  assert.equal(await say(host), "ok countersignd answers, as countersign");
});

test("one whose program was replaced, and one of another installation", parts, async (t) => {
  const host = await Host.withoutDaemon(
    t,
    `mkdir /opt/two && cd /opt/countersign && cp -a bin dist package.json /opt/two
    ln -s /opt/countersign/node_modules /opt/two`,
  );
  await succeed(host.as(), ["init"]);
  await host.startDaemon(["/opt/two/bin/countersignd.js"]);
  assert.match(await say(host), /^warning it is of another installation: \/opt\/two\/dist/m);
  await host.sandbox.sh("cd /opt/two/dist; cp daemon.js new; mv new daemon.js");
  assert.match(await say(host), /^warning it runs a program that has been replaced since$/m);
  await host.sandbox.sh("rm /opt/two/dist/daemon.js");
  assert.match(await say(host), /^warning it runs a program that has been replaced since$/m);
});

test("sockets that nobody can trust, or that nobody answers at", parts, async (t) => {
  const host = await Host.withoutDaemon(t, ADD_OWN_USER);
  await succeed(host.as(), ["init"]);
  await host.startDaemon();
  const spoil = async (script: string, mend: string): Promise<string> => {
    await host.sandbox.sh(script);
    const said = await say(host);
    await host.sandbox.sh(mend);
    assert.match(await say(host), /^ok/, script);
    return said;
  };
  const directory = "/run/countersign";
  assert.match(
    await spoil(`chmod 777 ${directory}`, `chmod 755 ${directory}`),
    /^problem \/run\/countersign can be written to/,
  );
  assert.match(
    await spoil(`chown alice ${directory}`, `chown countersign ${directory}`),
    /^problem \/run\/countersign belongs to uid/,
  );
  assert.match(
    await spoil(`chown alice ${SOCKET}`, `chown countersign ${SOCKET}`),
    /^problem .*socket belongs to uid/,
  );
  assert.match(
    await spoil(`chmod 600 ${SOCKET}`, `chmod 666 ${SOCKET}`),
    /^warning not every user may connect/,
  );
  assert.equal(
    await spoil(`chmod 750 ${directory}`, `chmod 755 ${directory}`),
    "warning not every user may connect to /run/countersign/socket",
  );
  const stale = await spoil(
    `mv ${SOCKET} ${SOCKET}.kept; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("${SOCKET}")'`,
    `mv ${SOCKET}.kept ${SOCKET}`,
  );
  assert.match(stale, /^problem nobody listens at/);
  const file = await spoil(
    `mv ${SOCKET} ${SOCKET}.kept; echo > ${SOCKET}`,
    `mv ${SOCKET}.kept ${SOCKET}`,
  );
  assert.match(file, /^problem .*socket is no socket/);
});

test("one that lets in and says nothing is not waited for", {
  ...parts,
  timeout: 60_000,
}, async (t) => {
  const host = await Host.withoutDaemon(t);
  await succeed(host.as(), ["init"]);
  const HANG = `
    const { createServer } = require("node:net");
    const { mkdirSync } = require("node:fs");
    mkdirSync("/run/countersign", { mode: 0o755 });
    createServer(() => undefined).listen("${SOCKET}", () => console.error("listening"));
  `;
  await host.startDaemon([process.execPath, "-e", HANG]);
  assert.match(await say(host), /^problem countersignd does not answer/m);
});

test("lines of the module are held against what listens", parts, async (t) => {
  const host = await Host.withoutDaemon(t, ADD_OWN_USER);
  await succeed(host.as(), ["init"]);
  await host.sandbox.pamService("sudo", "auth required pam_countersign.so\n");
  assert.match(
    await say(host),
    /^warning no daemon, so each login through sudo starts the verifier, as root/,
  );
  assert.match(await mendOf(host), /systemctl enable --now countersignd,/);
  await host.startDaemon();
  assert.equal(await say(host), "ok countersignd answers, as countersign");
  await host.sandbox.pamService(
    "su",
    "auth required pam_countersign.so socket=/run/other/socket\n",
  );
  assert.equal(
    await say(host),
    "ok countersignd answers, as countersign\n" +
      "problem su, su-l: its line names socket=/run/other/socket, where no countersignd answers",
  );
  await host.sandbox.pamService("su", `auth required pam_countersign.so socket=${SOCKET}\n`);
  assert.equal(await say(host), "ok countersignd answers, as countersign");
});

test(
  "what init has not given yet is told, with its mend",
  needs("root", "mount namespaces"),
  async (t) => {
    const host = await Host.withoutDaemon(t, ADD_OWN_USER);
    await succeed(host.as(), ["init"]);
    const files = async () => {
      const ended = await host.as()(["doctor", "--json"]);
      const found: Finding[] = JSON.parse(ended.stdout);
      return found.filter(({ check }) => check === "files");
    };
    assert.deepEqual(
      (await files()).map(({ state }) => state),
      ["ok"],
    );
    await host.sandbox.sh("chown root /etc/countersign/master.key");
    const [kept] = await files();
    assert.deepEqual(
      [kept?.state, kept?.message, kept?.mend],
      [
        "problem",
        "/etc/countersign/master.key: still root's, though the rest is the daemon's",
        "countersign init",
      ],
    );
    await succeed(host.as(), ["init"]);
    assert.deepEqual(
      (await files()).map(({ state }) => state),
      ["ok"],
    );
    await host.sandbox.sh("chown root /var/lib/countersign");
    assert.deepEqual(
      (await files()).map(({ state }) => state),
      ["warning"],
    );
  },
);
