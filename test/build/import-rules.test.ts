/** The import rules bite: each forbidden import, planted in a small tree, is found. */
import assert from "node:assert/strict";
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { makeDirectory, ROOT } from "../support/cli.ts";
import { run } from "../support/run.ts";

const TREE: Readonly<Record<string, string>> = {
  // Allowed.
  "src/core/rule.ts": 'import "node:crypto"; export type Rule = 1; export const rule = 1;',
  "src/contracts/store.ts": 'import type { Rule } from "../core/rule.ts"; export type S = Rule;',
  "src/engine/verify.ts": 'import "../core/rule.ts"; import "../contracts/store.ts";',
  "src/stores/sqlite/store.ts": 'import "node:sqlite"; import "../../contracts/store.ts";',
  "src/client/connect.ts": 'import "../engine/verify.ts"; import "../stores/sqlite/store.ts";',
  "src/terminal/table.ts": 'import type { S } from "../contracts/store.ts"; export type T = S;',
  // Forbidden. A cycle is told once.
  "src/core/reads.ts": 'import "node:fs";',
  "src/core/up.ts": 'import "../engine/verify.ts";',
  "src/contracts/value.ts": 'import { rule } from "../core/rule.ts"; export const v = rule;',
  "src/engine/store.ts": 'import "../stores/sqlite/store.ts";',
  "src/methods/net.ts": 'import "node:net";',
  "src/keys/settings.ts": 'import "pngjs";',
  "src/stores/keys.ts": 'import "../keys/settings.ts";',
  "src/terminal/value.ts": 'import "../contracts/store.ts";',
  "src/commands/verify.ts": 'import "../engine/verify.ts";',
  "src/commands/test.ts": 'import "fast-check";',
  "src/core/one.ts": 'import "./two.ts";',
  "src/core/two.ts": 'import "./one.ts";',
  "src/core/alone.ts": "export const alone = 1;",
  "src/core/helpers.ts": 'import "./rule.ts";',
  "src/elsewhere/new.ts": 'import "../core/rule.ts";',
};

const FINDINGS = [
  "no-cycle src/core/one.ts",
  "no-orphan src/core/alone.ts",
  "no-undeclared-package src/commands/test.ts",
  "no-vague-name src/core/helpers.ts",
  "not-in-allowed src/commands/test.ts",
  "not-in-allowed src/commands/verify.ts",
  "not-in-allowed src/contracts/value.ts",
  "not-in-allowed src/core/reads.ts",
  "not-in-allowed src/core/up.ts",
  "not-in-allowed src/elsewhere/new.ts",
  "not-in-allowed src/engine/store.ts",
  "not-in-allowed src/keys/settings.ts",
  "not-in-allowed src/methods/net.ts",
  "not-in-allowed src/stores/keys.ts",
  "not-in-allowed src/terminal/value.ts",
];

test("every forbidden import is found, and no allowed one", async (t) => {
  const root = await makeDirectory(t);
  for (const [path, text] of Object.entries(TREE)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  for (const name of [".dependency-cruiser.cjs", "package.json", "tsconfig.json"]) {
    await copyFile(join(ROOT, name), join(root, name));
  }
  await symlink(join(ROOT, "node_modules"), join(root, "node_modules"));
  const depcruise = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const check = [process.execPath, "--preserve-symlinks", depcruise, "src"];
  const options = ["--config", ".dependency-cruiser.cjs", "--output-type", "json"];
  const { stdout } = await run([...check, ...options], { cwd: root });
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  const found = summary.violations.map(({ rule, from }) => `${rule.name} ${from}`);
  assert.deepEqual([...new Set(found)].sort(), FINDINGS);

  const plain = await run([...check, "--config", ".dependency-cruiser.cjs"], { cwd: root });
  assert.notEqual(plain.code, 0);
});
