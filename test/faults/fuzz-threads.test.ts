/** That fuzzing finds what there is to find, and says where. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzInThreads } from "../campaigns/fuzz-threads.ts";
import { MISBEHAVING } from "./misbehaving.ts";

test("whatever a target does, the seed that it did it with is found", async () => {
  const found = await fuzzInThreads({
    table: new URL("./misbehaving.ts", import.meta.url),
    name: "MISBEHAVING",
    targets: Object.keys(MISBEHAVING),
    seed: 1,
    seconds: 0.1,
    least: 0.1,
    most: 60,
    mostOfOne: 2,
  });
  const seeds = found.map(({ target, problems }) => [target, ...problems.values()]);
  const others = ["throwing", "endless", "waiting", "greedy"].map((target) => [target, 7]);
  assert.deepEqual(seeds, [["well"], ...others]);
  const [, threw, endless, waits] = found.map(({ problems }) => [...problems.keys()].join());
  assert.deepEqual(
    [threw, endless, waits],
    ["it threw", "one try took over 2 s", "it waits for what never comes"],
  );
  for (const { target, tries, processor } of found) {
    if (target === "well" || target === "throwing") assert.ok(tries >= 20 && processor >= 0.1);
    else assert.equal(tries, 6);
  }
});

test("too little time of a processor is a finding", async () => {
  const [found] = await fuzzInThreads({
    table: new URL("./misbehaving.ts", import.meta.url),
    name: "MISBEHAVING",
    targets: ["well"],
    seed: 1,
    seconds: 0,
    least: Number.POSITIVE_INFINITY,
    most: 0.3,
    mostOfOne: 2,
  });
  assert.deepEqual([...(found?.problems.keys() ?? [])], ["not enough of a processor in 0.3 s"]);
});
