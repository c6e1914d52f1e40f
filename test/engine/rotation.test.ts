/** Rotation: nothing is lost, whenever it is cut short, and files and store stay one chain. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { LogLine } from "../../src/core/audit-message.ts";
import { asRoot, fault, onSmallDisk } from "../files/sandbox.ts";
import { person } from "./host.ts";
import { DAY, Killed, RotatedHost } from "./rotation-host.ts";

test("what is old goes to a file, and the chain goes on from its checkpoint", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.live(10);
  const before = await rotated.host.audit();
  const { archived, removed, checkpoint } = await rotated.rotate("a", 5);
  assert.deepEqual([archived, removed, checkpoint?.sequence], [4, 4, 4]);
  assert.deepEqual(
    rotated
      .lines("a")
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
    before.slice(0, 4).map(({ at, ...rest }) => ({ ...rest, at: new Date(at).toISOString() })),
  );
  assert.equal(statSync(rotated.path("a")).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(rotated.folder), ["a"]);
  const events = await rotated.host.audit();
  assert.deepEqual(events[0], before[4]);
  const [key, rotation] = events.slice(-2);
  assert.deepEqual([key?.action, rotation?.action], ["audit-key", "audit-rotate"]);
  const { sha256 } = checkpoint?.archive ?? {};
  assert.equal(rotation?.detail, `archived=1-4 sha256=${sha256}`);

  const alone = await rotated.prove();
  assert.ok(alone.intact && alone.archived);
  assert.deepEqual([alone.events, alone.first, alone.archived.sequence], [8, 5, 4]);
  const whole = await rotated.prove(["a"]);
  assert.ok(whole.intact);
  assert.deepEqual([whole.events, whole.first, whole.archives], [12, 1, 1]);
  const files = await rotated.proveAlone(["a"]);
  assert.ok(files.intact);
  assert.deepEqual([files.events, files.head?.sequence], [4, 4]);
});

test("several archives are one chain, in whatever order they are given", async (t) => {
  const rotated = new RotatedHost(t);
  for (const name of ["a", "b", "c"]) {
    await rotated.live(5);
    await rotated.rotate(name, 2);
  }
  for (const order of ["a b c", "c a b", "b c"]) {
    const proof = await rotated.prove(order.split(" "));
    assert.ok(proof.intact, order);
    const next = (rotated.checkpointOf("a")?.sequence ?? 0) + 1;
    assert.equal(proof.first, order.includes("a") ? 1 : next);
  }
  const missing = await rotated.prove(["a", "c"]);
  const gap = (rotated.checkpointOf("a")?.sequence ?? 0) + 1;
  assert.deepEqual(missing, { intact: false, sequence: gap, fault: "missing" });
  const first = rotated.checkpointOf("b")?.sequence ?? 0;
  assert.deepEqual(await rotated.prove(["a", "b"]), {
    ...{ intact: false, sequence: first + 1, fault: "missing" },
  });
});

test("nothing is written, and nothing removed, where nothing is old, or it is the last", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.root.auditPublicKey();
  assert.deepEqual(await rotated.rotate("a", 3), { archived: 0, removed: 0 });
  rotated.host.clock.advance(DAY);
  assert.deepEqual(await rotated.rotate("a", 0), { archived: 0, removed: 0 });
  assert.equal(existsSync(rotated.path("a")), false);
  await rotated.live(1);
  rotated.host.clock.advance(DAY);
  assert.equal((await rotated.rotate("a", 0)).removed, 1);
  assert.deepEqual(await rotated.sequences(), [2, 3]);
});

test("a time that stepped back keeps what is younger than it", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.live(3);
  rotated.host.clock.advance(-10 * DAY);
  await rotated.live(3);
  // Events 1 to 3 are of later than 4 to 6: the first that is young ends the archive.
  assert.equal((await rotated.rotate("a", 1)).archived, 0);
  rotated.host.clock.advance(20 * DAY);
  assert.equal((await rotated.rotate("a", 1)).archived, 6);
});

test("cut short at any step, nothing is lost, and the next run goes on", async (t) => {
  // The key's making, the file, its note, the removal in two batches: each place to end in.
  for (const [what, most] of [
    ["parts", 151],
    ["transactions", 6],
  ] as const) {
    for (const count of what === "parts" ? [0, 1, 75, 150] : [0, 1, 2, 3, 4]) {
      const rotated = new RotatedHost(t);
      const { parts, root } = rotated.host;
      await parts.store.transact(async () => undefined);
      await Promise.all(Array.from({ length: 150 }, () => rotated.host.verify("nobody", "")));
      await rotated.live(3);
      const killed = rotated.killedAfter(what, count);
      await assert.rejects(rotated.rotate("a", 2, killed), Killed, `${what} ${count}`);
      assert.ok(count < most);
      // Nothing is anywhere but in the store or in a whole archive.
      const [name] = readdirSync(rotated.folder);
      const interim = await rotated.prove(name ? [name] : []);
      assert.ok(interim.intact, `${what} ${count}: ${JSON.stringify(interim)}`);
      assert.equal(interim.first, 1);
      const again = await rotated.rotate("a", 2);
      assert.ok(again.removed > 0, `${what} ${count}`);
      const proof = await rotated.prove(["a"]);
      assert.ok(proof.intact && !proof.archived?.leftOver, `${what} ${count}`);
      assert.deepEqual([proof.first, (await rotated.sequences())[0]], [1, 151]);
      assert.deepEqual(readdirSync(rotated.folder), ["a"]);
      assert.equal((await root.verifyAudit()).intact, true);
    }
  }
});

test("a run under another name after one that wrote its file proves with either", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.live(6);
  await rotated.root.auditPublicKey();
  // dropArchived once, and the archive's seal; the note of it no more.
  await assert.rejects(rotated.rotate("a", 3, rotated.killedAfter("transactions", 2)), Killed);
  assert.ok(existsSync(rotated.path("a")));
  await rotated.live(2);
  assert.ok((await rotated.rotate("b", 2)).archived > 3);
  for (const names of [["b"], ["a", "b"], ["b", "a"]]) {
    const proof = await rotated.prove(names);
    assert.ok(proof.intact, names.join());
    assert.equal(proof.first, 1);
  }
});

test("a file that is there is never written over", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.live(6);
  writeFileSync(rotated.path("a"), "mine");
  await assert.rejects(rotated.rotate("a", 3), fault("file-exists"));
  assert.equal(rotated.lines("a").length, 0);
  assert.equal((await rotated.sequences())[0], 1);
  await rotated.rotate("b", 3);
  await rotated.live(6);
  await assert.rejects(rotated.rotate("b", 3), fault("file-exists"), "nor an archive of before");
  const proof = await rotated.prove(["b"]);
  assert.ok(proof.intact);
});

test("a disk that is full while the archive is written loses nothing", asRoot, async (t) => {
  const rotated = new RotatedHost(t);
  await Promise.all(Array.from({ length: 100 }, () => rotated.host.verify("nobody", "")));
  await rotated.live(3);
  await onSmallDisk(t, rotated.folder, async () => {
    await assert.rejects(rotated.rotate("a", 1), fault("file-unwritable", /no space left/));
    assert.deepEqual(readdirSync(rotated.folder), []);
  });
  assert.equal((await rotated.sequences())[0], 1);
  assert.ok((await rotated.prove()).intact);
});

test("a chain that does not hold is neither archived nor removed", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.live(6);
  rotated.tamper("UPDATE audit SET verdict = 'accept' WHERE sequence = 2");
  await assert.rejects(rotated.rotate("a", 1), fault("audit-broken", /event 2/));
  assert.deepEqual(readdirSync(rotated.folder), []);
  assert.equal((await rotated.sequences())[0], 1);
});

test("logins go on while a rotation removes", async (t) => {
  const rotated = new RotatedHost(t);
  const { phone } = await rotated.host.enroll("alice");
  await Promise.all(Array.from({ length: 1_000 }, () => rotated.host.verify("nobody", "")));
  rotated.host.clock.advance(DAY);
  let isOver = false;
  const rotation = rotated.rotate("a", 0).finally(() => {
    isOver = true;
  });
  let accepted = 0;
  while (!isOver) {
    rotated.host.clock.advance(60_000);
    const { verdict } = await rotated.host.verify("alice", phone.code());
    assert.equal(verdict, "accept");
    accepted += 1;
  }
  const { archived } = await rotation;
  assert.ok(accepted > 5, `${accepted} logins`);
  const proof = await rotated.prove(["a"]);
  assert.ok(proof.intact && archived >= 1_000);
});

test("archives that were changed, cut short or mixed up are found", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.live(8);
  await rotated.rotate("a", 4);
  await rotated.live(4);
  await rotated.rotate("b", 4);
  const [a, b] = [rotated.lines("a"), rotated.lines("b")];
  const last = a.length - 1;
  const cases: Readonly<Record<string, [string[], string, number]>> = {
    "an event altered": [a.with(1, (a[1] ?? "").replace("nobody", "mallory")), "altered", 1],
    "its time altered": [a.with(0, (a[0] ?? "").replace("2026", "2025")), "altered", 1],
    "an event removed": [a.toSpliced(1, 1), "missing", 2],
    "the first removed": [a.slice(1), "altered", 1],
    "events that changed places": [[a[1] ?? "", a[0] ?? "", ...a.slice(2)], "reordered", 3],
    "the end cut off": [a.slice(0, -1), "truncated", last + 1],
    "the end before the checkpoint cut off": [a.toSpliced(last - 1, 1), "altered", 1],
    "another's checkpoint": [a.with(last, b.at(-1) ?? ""), "altered", 4],
    "something behind it": [[...a, a[0] ?? ""], "altered", last + 1],
    "no archive": [["{}"], "altered", 1],
    nothing: [[], "truncated", 1],
  };
  for (const [what, [lines, kind, sequence]] of Object.entries(cases)) {
    rotated.rewrite("a", lines);
    const found = await rotated.prove(["a", "b"]);
    assert.deepEqual(
      found,
      { intact: false, sequence, fault: kind, file: rotated.path("a") },
      what,
    );
    assert.deepEqual(await rotated.proveAlone(["b", "a"]), found, what);
  }
  rotated.rewrite("a", a);
  writeFileSync(rotated.path("b"), rotated.lines("b").join("\n"));
  assert.equal(((await rotated.prove(["a", "b"])) as { fault?: string }).fault, "truncated");
  const other = new RotatedHost(t, { random: () => Buffer.alloc(32, 77) });
  await other.live(8);
  await other.rotate("a", 4);
  rotated.rewrite("a", other.lines("a"));
  assert.deepEqual(await rotated.prove(["a"]), {
    ...{ intact: false, sequence: 3, fault: "forged", file: rotated.path("a") },
  });
  await assert.rejects(
    rotated.root.dropArchived(other.checkpointOf("a")?.text),
    fault("conflict", /another key signed it/),
  );
});

test("a beginning that was cut off without a signature is missing", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.live(8);
  await rotated.root.checkpointAudit();
  const { text } = await rotated.root.checkpointAudit();
  rotated.tamper("DELETE FROM audit WHERE sequence < 9");
  assert.deepEqual(await rotated.root.verifyAudit(), {
    intact: false,
    sequence: 1,
    fault: "missing",
  });
  // A checkpoint of a head lets nothing go, whatever its row says.
  rotated.tamper("UPDATE audit_checkpoints SET kind = 'archive'");
  assert.deepEqual(await rotated.root.verifyAudit(), {
    intact: false,
    sequence: 9,
    fault: "forged",
  });
  for (const word of [text, undefined]) {
    await assert.rejects(rotated.root.dropArchived(word), fault("audit-broken"));
  }
  assert.equal((await rotated.sequences())[0], 9, "nor is more removed by it");
});

test("by a row of an archive that nobody signed, nothing is removed", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.live(8);
  const { text } = await rotated.root.checkpointAudit();
  await assert.rejects(rotated.root.dropArchived(text), fault("conflict"), "a head is no archive");
  rotated.tamper(`INSERT INTO audit_checkpoints VALUES (5, 'archive', 1, 'archived, on my word')`);
  await assert.rejects(rotated.root.dropArchived(), fault("audit-broken"));
  await assert.rejects(rotated.rotate("a", 1), fault("audit-broken"));
  assert.equal((await rotated.sequences())[0], 1);
});

test("rows of checkpoints that were forged, moved or kept back are found", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.live(8);
  await rotated.root.checkpointAudit();
  await rotated.rotate("a", 4);
  const { text } = await rotated.root.checkpointAudit();
  const forged = text.replace(/^sequence: .*$/m, "sequence: 7");
  const insert = (sequence: number, kind: string, document: string) =>
    `INSERT OR REPLACE INTO audit_checkpoints VALUES (${sequence}, '${kind}', 1, '${document}')`;
  const rows = "DELETE FROM audit_checkpoints WHERE sequence IN (7, 8)";
  for (const [sql, found] of [
    [insert(7, "head", forged), { sequence: 7, fault: "forged" }],
    [insert(7, "archive", forged), { sequence: 7, fault: "forged" }],
    [insert(8, "head", text), { sequence: 8, fault: "forged" }],
    [insert(8, "head", "anything"), { sequence: 8, fault: "forged" }],
  ] as const) {
    rotated.tamper(sql);
    assert.deepEqual(await rotated.root.verifyAudit(), { intact: false, ...found }, sql);
    rotated.tamper(rows);
    assert.ok((await rotated.root.verifyAudit()).intact);
  }
  const { sequence } = await rotated.root.checkpointAudit();
  rotated.tamper(`DELETE FROM audit WHERE sequence = ${sequence}`);
  assert.deepEqual(await rotated.root.verifyAudit(), { intact: false, sequence, fault: "cut-off" });
  rotated.tamper("DELETE FROM audit_checkpoints");
  assert.deepEqual(await rotated.root.verifyAudit(), {
    intact: false,
    sequence: 1,
    fault: "missing",
  });
});

test("a store that was put back shows against a checkpoint kept elsewhere", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.live(3);
  const kept = rotated.path("kept");
  const { text, sequence } = await rotated.root.checkpointAudit();
  writeFileSync(kept, text);
  const prove = () => rotated.prove([], { checkpoints: [kept] });
  assert.ok((await prove()).intact);
  rotated.tamper(`DELETE FROM audit WHERE sequence > 2; DELETE FROM audit_checkpoints`);
  assert.deepEqual(await prove(), { intact: false, sequence: 3, fault: "cut-off" });
  await rotated.live(3);
  const other = await prove();
  assert.deepEqual(other, { intact: false, sequence, fault: "altered" }, "with another past");
  writeFileSync(kept, text.replace("host:", "host: x"));
  assert.deepEqual(await prove(), { intact: false, sequence, fault: "forged", file: kept });
  writeFileSync(kept, "nothing");
  await assert.rejects(prove(), fault("usage"));
});

test("places that are in archives are looked for there", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.live(8);
  const [, second] = await rotated.host.audit();
  assert.ok(second);
  await rotated.rotate("a", 4);
  const heads = [{ sequence: second.sequence, hash: second.hash }];
  const unread = { intact: false, sequence: 2, fault: "archived" };
  assert.deepEqual(await rotated.prove([], { heads }), unread);
  assert.ok((await rotated.prove(["a"], { heads })).intact);
  const wrong = [{ sequence: 2, hash: "0".repeat(64) }];
  const found = await rotated.prove(["a"], { heads: wrong });
  assert.equal((found as { fault?: string }).fault, "altered");
});

test("the host's log hears of every event after its commit, and of every checkpoint", async (t) => {
  const told: LogLine[] = [];
  const rotated = new RotatedHost(t, { systemLog: { tell: (line) => void told.push(line) } });
  await rotated.live(3);
  await assert.rejects(
    rotated.host.as(person("mallory")).checkpointAudit(),
    fault("not-permitted"),
  );
  const signed = await rotated.root.checkpointAudit();
  await rotated.host.parts.store
    .transact(async () => Promise.reject(new Error("undone")))
    .catch(() => undefined);
  const events = await rotated.host.audit();
  const numbers = told.map(({ fields }) => Number(fields.COUNTERSIGN_EVENT));
  assert.deepEqual(numbers, [...events.map(({ sequence }) => sequence), signed.sequence]);
  assert.equal(told.at(-1)?.fields.COUNTERSIGN_CHECKPOINT, signed.text);
  const before = told.length;
  const { store } = rotated.host.parts;
  const full = { ...store, transact: () => Promise.reject(new Error("disk full")) };
  await assert.rejects(rotated.host.with({ store: full }).recordSetting("settings-set", "x"));
  assert.equal(told.length, before, "what was not recorded is not told");
});

test("an event that was planted among those archived, or altered there, is found", async (t) => {
  const rotated = new RotatedHost(t);
  await rotated.live(10);
  await rotated.rotate("a", 5);
  const columns = "method, service, rhost, tty, caller, detail, previous_hash, hash";
  rotated.tamper(`INSERT INTO audit (sequence, at, action, account, verdict, reason, ${columns})
    SELECT 4, at, 'verify', 'mallory', 'accept', NULL, ${columns.replace(/hash$/, "previous_hash")}
    FROM audit WHERE sequence = 5`);
  assert.equal((await rotated.host.audit())[0]?.user, "mallory");
  for (const archives of [[], ["a"]]) {
    const proof = await rotated.prove(archives);
    assert.deepEqual(proof, { intact: false, sequence: 4, fault: "altered" });
  }
  // What rotation left over is as good as its archive, and goes with the next.
  rotated.tamper("DELETE FROM audit WHERE sequence = 4");
  await rotated.live(5);
  const dropping = rotated.killedAfter("transactions", 3);
  await assert.rejects(rotated.rotate("b", 5, dropping), Killed);
  const left = await rotated.prove();
  assert.ok(left.intact && left.archived?.leftOver, JSON.stringify(left));
  rotated.tamper("UPDATE audit SET verdict = 'accept' WHERE sequence = 6");
  assert.deepEqual(await rotated.prove(), { intact: false, sequence: 6, fault: "altered" });
});
