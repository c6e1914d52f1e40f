/** Commands run no code that the environment points to: oclif looks for plugins in HOME. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Home, makeDirectory } from "../support/cli.ts";

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
