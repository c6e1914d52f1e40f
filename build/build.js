/** Builds dist/ from src/. Plain JavaScript: it runs before anything is built, on any Node. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
const { status } = spawnSync(`${root}node_modules/.bin/tsc`, ["-p", root], { stdio: "inherit" });
process.exitCode = status ?? 1;
