/** Rotation as administrators run it: beside a daemon, killed, gone on with, and proven elsewhere. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { writeEvents } from "../bench/audit-log.ts";
import { enrolledHome, succeed } from "../commands/enrolled.ts";
import { CLI, makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV, run } from "../support/run.ts";
import { Daemon } from "./daemon.ts";

const EVENTS = 2_000;

test(
  "killed and killed again beside logins, it loses nothing, and files prove it without the key",
  needs("root", "oathtool", "openssl"),
  async (t) => {
    const { home, countersign, phone } = await enrolledHome(t);
    await writeEvents(home.path, EVENTS);
    const daemon = await Daemon.start(t, home);
    const checkpoint = await succeed(countersign, ["audit", "checkpoint"]);
    const folder = await makeDirectory(t);
    const kept = join(folder, "kept");
    writeFileSync(kept, checkpoint);

    const rotate = ["audit", "rotate", "--keep", "0", "--archive", join(folder, "archive")];
    for (const after of [300, 500]) {
      const child = spawn(CLI, rotate, { env: home.env, stdio: "ignore" });
      const ended = once(child, "exit");
      const login = countersign(["verify", "alice", "--code-stdin"], { input: await phone.next() });
      await sleep(after);
      child.kill("SIGKILL");
      await ended;
      assert.equal((await login).code, 0);
    }
    const last = await countersign([...rotate, "--json"]);
    assert.equal(last.code, 0, last.stderr);
    const archive = join(
      folder,
      readdirSync(folder).filter((name) => /^archive/.test(name))[0] ?? "",
    );
    const proof = JSON.parse(
      await succeed(countersign, [
        ...["audit", "verify", "--archive", archive, "--checkpoint", kept, "--json"],
      ]),
    );
    assert.ok(proof.intact && proof.events > EVENTS, JSON.stringify(proof));
    assert.deepEqual([proof.first, proof.archives, proof.archived.leftOver], [undefined, 1, 0]);
    assert.equal(proof.checkpoints[0].text, checkpoint);
    assert.equal((await daemon.stop()) ?? 0, 0);

    // An auditor has the files and the key, and no right to anything else.
    const files = await makeDirectory(t);
    writeFileSync(
      join(files, "audit.pem"),
      await succeed(countersign, ["audit", "checkpoint", "--public-key"]),
    );
    for (const [from, name] of [
      [archive, "archive"],
      [kept, "kept"],
    ] as const) {
      copyFileSync(from, join(files, name));
      chmodSync(join(files, name), 0o644);
    }
    chmodSync(files, 0o755);
    const auditor = (...args: string[]) =>
      run(["setpriv", "--reuid=65534", "--clear-groups", CLI, "audit", "verify", ...args], {
        env: { ...MINIMAL_ENV, HOME: "/nonexistent" },
        cwd: files,
      });
    const evidence = ["--public-key", "audit.pem", "--checkpoint", "kept", "--archive", "archive"];
    const { stdout, stderr, code } = await auditor(...evidence);
    assert.deepEqual([stderr, code], ["", 0]);
    assert.match(stdout, /^\d+ events, none changed\nhead \d+:[0-9a-f]{64}\narchives read: 1\n/);
    writeFileSync(join(files, "archive"), "{}\n");
    const forged = await auditor(...evidence);
    assert.equal(forged.code, 1);
    assert.match(forged.stderr, /^error: archive: event 1 was altered\ntry: .*\n$/);
  },
);
