import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import type { StagedRow } from "../../src/contracts/staging.ts";
import { SqliteStagings } from "../../src/stores/sqlite/staging.ts";

const DIGEST = Buffer.alloc(32, 1);

function row(user: string | undefined, number: number): StagedRow {
  return {
    ...{ place: `line ${number}`, user, method: "hotp", serial: user ? "" : `T${number}` },
    ...{
      id: `${number}`,
      sealedSecret: new Uint8Array(600).fill(7),
      algorithm: "sha512",
      digits: 8,
    },
    ...{ period: undefined, lastCounter: number, skew: 0, codes: undefined },
  };
}

/** Files of this process that are in no directory. */
function removedFiles(): string[] {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return links.filter((link) => link.endsWith(" (deleted)") && /etilqs/.test(link));
}

test("what is kept goes by users, none torn in two, whatever order it came in", () => {
  const stagings = new SqliteStagings();
  stagings.open("a", false);
  const staging = stagings.find("a");
  const users = ["bob", undefined, "alice", "carol", "bob", undefined, "alice", "bob"];
  for (const [number, user] of users.entries()) {
    const given = row(user, number);
    staging.add({ ...given, digest: DIGEST }, given);
  }
  staging.add({ place: "here", user: "alice", method: "hotp", serial: "", digest: DIGEST });
  const pages = [...staging.pages(1)].map((page) => page.map(({ user, id }) => `${user} ${id}`));
  assert.deepEqual(pages, [
    ["undefined 1"],
    ["undefined 5"],
    ["alice 2", "alice 6"],
    ["bob 0", "bob 4", "bob 7"],
    ["carol 3"],
  ]);
  assert.deepEqual([...staging.pages(10)].flat()[2], row("alice", 2));
  assert.equal(staging.countOf("alice", "hotp"), 3);
  assert.equal(staging.placeOfSerial("hotp", "T5"), "line 5");
  assert.equal(staging.placeOfSerial("hotp", ""), undefined);
  assert.equal(staging.withSecret(DIGEST, "carol")?.place, "line 3");
  assert.equal(staging.withSecret(Buffer.alloc(32), "carol"), undefined);
  stagings.closeAll();
});

test("it is in no directory, and gone when it ends", () => {
  const before = removedFiles().length;
  const stagings = new SqliteStagings();
  stagings.open("a", false);
  const staging = stagings.find("a");
  for (let number = 0; number < 40_000; number++) {
    const given = row(`user${number}`, number);
    staging.add({ ...given, digest: DIGEST }, given);
  }
  assert.equal(removedFiles().length, before + 1);
  stagings.close("a");
  assert.equal(removedFiles().length, before);
});

test("one that was left makes room for another; one that is at work does not", () => {
  const busy = new SqliteStagings();
  for (const id of ["a", "b", "c", "d"]) busy.open(id, false);
  assert.throws(() => busy.open("e", false), { code: "conflict" });
  busy.closeAll();
  const stagings = new SqliteStagings(0);
  for (const id of ["a", "b", "c", "d"]) stagings.open(id, false);
  stagings.find("a");
  stagings.open("e", true);
  assert.throws(() => stagings.find("b"), { code: "not-found" });
  assert.deepEqual([stagings.find("a").isTrial, stagings.find("e").isTrial], [false, true]);
  stagings.closeAll();
});
