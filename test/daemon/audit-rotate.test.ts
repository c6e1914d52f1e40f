/** Rotation as administrators run it: beside a daemon, killed, gone on with, and proven elsewhere. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readdirSync, writeFileSync } from "node:fs";
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
  needs("oathtool"),
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
    // The daemon may have gone on when its client was gone: then the name is taken.
    const last = join(folder, "archive-2");
    await succeed(countersign, [...rotate.slice(0, -1), last]);
    const archives = readdirSync(folder).filter((name) => name.startsWith("archive"));
    assert.equal(archives.at(-1), "archive-2");
    const files = archives.flatMap((name) => ["--archive", join(folder, name)]);
    const proof = JSON.parse(
      await succeed(countersign, [
        ...["audit", "verify", ...files, "--checkpoint", kept, "--json"],
      ]),
    );
    assert.ok(proof.intact && proof.events > EVENTS, JSON.stringify(proof));
    assert.deepEqual([proof.first, proof.archived.leftOver], [undefined, 0]);
    assert.equal(proof.checkpoints[0].text, checkpoint);
    assert.equal((await daemon.stop()) ?? 0, 0);

    // An auditor has the files and the key, on a machine without any store.
    const desk = await makeDirectory(t);
    writeFileSync(
      join(desk, "audit.pem"),
      await succeed(countersign, ["audit", "checkpoint", "--public-key"]),
    );
    for (const name of [...archives, "kept"]) copyFileSync(join(folder, name), join(desk, name));
    const auditor = (...args: string[]) =>
      run([CLI, "audit", "verify", ...args], {
        env: { ...MINIMAL_ENV, COUNTERSIGN_HOME: "/nonexistent" },
        cwd: desk,
      });
    const all = archives.flatMap((name) => ["--archive", name]);
    const evidence = ["--public-key", "audit.pem", "--checkpoint", "kept", ...all];
    const { stdout, stderr, code } = await auditor(...evidence);
    assert.deepEqual([stderr, code], ["", 0]);
    assert.match(
      stdout,
      /^2\d{3} events, none changed\nhead \d+:[0-9a-f]{64}\narchives read: \d\ncheckpoint /,
    );
    writeFileSync(join(desk, "archive-2"), "{}\n");
    const forged = await auditor(...evidence);
    assert.equal(forged.code, 1);
    assert.match(forged.stderr, /^error: archive-2: event 1 was altered\ntry: .*\n$/);
  },
);
