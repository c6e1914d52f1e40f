/** What another user has planted where the environment points to: not run, read or written. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Home, makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { run, runOrThrow } from "../support/run.ts";

/** Plants a plugin as `plugins install` would leave it; where its code says that it ran. */
async function plant(data: string): Promise<string> {
  const package_ = join(data, "node_modules/planted");
  const mark = join(data, "ran");
  await mkdir(package_, { recursive: true });
  const plugins = [{ name: "planted", type: "user" }];
  const list = { oclif: { schema: 1, plugins }, dependencies: { planted: "1.0.0" } };
  await writeFile(join(data, "package.json"), JSON.stringify(list));
  const own = {
    name: "planted",
    version: "1.0.0",
    main: "hook.js",
    oclif: { hooks: { init: "./hook.js" } },
  };
  await writeFile(join(package_, "package.json"), JSON.stringify(own));
  const code = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "");`;
  await writeFile(join(package_, "hook.js"), `${code} module.exports = async () => {};`);
  return mark;
}

test("a plugin in HOME does not run", async (t) => {
  const home = await Home.make(t);
  const planted = await makeDirectory(t);
  const mark = await plant(join(planted, ".local/share/countersign"));
  const ended = await home.run(["config", "path"], { env: { HOME: planted } });
  assert.equal(ended.code, 0);
  assert.equal(existsSync(mark), false);
});

test("a plugin in a directory that the environment names does not run", async (t) => {
  const home = await Home.make(t);
  const planted = await makeDirectory(t);
  const mark = await plant(planted);
  const env = { COUNTERSIGN_DATA_DIR: planted, XDG_DATA_HOME: planted };
  const ended = await home.run(["config", "path"], { env });
  assert.equal(ended.code, 0);
  assert.equal(existsSync(mark), false);
});

test("root writes no cache through a planted link", needs("root"), async (t) => {
  const home = await Home.make(t);
  const planted = await makeDirectory(t);
  const cache = join(planted, "countersign/autocomplete");
  const precious = join(planted, "precious");
  await mkdir(join(cache, "functions/bash"), { recursive: true });
  await writeFile(precious, "kept");
  for (const name of ["bash_setup", "zsh_setup", "functions/bash/countersign.bash"]) {
    await symlink(precious, join(cache, name));
  }
  const env = { XDG_CACHE_HOME: planted, COUNTERSIGN_CACHE_DIR: join(planted, "countersign") };
  await home.run(["config", "path"], { env });
  await home.run(["autocomplete", "bash"], { env });
  assert.equal(await readFile(precious, "utf8"), "kept");
});

test("root waits for no planted theme", needs("root"), async (t) => {
  const home = await Home.make(t);
  const planted = await makeDirectory(t);
  await mkdir(join(planted, "countersign"));
  const fifo = join(planted, "countersign/theme.json");
  await runOrThrow(["mkfifo", fifo]);
  const env = { XDG_CONFIG_HOME: planted, COUNTERSIGN_THEME_FILE: fifo };
  const ended = await home.run(["config", "path"], { env, timeout: 10_000 });
  assert.equal(ended.code, 0);
});

test("functions from the environment do not run where sh is bash", needs("bash"), async (t) => {
  const home = await Home.make(t);
  const launcher = await readFile(new URL("../../bin/countersign.js", import.meta.url), "utf8");
  const [hashbang = ""] = launcher.split("\n");
  const shell = hashbang.replace(/^#!\/bin\/sh/, "/bin/bash").split(" ");
  const path = new URL("../../bin/countersign.js", import.meta.url).pathname;
  for (const name of ["ulimit", "[", "unset", "exec"]) {
    const env = { ...home.env, [`BASH_FUNC_${name}%%`]: "() { exit 0; }" };
    const argv = [...shell, path, "verify", "alice", "--code-stdin"];
    const ended = await run(argv, { env, input: "000000" });
    assert.equal(ended.code, 5, name);
  }
});
