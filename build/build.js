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

// Few files instead of a hundred: finding and linking modules is most of what a login would
// wait for. Types are checked by npm run check, and not again here.
const ENTRIES = [
  `main=${root}src/main.ts`,
  `commands/index=${root}src/commands/index.ts`,
  `commands/help=${root}src/commands/help.ts`,
  `commands/not-found=${root}src/commands/not-found.ts`,
  `daemon=${root}src/daemon/main.ts`,
  // Looked for beside the chunk that starts it.
  `keyring-process=${root}src/keys/keyring-process.ts`,
];
const BUNDLING = [
  "--bundle",
  "--splitting",
  "--chunk-names=chunk-[hash]",
  "--format=esm",
  "--platform=node",
  "--target=node26",
  "--log-level=warning",
  // otplib is bundled, being many small files; the others load late, or find their own files.
  ...["@oclif/*", "conf", "keytar", "koffi", "pngjs", "qrcode-terminal"].map(
    (name) => `--external:${name}`,
  ),
];

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
  const bundled = run("esbuild", ...ENTRIES, ...BUNDLING, `--outdir=${stage}/dist`);
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
