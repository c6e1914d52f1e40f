/** verify on a broken installation: nobody is let in, and what is broken is said. */
import assert from "node:assert/strict";
import { appendFile, chmod, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Home, ROOT } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { PATH, run } from "../support/run.ts";
import { enrolledHome } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

const oath = needs("oathtool");

async function makeHome(t: TestContext) {
  const { home, phone } = await enrolledHome(t);
  const verify = async (...flags: string[]) =>
    home.run(["verify", "alice", "--code-stdin", ...flags], { input: await phone.next() });
  const file = (name: string): string => join(home.path, name);
  return { home, verify, file };
}

test("with nothing set up it is unavailable, with the mend, and makes nothing", async (t) => {
  const home = await Home.make(t);
  const ended = await home.run(["verify", "alice", "--code-stdin"], { input: "123456" });
  assertFailure(ended, 5, /nothing is set up here yet/, /^try: .*countersign init/);
  const listed = await home.run(["user", "list"]);
  assert.deepEqual(await readdir(home.path), []);
  assertFailure(listed, 1, /nothing is set up here yet/, /^try: .*countersign init/);
});

type Break = (file: (name: string) => string) => Promise<void>;

const UNAVAILABLE: Readonly<Record<string, Break>> = {
  "the store is gone": (file) => rm(file("store.db")),
  "the store is empty": (file) => truncate(file("store.db")),
  "the store is no store": (file) => writeFile(file("store.db"), "x".repeat(8192)),
  "the store is open to others": (file) => chmod(file("store.db"), 0o644),
  "the key is gone": (file) => rm(file("master.key")),
  "the key is empty": (file) => truncate(file("master.key")),
  "the key is open to others": (file) => chmod(file("master.key"), 0o640),
  "the key is another's": async (file) => {
    const text = await readFile(file("master.key"), "utf8");
    const other = text.replace(/ (.)/, (_, first) => (first === "A" ? " B" : " A"));
    assert.ok(other !== text, "the key is the word behind the file's name");
    await writeFile(file("master.key"), other);
  },
};

for (const [name, breakIt] of Object.entries(UNAVAILABLE)) {
  test(`${name}: unavailable`, oath, async (t) => {
    const { home, verify, file } = await makeHome(t);
    assert.equal((await verify()).code, 0, "it works before");
    await breakIt(file);
    assertFailure(await verify(), 5, /store\.db|master\.key/);
    const json = await verify("--json");
    assert.deepEqual(
      [JSON.parse(json.stdout), json.code],
      [{ verdict: "unavailable", user: "alice" }, 5],
    );
    const never = await verify("--", "echo", "run");
    assert.deepEqual([never.stdout, never.code], ["", 5]);
    assert.equal((await home.run(["user", "list"])).code, 1);
  });
}

const SETTINGS: Readonly<Record<string, string>> = {
  "are empty": "",
  "are cut off": '{"totp": {"window"',
  "have an unknown key": '{"totp": {"window": 1}, "policies": {"unenrolled": "allow"}}',
  "have an unknown value": '{"policy": {"unenrolled": "Allow"}}',
  "have a wrong type": '{"totp": {"window": "1"}}',
  "have a key twice": '{"qr": "none", "qr": "none"}',
  "are a list": "[]",
};

for (const [name, text] of Object.entries(SETTINGS)) {
  test(`settings that ${name}: refused, whoever asks`, oath, async (t) => {
    const { verify, file } = await makeHome(t);
    await writeFile(file("countersign.json"), text, { mode: 0o600 });
    assertFailure(await verify(), 2, /countersign\.json/);
    const json = await verify("--json");
    assert.deepEqual([json.stdout, json.code], ["", 2], "no verdict was reached");
    const never = await verify("--", "echo", "run");
    assert.deepEqual([never.stdout, never.code], ["", 2]);
  });
}

test("white space behind the settings is no harm", oath, async (t) => {
  const { verify, file } = await makeHome(t);
  await appendFile(file("countersign.json"), "\n \n");
  assert.equal((await verify()).code, 0);
});

test("what comes to rest before there is a verdict lets nobody in", async (t) => {
  const home = await Home.make(t);
  await writeFile(join(home.path, "socket"), "");
  // A socket that never connects, and keeps nothing waiting: Node ends, and nobody decided.
  const never = `data:text/javascript,
    process.getBuiltinModule("net").connect = () => new (process.getBuiltinModule("events"))();`;
  const main = join(ROOT, "dist/main.cjs");
  const command = [process.execPath, "--import", never, main, "verify", "alice", "--code-stdin"];
  const env = { PATH, COUNTERSIGN_HOME: home.path };
  const ended = await run([...command, "--json"], { env, input: "123456\n" });
  assert.deepEqual([ended.stdout, ended.code], ["", 5]);
});
