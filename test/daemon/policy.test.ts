/** The policy while a daemon decides by it: changed by commands, by hand, and saved half. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Rule } from "../../src/core/policy/rule.ts";
import { succeed } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { enrolledDaemon } from "./daemon.ts";

const parts = needs("root", "oathtool");

async function decided(t: Parameters<Parameters<typeof test>[0] & object>[0]) {
  const enrolled = await enrolledDaemon(t);
  const { home, countersign, daemon } = enrolled;
  const explain = async (...args: string[]) =>
    JSON.parse(await succeed(countersign, ["policy", "explain", "alice", "--json", ...args]));
  const verify = async (...args: string[]) => {
    const argv = ["verify", "alice", "--json", "--code-stdin", ...args];
    return JSON.parse((await countersign(argv, { input: "000000" })).stdout).verdict;
  };
  const policy = (text: string) => countersign(["policy", ...text.split(" ")]);
  return {
    ...enrolled,
    daemon,
    explain,
    verify,
    policy,
    file: join(home.path, "countersign.json"),
  };
}

test("a change of the policy reaches a running daemon", parts, async (t) => {
  const { daemon, explain, verify, policy } = await decided(t);
  assert.equal(await verify("--service", "cron"), "reject");
  await policy("exempt --everyone --service cron --until 2999-01-01");
  await daemon.says("settings read anew");
  assert.deepEqual([await verify("--service", "cron"), await verify()], ["exempt", "reject"]);
  assert.equal((await explain("--service", "cron")).rule.number, 1);
  await policy("remove 1");
  await daemon.says("settings read anew", 2);
  assert.equal(await verify("--service", "cron"), "reject");
  await policy("off --yes");
  await daemon.says("settings read anew", 3);
  assert.equal(await verify(), "exempt");
  assert.equal((await explain()).outlook, "policy-off");
});

test("edited by hand and saved half, the last good rules decide", parts, async (t) => {
  const { daemon, explain, verify, policy, file } = await decided(t);
  await policy("exempt --everyone --service cron --until 2999-01-01");
  await daemon.says("settings read anew");
  const good = await readFile(file, "utf8");
  const half = good.slice(0, good.indexOf("cron") + 2);
  for (const [times, broken] of [half, "", good.replace('"exempt"', '"exmpt"')].entries()) {
    await writeFile(file, broken);
    await daemon.says("SETTINGS NOT READ", times + 1);
    assert.deepEqual([await verify("--service", "cron"), await verify()], ["exempt", "reject"]);
    assert.equal((await explain("--service", "cron")).outlook, "exempt");
    const change = await policy("require --everyone");
    assert.deepEqual([change.code, change.stdout], [1, ""]);
    assert.match(change.stderr, /^error: \S+countersign\.json: /);
    assert.equal(await readFile(file, "utf8"), broken);
  }
  await writeFile(file, good.replace("cron", "at"));
  await daemon.says("settings read anew", 2);
  assert.deepEqual(
    [await verify("--service", "cron"), await verify("--service", "at")],
    ["reject", "exempt"],
  );
});

test(
  "of a thousand rules with long names the whole explanation comes through",
  parts,
  async (t) => {
    const { daemon, explain, verify, file } = await decided(t);
    const long = "ü".repeat(200);
    const rules: Rule[] = [
      ...Array.from(
        { length: 999 },
        (_, at): Rule => ({ say: "exempt", users: [`robot${at}`, long] }),
      ),
      { say: "require", methods: ["backup-code"] },
    ];
    const written = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify({ ...written, policy: { rules } }));
    await daemon.says("settings read anew");
    const { rule, passed, methods } = await explain();
    assert.deepEqual([rule.number, passed.length, methods], [1000, 999, ["backup-code"]]);
    assert.deepEqual(passed.at(-1), { number: 999, because: "user" });
    assert.equal(await verify(), "reject");
  },
);
