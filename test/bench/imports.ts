/**
 * An import of a users file of a million lines, in this process: how long it is sent and looked
 * at, how long it then holds the store, so that a login waits, and what memory all of it takes.
 *
 *   node_modules/.bin/node test/bench/imports.ts [LINES] [--shuffled]
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bringing, type Content } from "../../src/client/import/bringing.ts";
import { readOathUsers } from "../../src/imports/oath-users.ts";
import { createSqliteStore } from "../../src/stores/sqlite/store.ts";
import { Host } from "../engine/host.ts";
import { print, row } from "./measure.ts";

const LINES = Number(process.argv[2] ?? 1_000_000);
const IS_SHUFFLED = process.argv.includes("--shuffled");

const folder = mkdtempSync(join(tmpdir(), "countersign-bench-"));
try {
  const path = join(folder, "store.db");
  const host = new Host(path, createSqliteStore(path), {});
  const content: Content = {
    format: "oath",
    items: readOathUsers(lines()),
    sha256: () => "0".repeat(64),
  };
  const options = { isTrial: false, unknownUsers: async () => [] };
  const bringing = new Bringing(host.root, content, options);

  let began = performance.now();
  for await (const _ of bringing.lines());
  print(row(`${LINES} lines looked at`, seconds(began)));

  began = performance.now();
  const outcome = bringing.commit(false);
  // Behind the import, as who logs in while it comes.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const asked = performance.now();
  const login = host.verify("user1", "123456").then(() => seconds(asked));
  const { authenticators } = await outcome;
  print(row(`${authenticators} come`, seconds(began)));
  print(row("a login beside it", await login));
  await host.root.close();
  print(row("the store", `${Math.round(statSync(path).size / 2 ** 20)} MiB`));
  print(row("peak memory", `${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function* lines(): Generator<string> {
  for (let line = 0; line < LINES; line++) {
    const name = IS_SHUFFLED ? (line * 7_919) % LINES : line;
    const key = `${(line + 1).toString(16).padStart(36, "0")}c0de`;
    yield `HOTP/T30 user${name.toString().padStart(8, "0")} - ${key}\n`;
  }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
