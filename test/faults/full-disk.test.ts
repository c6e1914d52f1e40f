/**
 * A disk that is full, to the last byte or nearly, at everything that writes: an error and
 * never an accept, nothing lost, and all as before once there is room again.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { needs } from "../support/parts.ts";
import { DISK, Disk, enrolled, LEFT, Tally } from "./disk.ts";
import { assertOpen, assertWhole, codeOf, done, enroll, setUp, TOLD } from "./post.ts";

describe("a full disk", { concurrency: 2, ...needs("root", "mount namespaces") }, () => {
  test("at verify: unavailable, never accepted, and the code still good", async (t) => {
    const { disk, handed } = await enrolled(t);
    const verify = ["verify", "alice", "--code-stdin", "--json"];
    for (const answer of [() => codeOf(handed.secret), () => handed.backupCodes[0] ?? ""]) {
      const tally = new Tally();
      for (const left of LEFT) {
        await disk.restore();
        await disk.fill(left);
        const input = answer();
        const ended = await disk.countersign(verify, { input });
        const passed = tally.note(left, ended, 5);
        assert.equal(JSON.parse(ended.stdout).verdict, passed ? "accept" : "unavailable");
        await disk.free();
        const again = await disk.countersign(verify, { input });
        assert.equal(again.code, passed ? 1 : 0, `${left} KiB left: ${again.stderr}`);
      }
      tally.check();
    }
    await assertWhole(disk.countersign, handed);
  });

  for (const [what, args, input] of [
    ["reset", ["reset", "alice", "--yes", "--json"]],
    ["backup-code generate", ["backup-code", "generate", "alice", "--json"]],
    ["enroll --begin", ["enroll", "alice", "--begin", "--json"]],
    ["user disable", ["user", "disable", "alice", "--json"]],
    ["import", ["import", "oath", "-"], `HOTP/T30 bob - ${"0123456789abcdef".repeat(3)}\n`],
  ] as const) {
    test(`at ${what}: an error, and nothing is lost`, async (t) => {
      const { disk, handed } = await enrolled(t);
      const tally = new Tally();
      for (const left of LEFT) {
        await disk.restore();
        await disk.fill(left);
        const passed = tally.note(left, await disk.countersign(args, input ? { input } : {}), 1);
        await disk.free();
        if (!passed) await assertOpen(disk.countersign, handed);
        if (passed) break;
        if (left === 0) await assertWhole(disk.countersign, handed);
      }
      tally.check();
    });
  }

  test("at enroll --confirm: the old secret works, and so does confirming later", async (t) => {
    const { disk, handed } = await enrolled(t);
    const begun = done(await disk.countersign(["enroll", "alice", "--begin", "--json"]));
    const { secret } = JSON.parse(begun.stdout);
    await disk.save();
    const confirm = ["enroll", "alice", "--confirm", "--code-stdin", "--json"];
    const tally = new Tally();
    for (const left of LEFT) {
      await disk.restore();
      await disk.fill(left);
      const input = codeOf(secret);
      const passed = tally.note(left, await disk.countersign(confirm, { input }), 1);
      await disk.free();
      if (passed) continue;
      await assertOpen(disk.countersign, handed);
      done(await disk.countersign(confirm, { input }));
    }
    tally.check();
  });

  test("at config set: the settings are the old ones, with nothing beside them", async (t) => {
    const { disk, handed } = await enrolled(t);
    await disk.fill(0);
    const set = await disk.countersign(["config", "set", "issuer", "Other"]);
    assert.equal(set.code, 1);
    assert.match(set.stderr, TOLD);
    assert.match(set.stderr, /no space left/);
    await disk.free();
    assert.ok(
      !(await disk.list()).some((name) => name.includes(".tmp")),
      "a temporary file is left",
    );
    await assertOpen(disk.countersign, handed);
  });

  test("at init: an error, and init again ends it", async (t) => {
    const disk = await Disk.make(t);
    const tally = new Tally();
    for (const left of [...LEFT, 128, 160, 192]) {
      await disk.remove("home");
      await disk.fill(left);
      const passed = tally.note(left, await disk.countersign(["init", "--json"]), 1);
      await disk.free();
      if (passed) continue;
      const early = await disk.countersign(["verify", "alice", "--code-stdin"], {
        input: "123456",
      });
      assert.equal(early.code, 5, early.stderr);
      await setUp(disk.countersign);
      await assertOpen(disk.countersign, await enroll(disk.countersign));
    }
    tally.check();
  });

  test("at --qr-file: no picture cut short, and no enrollment", async (t) => {
    const { disk, handed } = await enrolled(t);
    const file = `${DISK}/key.png`;
    await disk.fill(0);
    const args = ["enroll", "bob", "--qr-file", file, "--qr", "none", "--code-stdin"];
    const ended = await disk.countersign(args, { input: "123456\n" });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, TOLD);
    await disk.free();
    assert.ok(!(await disk.list()).includes("./key.png"));
    await assertOpen(disk.countersign, handed);
  });
});
