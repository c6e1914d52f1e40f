/** audit verify against a store that somebody wrote to: each kind of change is found. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { needs } from "../support/parts.ts";
import { enrolledHome, succeed } from "./enrolled.ts";

const oath = needs("oathtool");

const TAMPERED: Readonly<Record<string, { sql: string; fault: string; sequence: number }>> = {
  "an event was altered": {
    sql: "UPDATE audit SET verdict = 'accept' WHERE sequence = 4",
    fault: "altered",
    sequence: 4,
  },
  "an event was removed": {
    sql: "DELETE FROM audit WHERE sequence = 3",
    fault: "missing",
    sequence: 3,
  },
  "two events changed places": {
    sql: "UPDATE audit SET sequence = -3 WHERE sequence = 3; UPDATE audit SET sequence = 3 WHERE sequence = 4; UPDATE audit SET sequence = 4 WHERE sequence = -3",
    fault: "reordered",
    sequence: 3,
  },
  "the end was cut off": {
    sql: "DELETE FROM audit WHERE sequence > 3",
    fault: "cut-off",
    sequence: 4,
  },
};

for (const [name, { sql, fault, sequence }] of Object.entries(TAMPERED)) {
  test(name, oath, async (t) => {
    const { home, countersign, phone } = await enrolledHome(t);
    for (const input of [await phone.wrong(), await phone.wrong(), await phone.next()]) {
      await countersign(["verify", "alice", "--code-stdin"], { input });
    }
    const { head, events, intact } = JSON.parse(
      await succeed(countersign, ["audit", "verify", "--json"]),
    );
    assert.ok(intact && events >= 5, `${events} events`);
    const plain = await succeed(countersign, ["audit", "verify", "--head", head]);
    assert.equal(plain, `${events} events, none changed\nhead ${head}\n`);

    const store = new DatabaseSync(join(home.path, "store.db"));
    store.exec(sql);
    store.close();
    const ended = await countersign(["audit", "verify", "--head", head, "--json"]);
    assert.equal(ended.code, 1);
    const found = JSON.parse(ended.stdout);
    assert.deepEqual([found.intact, found.sequence, found.fault], [false, sequence, fault]);
    assert.match(ended.stderr, new RegExp(`^error: event ${sequence} .*\ntry: .*\n$`));
  });
}
