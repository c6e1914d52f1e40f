/**
 * Builds dist/ from src/, with the pages of help rendered. Plain JavaScript: it runs before
 * anything is built, on any Node, and has the work done by the repository's own.
 *
 * All of it is made beside and moved into place at the end, so that a countersign that is
 * running, or another build, never finds half of one.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stage = `${root}build/dist/${process.pid}`;

function run(program, ...args) {
  const { status, error } = spawnSync(`${root}node_modules/.bin/${program}`, args, {
    stdio: "inherit",
  });
  if (error) process.stderr.write(`error: ${program}: ${error.message}\ntry: npm ci\n`);
  return status ?? 1;
}

function build() {
  // oclif finds the commands by the package.json beside dist/.
  mkdirSync(stage, { recursive: true });
  copyFileSync(`${root}package.json`, `${stage}/package.json`);
  const bundled = run("node", `${root}build/bundle.js`, `${stage}/dist`);
  if (bundled !== 0) return bundled;
  const rendered = run("node", `${root}build/render-help.js`, stage);
  if (existsSync(`${root}dist`)) renameSync(`${root}dist`, `${stage}/before`);
  renameSync(`${stage}/dist`, `${root}dist`);
  return rendered;
}

try {
  process.exitCode = build();
} finally {
  rmSync(stage, { recursive: true, force: true });
}
