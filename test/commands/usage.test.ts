/** Slips of the pen: one line says it, one mends it, exit status 2, and nothing is made. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { describe, test } from "node:test";
import { COMMANDS } from "../../src/commands/index.ts";
import { Home } from "../support/cli.ts";
import { assertFailure } from "./failure.ts";

const SLIPS: Readonly<Record<string, RegExp>> = {
  bogus: /bogus/,
  enrol: /enrol/,
  "user bogus": /user bogus/,
  "--bogus": /--bogus/,
  "enroll --bogus": /--bogus/,
  "enroll alice bob": /unexpected argument: bob/,
  "enroll --digits 7": /--digits=7.*6, 8/,
  "enroll --period 45": /--period=45.*30, 60/,
  "enroll --algorithm md5": /--algorithm=md5.*sha1/,
  "enroll --method htop": /--method=htop/,
  "enroll --qr jpeg": /--qr=jpeg/,
  "enroll alice --begin --confirm": /--begin/,
  "verify --bogus": /--bogus/,
  "verify --json=yes": /--json/,
  "verify --service": /--service/,
  "verify alice bob": /one USER/,
  "verify alice 123456": /one USER/,
  "verify alice --": /no command after --/,
  "duo prompt alice bob": /unexpected argument: bob/,
  "duo prompt --callback-port 80": /--callback-port: .*1024/,
  "duo prompt --callback-port 65536": /--callback-port: .*65535/,
  "duo prompt --callback-port x": /--callback-port: /,
  "reset alice --method htop": /--method=htop/,
  "user show alice bob": /unexpected argument: bob/,
  "user enable": /name users, or give --all/,
  "user unlock": /name users, or give --all/,
  "user disable": /name users, or give --all/,
  "user disable --all alice": /name users, or give --all/,
  "user disable --group staff alice": /name users, or give --all/,
  "user disable --from-stdin --group staff": /name users, or give --all/,
  "user unlock --all --from-stdin": /name users, or give --all/,
  "reset --from-stdin alice": /name users, or give --group or --from-stdin/,
  "reset --from-stdin --code-stdin": /--code-stdin/,
  "user list --status gone": /--status=gone/,
  "user list --sort size": /--sort=size/,
  "user list --stale 0": /--stale: /,
  "user list --limit 0": /--limit: /,
  "user list --after -": /--after takes a login name/,
  "audit list --last x": /--last: expected an integer/,
  "audit list --last 0": /--last: /,
  "audit verify --head 12": /--head/,
  import: /^error: missing: FORMAT$/,
  "config get": /missing: SETTING/,
  "config set": /missing: SETTING, VALUE/,
  "config set totp.window": /missing: VALUE/,
  "init --key paper": /--key=paper.*file/,
  "status now": /status/,
  "user alias": /missing: USER/,
  "user alias alice smith --remove": /give a name, or --remove/,
  "user alias alice smith jones": /unexpected argument: jones/,
  "duo configure duo-push": /^error: missing: --api-host$/,
  "policy require --everyone --first --before 2": /^error: --before=2 .* --first$/,
  "duo check duo-phone": /duo-push, duo-prompt/,
  "enroll --method duo-push --digits 8": /--digits is for --method totp/,
  "enroll --method duo-push --qr none": /--qr is for --method totp/,
  "enroll --method duo-prompt --begin": /--begin is for --method totp/,
  "enroll --method duo-prompt --code-stdin": /--code-stdin is for --method totp/,
  "demo now": /demo/,
};

describe("a slip", { concurrency: 4 }, () => {
  for (const [line, message] of Object.entries(SLIPS)) {
    test(`countersign ${line}`, async (t) => {
      const home = await Home.make(t);
      const ended = await home.run(line.split(" "), { input: "123456\n" });
      assertFailure(ended, 2, message, /^try: countersign \S/);
      assert.deepEqual(await readdir(home.path), []);
    });
  }
});

test("oclif's own colours are no part of what is said", async (t) => {
  const home = await Home.make(t);
  const ended = await home.run(["duo", "configure", "duo-push"], { env: { FORCE_COLOR: "1" } });
  assertFailure(ended, 2, /^error: missing: --api-host$/);
});

test("what stands behind a flag that there is not is never repeated", async (t) => {
  const home = await Home.make(t);
  for (const line of ["enroll --code=123456", "reset alice --code=123456 --yes"]) {
    const ended = await home.run(line.split(" "));
    assertFailure(ended, 2, /^error: nonexistent flag: --code$/);
  }
});

test("a value that a setting cannot have says what it can", async (t) => {
  const home = await Home.make(t);
  for (const [name, value, message] of [
    ["totp.window", "99", /totp\.window must be a whole number from 0 to 10/],
    ["totp.window", "1.5", /totp\.window must be/],
    ["policy.unenrolled", "Allow", /policy\.unenrolled must be one of refuse, allow/],
    ["store", "relative.db", /store must be sqlite:/],
    ["issuer", "a:b", /issuer must be/],
  ] as const) {
    const ended = await home.run(["config", "set", name, value]);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, new RegExp(`^error: ${message.source}`));
    assert.equal(ended.stdout, "");
  }
  assert.deepEqual(await readdir(home.path), []);
});

test("under sudo the user must be named, for it is root who asks", async (t) => {
  const home = await Home.make(t);
  if (process.getuid?.() !== 0) return t.skip("needs root");
  const env = { SUDO_UID: "1000", SUDO_USER: "alice" };
  await home.run(["init"]);
  for (const line of ["verify --code-stdin", "enroll --begin", "user show", "reset --yes"]) {
    const ended = await home.run(line.split(" "), { env, input: "123456" });
    assertFailure(ended, 2, /under sudo the user must be named/);
  }
  const named = await home.run(["user", "show", "root"], { env });
  assertFailure(named, 1, /root has never enrolled here/);
  const own = await home.run(["user", "show"]);
  assertFailure(own, 1, /root has never enrolled here/);
});

test("no argument is taken from standard input: what waits there is a code", async (t) => {
  for (const [id, { args }] of Object.entries(COMMANDS)) {
    for (const arg of Object.values(args ?? {})) assert.equal(arg.ignoreStdin, true, id);
  }
  const home = await Home.make(t);
  await home.run(["init"]);
  for (const line of ["user show", "reset --yes --code-stdin", "enroll --confirm --code-stdin"]) {
    const ended = await home.run(line.split(" "), { input: "123456\n" });
    assert.equal(ended.code, 1, line);
    assert.ok(!`${ended.stdout}${ended.stderr}`.includes("123456"), line);
  }
});

test("help is for the asking, and no failure", async (t) => {
  const home = await Home.make(t);
  for (const line of ["help", "--help", "verify --help", "help user list", "enroll -h", ""]) {
    const ended = await home.run(line === "" ? [] : line.split(" "));
    assert.deepEqual([ended.code, ended.stderr], [0, ""], line);
    assert.ok(
      ended.stdout.split("\n").every((text) => text.length <= 80),
      line,
    );
    assert.match(ended.stdout, /countersign/);
  }
  assert.match((await home.run(["--version"])).stdout, /^countersign \d+\.\d+\.\d+\n$/);
});
