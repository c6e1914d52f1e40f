/** The launcher alone: a package around it whose main says how it was started. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CLI, makeDirectory, ROOT } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { PATH, run } from "../support/run.ts";
import { Sandbox } from "../support/sandbox.ts";

const NODE = process.execPath;
const MAIN = `console.log(JSON.stringify({
  args: process.argv.slice(2), cwd: process.cwd(), env: process.env, node: process.execPath }));`;

/** A package with the real launcher; \`bundled\` and \`built\` tell what stands beside it. */
async function makePackage(t: TestContext, { bundled = true, built = true } = {}): Promise<string> {
  const path = join(await makeDirectory(t), "a package's home");
  await mkdir(join(path, "bin"), { recursive: true });
  await mkdir(join(path, "node_modules/.bin"), { recursive: true });
  await mkdir(join(path, "dist"));
  await writeFile(join(path, "package.json"), '{"type":"module"}');
  await copyFile(CLI, join(path, "bin/countersign.js"));
  await symlink("../../bin/countersign.js", join(path, "node_modules/.bin/countersign"));
  if (built) await writeFile(join(path, "dist/main.cjs"), MAIN);
  if (bundled) await symlink(join(ROOT, "node_modules/node"), join(path, "node_modules/node"));
  return path;
}

/** A folder for PATH with a `node` that only says which version it would be. */
async function makeNode(t: TestContext, script: string): Promise<string> {
  const folder = await makeDirectory(t);
  await writeFile(join(folder, "node"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

test("it starts by path, by link, from any directory, and with no environment", async (t) => {
  const path = await makePackage(t);
  const ways = [
    { argv: [join(path, "bin/countersign.js")], cwd: "/" },
    { argv: [join(path, "node_modules/.bin/countersign")], cwd: "/" },
    { argv: ["../bin/countersign.js"], cwd: join(path, "dist") },
    { argv: ["sh", "countersign.js"], cwd: join(path, "bin") },
    { argv: [NODE, "countersign.js"], cwd: join(path, "bin") },
  ];
  for (const { argv, cwd } of ways) {
    for (const env of [{}, { PATH }]) {
      const command = argv[0] === "sh" ? ["/bin/sh", ...argv.slice(1)] : argv;
      const { stdout, stderr, code } = await run([...command, "a b", "", "*"], { cwd, env });
      assert.deepEqual([stderr, code], ["", 0]);
      const seen = JSON.parse(stdout);
      assert.deepEqual(seen.args, ["a b", "", "*"]);
      assert.deepEqual([seen.cwd, seen.node], [cwd, NODE]);
    }
  }
});

test("a hostile environment loads no code, writes no file and trusts nobody", async (t) => {
  const path = await makePackage(t);
  const planted = join(path, "planted.cjs");
  await writeFile(planted, 'console.log("planted")');
  const { stdout: help } = await run([NODE, "--help"]);
  const listed = help.match(/^(NODE|UV)_[A-Z0-9_]+/gm) ?? [];
  assert.ok(listed.length > 10);
  const hostile = Object.fromEntries(
    [
      ...listed,
      ...["NODE_COMPILE_CACHE", "NODE_USE_ENV_PROXY", "NODE_CHANNEL_FD", "NODE_UNIQUE_ID"],
      ...["OPENSSL_CONF", "SSL_CERT_FILE"],
    ].map((name) => [name, planted]),
  );
  const env = { PATH, KEPT: "1", NODE_OPTIONS: `--require "${planted}"`, ...hostile };
  const { stdout, code } = await run([join(path, "bin/countersign.js")], { env });
  assert.equal(code, 0);
  assert.doesNotMatch(stdout, /^planted/m);
  // NODE_DISABLE_COLORS and the like only dress the interactive Node, which is not started.
  const left = Object.keys(JSON.parse(stdout).env).filter(
    (name) => !/_(COLORS|CONTEXT)$/.test(name),
  );
  assert.deepEqual(left.sort(), ["KEPT", "PATH", "PWD"]);
});

test("what is not installed is looked for in nobody's home", async (t) => {
  const path = await makePackage(t);
  const home = await makeDirectory(t);
  await mkdir(join(home, ".node_modules/absent"), { recursive: true });
  await writeFile(join(home, ".node_modules/absent/index.js"), 'console.log("planted")');
  await writeFile(join(path, "dist/main.cjs"), 'require("absent");');
  const ended = await run([join(path, "bin/countersign.js")], { env: { PATH, HOME: home } });
  assert.equal(ended.stdout, "");
  assert.match(ended.stderr, /Cannot find module 'absent'/);
  assert.notEqual(ended.code, 0);
});

test("without a Node of its own it takes the one on PATH, or says there is none", async (t) => {
  const path = await makePackage(t, { bundled: false });
  const folder = await makeNode(t, 'echo "node of PATH: $*"');
  const command = [join(path, "bin/countersign.js"), "verify"];
  const found = await run(command, { env: { PATH: `${folder}:${PATH}` } });
  assert.equal(
    found.stdout,
    `node of PATH: --no-global-search-paths ${join(path, "bin/countersign.js")} verify\n`,
  );
  const none = await run(command, { env: { PATH: "/nonexistent" } });
  assert.equal(none.stderr, "error: there is no Node.js here\ntry: install Node.js 26 or newer\n");
  assert.equal(none.code, 2);
});

test("an older Node is refused in one line", async (t) => {
  const path = await makePackage(t);
  // Only the version is old: the test has to run where no old Node is.
  const pretend = `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.20.2"})`;
  const ended = await run([NODE, "--import", pretend, join(path, "bin/countersign.js")]);
  const mend = "try: install Node.js 26 or newer\n";
  assert.equal(ended.stderr, `error: this is Node.js 20.20.2, too old\n${mend}`);
  assert.deepEqual([ended.stdout, ended.code], ["", 2]);
});

test("a package that was not built says so", async (t) => {
  const path = await makePackage(t, { built: false });
  const ended = await run([join(path, "bin/countersign.js")]);
  assert.match(ended.stderr, /^error: .*dist\/main\.cjs is missing\ntry: .*npm run build\n$/);
  assert.equal(ended.code, 2);
});

test("a fault inside main is not taken for a missing build", async (t) => {
  const path = await makePackage(t);
  await writeFile(join(path, "dist/main.cjs"), 'require("./gone.js");');
  const ended = await run([join(path, "bin/countersign.js")]);
  assert.match(ended.stderr, /gone\.js/);
  assert.notEqual(ended.code, 0);
});

test("a directory that was removed is no obstacle", async (t) => {
  const path = await makePackage(t);
  const script = `mkdir "$1/gone" && cd "$1/gone" && rmdir "$1/gone" && exec "$1/bin/countersign.js"`;
  const ended = await run(["sh", "-c", script, "sh", path]);
  assert.equal(ended.code, 0);
  assert.equal(JSON.parse(ended.stdout).cwd, "/");
});

const pam = needs("root", "mount namespaces", "pamtester");
test("pam_exec starts it, with the environment of PAM alone", pam, async (t) => {
  const path = await makePackage(t);
  const main = 'process.exitCode = process.env.PAM_USER === "sentry" ? 0 : 1;';
  await writeFile(join(path, "dist/main.cjs"), main);
  // PAM reads a bracketed argument as one, with its spaces.
  const stack = `auth required pam_exec.so quiet [${join(path, "bin/countersign.js")}]\n`;
  const sandbox = await Sandbox.open(t);
  await sandbox.addUser("sentry");
  await sandbox.pamService("countersign-test", stack);
  const authenticate = async (user: string): Promise<number | null> =>
    (await sandbox.run(["pamtester", "countersign-test", user, "authenticate"])).code;
  assert.equal(await authenticate("sentry"), 0);
  assert.notEqual(await authenticate("root"), 0);
});

test("countersignd starts as countersign does, but for its size and what it starts", () => {
  const read = (name: string): string =>
    readFileSync(new URL(`../../bin/${name}.js`, import.meta.url), "utf8");
  const expected = read("countersign")
    .replace(/^# Node raises the limit of open files.*\n.*COUNTERSIGN_LIMITS.*\n/m, "")
    .replaceAll("dist/main.cjs", "dist/daemon.js")
    .replaceAll(" --v8-pool-size=1", "")
    .replaceAll("countersign is not built", "countersignd is not built");
  const countersignd = read("countersignd")
    .replace(/^# A young generation of .*\n/m, "")
    .replaceAll(" --max-semi-space-size=2", "");
  assert.equal(countersignd, expected);
});
