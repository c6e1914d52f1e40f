/** The daemon's own user: whose the host's files are, whoever makes them, and who the daemon is. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { enroll, succeed } from "../commands/enrolled.ts";
import { assertFailure } from "../commands/failure.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { until } from "./daemon.ts";
import { ADD_OWN_USER, DAEMON, Host } from "./host.ts";

const parts = needs("root", "mount namespaces", "oathtool");
const PLACES = "/etc/countersign /var/lib/countersign";
const VERIFY = ["verify", "alice", "--code-stdin"];

/** Owners of everything in the two directories, themselves included. */
async function owners(host: Host): Promise<string[]> {
  const found = await host.sandbox.sh(`find ${PLACES} -printf '%u:%g\\n' | sort -u`);
  return found.trim().split("\n");
}

test("without such a user all is root's, and init says how to have one", parts, async (t) => {
  const host = await Host.withoutDaemon(t);
  const said = await succeed(host.as(), ["init"]);
  const advice = /^owner {7}root; .*without root's rights, and then init again:\n {12}(.*)$/m;
  assert.match(said, advice);
  const { owner } = JSON.parse(await succeed(host.as(), ["init", "--json"]));
  assert.deepEqual(owner, { user: "root", because: "no-user" });
  assert.deepEqual(await owners(host), ["root:root"]);
  const [, add = ""] = advice.exec(said) ?? [];
  assert.equal(add, ADD_OWN_USER);
  await host.startDaemon();
  assert.match(host.log, /^countersignd: running as root, for this host has no user countersign/m);
  assert.ok(host.log.includes(add));
  assert.match(await host.daemonStatus(), /^Uid:\t0\t0\t0\t0$/m);
});

test(
  "whatever root makes in process is that user's",
  needs("root", "mount namespaces", "oathtool", "strace"),
  async (t) => {
    const host = await Host.withoutDaemon(t, ADD_OWN_USER);
    const root = host.as();
    assert.match(await succeed(root, ["init"]), /^owner {7}countersign$/m);
    const { phone, backupCodes } = await enroll(root);
    await succeed(root, VERIFY, await phone.next());
    assert.equal((await root(VERIFY, { input: await phone.wrong() })).code, 1);
    await succeed(root, ["backup-code", "generate", "alice"]);
    assert.equal((await root(VERIFY, { input: backupCodes[0] ?? "" })).code, 1);
    await succeed(root, ["user", "list"]);
    await succeed(root, ["audit", "verify"]);
    await succeed(root, ["config", "set", "issuer", "Example"]);
    assert.deepEqual(await owners(host), ["countersign:countersign"]);
    // Settings are replaced by way of a file of another name: left here, for it is killed before.
    await host.sandbox.run([
      ...["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename"],
      ...["-e", "inject=rename:signal=KILL", SANDBOX_CLI, "config", "set", "issuer", "Other"],
    ]);
    assert.match(await host.sandbox.sh("ls /etc/countersign"), /countersign\.json\.new/);
    assert.deepEqual(await owners(host), ["countersign:countersign"]);
    const everywhere = "find / -xdev -path /tmp -prune -o -user countersign -print";
    assert.equal(await host.sandbox.sh(everywhere), "", "and nothing is left elsewhere");
  },
);

test(
  "the log beside an open store is that user's while root waits for a code",
  parts,
  async (t) => {
    const { host, phone } = await Host.enrolledWithoutDaemon(t, "countersign");
    const [command = "", ...args] = host.sandbox.enter([SANDBOX_CLI, ...VERIFY]);
    const asking = spawn(command, args, { env: MINIMAL_ENV, stdio: ["pipe", "ignore", "inherit"] });
    const ended = once(asking, "exit");
    const files = () => host.sandbox.sh("ls /var/lib/countersign");
    await until(async () => (await files()).includes("store.db-shm"));
    assert.deepEqual(await owners(host), ["countersign:countersign"]);
    asking.stdin.end(await phone.next());
    assert.deepEqual(await ended, [0, null]);
  },
);

test("the command that is become on acceptance has all that root has", parts, async (t) => {
  const { host, phone } = await Host.enrolledWithoutDaemon(t, "countersign");
  await host.sandbox.sh("groupadd extra; usermod -aG extra root");
  const look = ["grep", "-E", "^(Uid|Gid|Groups|Cap[A-Z]|NoNewPrivs)", "/proc/self/status"];
  for (const groups of ["--clear-groups", "--init-groups", "--groups=0,1,42"]) {
    const as = ["setpriv", "--reuid=0", "--regid=0", groups, "--"];
    const alone = await host.sandbox.run([...as, ...look]);
    assert.match(alone.stdout, /^Uid:\t0\t0\t0\t0$/m);
    const become = await host.sandbox.run([...as, SANDBOX_CLI, ...VERIFY, "--", ...look], {
      input: await phone.next(),
    });
    assert.equal(become.stdout, alone.stdout, groups);
  }
});

test("what root writes for itself meanwhile is root's", parts, async (t) => {
  const host = await Host.withoutDaemon(t, `${ADD_OWN_USER}; chmod 700 /root`);
  await succeed(host.as(), ["init"]);
  await succeed(host.as(), ["enroll", "alice", "--begin", "--qr-file", "/root/key.png"]);
  assert.equal((await host.sandbox.sh("stat -c '%U %a' /root/key.png")).trim(), "root 600");
});

test("root that may not act as that user is refused, and leaves nothing", parts, async (t) => {
  const { host, phone } = await Host.enrolledWithoutDaemon(t, "countersign");
  for (const kept of ["-setuid", "-setgid"]) {
    const argv = ["setpriv", `--bounding-set=${kept}`, "--", SANDBOX_CLI, ...VERIFY];
    const refused = await host.sandbox.run(argv, { input: await phone.code() });
    assertFailure(refused, 5, /^error: this process may not act as uid/, /CAP_SETUID/);
    const daemon = await host.sandbox.run(["setpriv", `--bounding-set=${kept}`, "--", DAEMON]);
    assert.equal(daemon.code, 1);
    assert.match(daemon.stderr, /^countersignd: this process may not act as uid \d+/);
  }
  assert.deepEqual(await owners(host), ["countersign:countersign"]);
  await succeed(host.as(), VERIFY, await phone.next());
});

test(
  "an installation of root's moves over by init, and logins go on at each step",
  parts,
  async (t) => {
    const { host, phone } = await Host.enrolledWithoutDaemon(t, "root");
    const root = host.as();
    await host.sandbox.sh(ADD_OWN_USER);
    await succeed(root, VERIFY, await phone.next());
    assert.deepEqual(await owners(host), ["root:root"]);
    await host.startDaemon();
    assert.match(
      host.log,
      /^countersignd: running as root, whose the files are; .*countersign init/m,
    );
    await host.stopDaemon();
    // As init gives them, one by one: this is what a power cut leaves.
    for (const path of [
      "/etc/countersign/countersign.json",
      "/etc/countersign/master.key",
      "/var/lib/countersign/store.db",
      "/etc/countersign",
    ]) {
      await host.sandbox.sh(`chown countersign:countersign ${path}`);
      await succeed(root, VERIFY, await phone.next());
    }
    await host.startDaemon();
    assert.equal(await host.stopDaemon(), 0);
    for (const _ of ["moves", "is safe to repeat"]) {
      assert.match(await succeed(root, ["init"]), /^owner {7}countersign$/m);
      assert.deepEqual(await owners(host), ["countersign:countersign"]);
      await succeed(root, VERIFY, await phone.next());
    }
    await host.startDaemon();
    assert.doesNotMatch(host.log, /root/);
  },
);

test(
  "init killed at any gift leaves what works, and goes on the next time",
  needs("root", "mount namespaces", "oathtool", "strace"),
  async (t) => {
    const { host, phone } = await Host.enrolledWithoutDaemon(t, "root");
    const root = host.as();
    await host.sandbox.sh(ADD_OWN_USER);
    for (let gift = 1; gift <= 5; gift++) {
      const inject = `inject=fchown:signal=KILL:when=${gift}`;
      await host.sandbox.sh(`chown -R root:root ${PLACES}`);
      const killed = await host.sandbox.run([
        ...["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fchown", "-e", inject],
        ...[SANDBOX_CLI, "init"],
      ]);
      assert.notEqual(killed.code, 0, `gift ${gift}`);
      await succeed(root, VERIFY, await phone.next());
    }
    await succeed(root, ["init"]);
    assert.deepEqual(await owners(host), ["countersign:countersign"]);
    await succeed(root, VERIFY, await phone.next());
  },
);

test("planted links, second names and strangers' files are not given away", parts, async (t) => {
  const { host, phone } = await Host.enrolledWithoutDaemon(t, "root");
  await host.sandbox.sh(`${ADD_OWN_USER}; touch /etc/precious; cp -a /etc/countersign /etc/kept`);
  for (const [plant, why] of [
    ["rm master.key; ln -s /etc/precious master.key", /is a symbolic link/],
    ["rm master.key; ln /etc/precious master.key", /has a second name/],
    ["rm master.key; mkfifo -m 600 master.key", /is not a regular file/],
    ["chown alice master.key", /belongs to uid/],
    ["chown alice .", /belongs to uid/],
    ["chmod 777 .", /can be written to/],
    ["cd ..; mv countersign /home/alice/; ln -s /home/alice/countersign .", /belongs to uid/],
  ] as const) {
    await host.sandbox.sh(`cd /etc/countersign; ${plant}`);
    const { code, stderr } = await host.as()(["init"]);
    assert.equal(code, 1, plant);
    assert.match(stderr, why, plant);
    const given = "find /etc/precious /etc/countersign/master.key /home/alice -user countersign";
    assert.equal(await host.sandbox.sh(given), "", plant);
    const store = await host.sandbox.sh("stat -c %U /var/lib/countersign");
    assert.equal(store, "root\n", `${plant}: it would be half of it`);
    await host.sandbox.sh(
      "rm -rf /etc/countersign /home/alice/countersign; cp -a /etc/kept /etc/countersign",
    );
  }
  await succeed(host.as(), ["init"]);
  await succeed(host.as(), VERIFY, await phone.next());
});

test(
  "once it is that user's, a third one's is refused, and so is a way another may write to",
  parts,
  async (t) => {
    const { host, phone } = await Host.enrolledWithoutDaemon(t, "countersign");
    await host.sandbox.sh(
      "cp -a /etc/countersign /etc/kept; cp -a /var/lib/countersign /var/lib/kept",
    );
    for (const [plant, why] of [
      ["chown alice /etc/countersign/master.key", /master\.key belongs to uid/],
      ["chown alice /var/lib/countersign/store.db", /belongs to uid/],
      ["chown alice /etc/countersign/countersign.json", /belongs to uid/],
      ["chmod 777 /etc/countersign", /can be written to/],
      [
        "mv /etc/countersign /home/alice/it; ln -s /home/alice/it /etc/countersign",
        /alice belongs/,
      ],
      ["chown -R alice /var/lib/countersign", /belongs to uid/],
    ] as const) {
      await host.sandbox.sh(plant);
      const refused = await host.as()(VERIFY, { input: await phone.code() });
      assert.equal(refused.code, 5, plant);
      assert.match(refused.stderr, why, plant);
      await host.sandbox.sh(`
      rm -rf ${PLACES} /home/alice/it
      cp -a /etc/kept /etc/countersign; cp -a /var/lib/kept /var/lib/countersign`);
    }
    await succeed(host.as(), VERIFY, await phone.next());
  },
);

test("a store elsewhere moves over once its directory is that user's", parts, async (t) => {
  const host = await Host.withoutDaemon(t, `${ADD_OWN_USER}; mkdir /var/lib/elsewhere`);
  const init = ["init", "--store", "sqlite:/var/lib/elsewhere/store.db"];
  assertFailure(
    await host.as()(init),
    1,
    /elsewhere.* does not belong to countersign/,
    /^try: chown/,
  );
  await host.sandbox.sh("chown countersign: /var/lib/elsewhere");
  await succeed(host.as(), init);
  const { phone } = await enroll(host.as());
  await succeed(host.as(), VERIFY, await phone.next());
  assert.equal(await host.sandbox.sh("find /var/lib/elsewhere ! -user countersign"), "");
});

test(
  "a daemon that root starts is that user for good, without a right of root's",
  parts,
  async (t) => {
    const { host, phone } = await Host.enrolledWithoutDaemon(t, "countersign");
    await host.startDaemon();
    const uid = (await host.sandbox.sh("id -u countersign")).trim();
    const status = await host.daemonStatus();
    assert.match(status, new RegExp(`^Uid:(\t${uid}){4}$`, "m"));
    assert.match(status, /^Groups:\s*$/m);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) {
      assert.match(status, new RegExp(`^${set}:\t0{16}$`, "m"));
    }
    const places = "stat -c '%U %a' /run/countersign /run/countersign/socket";
    assert.equal(await host.sandbox.sh(places), "countersign 755\ncountersign 666\n");
    await succeed(host.as(), VERIFY, await phone.next());
    await succeed(host.as("alice"), ["verify", "--code-stdin"], await phone.next());
    assert.equal(await host.stopDaemon(), 0);
    // What an older one left as root is no hindrance.
    await host.sandbox.sh("chown -R root: /run/countersign");
    await host.startDaemon();
    await succeed(host.as("alice"), ["verify", "--code-stdin"], await phone.next());
    assert.deepEqual(await owners(host), ["countersign:countersign"]);
  },
);
