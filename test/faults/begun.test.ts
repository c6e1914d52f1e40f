/** What a kill can leave of a first init, each state made by hand: init ends it, no login does. */
import assert from "node:assert/strict";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { Home } from "../support/cli.ts";
import { assertOpen, done, enroll, setUp, TOLD } from "./post.ts";

interface Left {
  readonly what: string;
  /** Brings a whole, unused home to that state. */
  readonly how: (file: (name: string) => string) => void;
}

const STATES: readonly Left[] = [
  {
    what: "the directory alone",
    how: (file) => {
      rmSync(file("master.key"));
      rmSync(file("store.db"));
    },
  },
  { what: "the key alone", how: (file) => rmSync(file("store.db")) },
  { what: "an empty store", how: (file) => truncateSync(file("store.db")) },
  {
    what: "a store that is claimed",
    how: (file) => {
      rmSync(file("store.db"));
      writeFileSync(file("store.db"), "", { mode: 0o600 });
      sql(file("store.db"), "PRAGMA journal_mode = WAL; PRAGMA application_id = 0x6373676e");
    },
  },
  {
    what: "a store that has tables, and no key yet",
    how: (file) => sql(file("store.db"), "DELETE FROM facts"),
  },
];

describe("an init that was killed", { concurrency: 2 }, () => {
  for (const { what, how } of STATES) {
    test(`left ${what}: nobody passes until init has ended it`, async (t) => {
      const home = await Home.make(t);
      const countersign: Home["run"] = (args, options) => home.run(args, options);
      await setUp(countersign);
      // Where whoever is not enrolled may pass, a store that lost everything would let all in.
      done(await home.run(["config", "set", "policy.unenrolled", "allow"]));
      how((name) => `${home.path}/${name}`);

      const verified = await home.run(["verify", "alice", "--code-stdin"], { input: "123456" });
      assert.equal(verified.code, 5, verified.stderr);
      assert.match(verified.stderr, TOLD);
      done(await home.run(["init"]));
      await assertOpen(countersign, await enroll(countersign));
    });
  }

  test("left an empty key: it is not written over, and removing it is the mend", async (t) => {
    const home = await Home.make(t);
    const countersign: Home["run"] = (args, options) => home.run(args, options);
    writeFileSync(`${home.path}/master.key`, "", { mode: 0o600 });
    const refused = await home.run(["init"]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, TOLD);
    assert.match(refused.stderr, /no store yet, remove the file/);
    rmSync(`${home.path}/master.key`);
    await setUp(countersign);
    await assertOpen(countersign, await enroll(countersign));
  });
});

function sql(file: string, statements: string): void {
  const database = new DatabaseSync(file);
  database.exec(statements);
  database.close();
}
