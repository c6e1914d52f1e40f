import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Home } from "../support/cli.ts";
import { oathtool } from "../support/clock.ts";
import { needs } from "../support/parts.ts";
import type { RunOptions } from "../support/run.ts";

const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const HEX = Buffer.from("12345678901234567890").toString("hex");

/** A line of the users file for each name; the key is the name's own. */
function usersFile(...names: readonly string[]): string {
  return names
    .map((name) => `HOTP/T30 ${name} - ${HEX.slice(0, 20)}${Buffer.from(name).toString("hex")}\n`)
    .join("");
}

async function begun(t: TestContext): Promise<Home> {
  const home = await Home.make(t);
  const { code } = await home.run(["init"]);
  assert.equal(code, 0);
  return home;
}

function put(home: Home, name: string, text: string): string {
  const path = join(home.path, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

describe("import", () => {
  test("shows what would come, what cannot and why, within 80 columns", async (t) => {
    const home = await begun(t);
    const names = Array.from({ length: 60 }, (_, n) => `person-of-a-rather-long-name-${n}`);
    const bad = `HOTP/T30 mallory - 00\n${usersFile(names[7] ?? "")}`;
    const path = put(home, "users.oath", usersFile(...names) + bad);
    const before = readdirSync(home.path).map((name) => [
      name,
      statSync(join(home.path, name)).size,
    ]);
    const { stdout, stderr, code } = await home.run(["import", "oath", path, "--dry-run"]);
    const after = readdirSync(home.path).map((name) => [
      name,
      statSync(join(home.path, name)).size,
    ]);
    assert.deepEqual(after, before);
    assert.equal(code, 1);
    assert.equal(
      stderr,
      "error: 2 of 62 cannot come\ntry: mend the file, or leave those out with --partly\n",
    );
    const lines = stdout.split("\n");
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
    assert.match(lines[0] ?? "", /^whose +method +codes +used +scratch +comes$/);
    assert.match(lines[1] ?? "", /^person-of-a-rather-long-name-0 +totp +6 digits, 30 s .* new$/);
    assert.match(stdout, /^\.\.\. and 40 more$/m);
    assert.match(stdout, /^ {2}line 61 \(mallory\): a secret of 8 bits/m);
    assert.match(stdout, /^ {2}line 62 .*the same secret as line 8$/m);
    assert.match(stdout, /^60 would come, 2 cannot come; nothing was changed$/m);
    assert.deepEqual(JSON.parse((await home.run(["user", "list", "--json"])).stdout), []);
  });

  test("all or nothing, unless what cannot come may be left out; twice is once", async (t) => {
    const home = await begun(t);
    const path = put(home, "users.oath", `${usersFile("alice", "bob")}HOTP/T30 mallory - 00\n`);
    const users = async () => {
      const { stdout } = await home.run(["user", "list", "--json"]);
      return JSON.parse(stdout).map(({ user, status }: Record<string, unknown>) => [user, status]);
    };
    const refused = await home.run(["import", "oath", path]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^error: 1 of 3 cannot come: nothing was imported\n/);
    assert.deepEqual(await users(), []);
    const partly = await home.run(["import", "oath", path, "--partly"]);
    assert.deepEqual([partly.code, partly.stderr], [0, ""]);
    assert.match(partly.stdout, /^imported: 2 authenticators of 2 users$/m);
    assert.match(partly.stdout, /pam_oath/);
    assert.deepEqual(await users(), [
      ["alice", "active"],
      ["bob", "active"],
    ]);
    const again = await home.run(["import", "oath", path, "--partly", "--json"]);
    assert.equal(again.code, 0);
    const { entries, found, imported } = JSON.parse(again.stdout);
    assert.deepEqual(found, { new: 0, here: 2, unfit: 1 });
    assert.deepEqual(imported, {
      ...{ done: false, authenticators: 0, users: 0, tokens: 0, backupCodeSets: 0 },
    });
    const keys = { method: "totp", algorithm: "sha1", digits: 6, period: 30, lastCounter: -1 };
    assert.deepEqual(entries[0], {
      ...{ place: "line 1", user: "alice", ...keys, scratchCodes: 0, state: "here", remarks: [] },
    });
    assert.equal(readFileSync(path, "utf8").split("\n").length, 4, "the file was touched");
  });

  test("a state file from standard input, with codes and scratch codes", async (t) => {
    const home = await begun(t);
    const input = `${SECRET}\n" TOTP_AUTH\n" DISALLOW_REUSE\n" WINDOW_SIZE 17\n31415926\n`;
    const { stdout, code } = await home.run(
      ["import", "google-authenticator", "-", "--user", "alice"],
      { input },
    );
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^alice +totp +6 digits, 30 s +none +1 +new$/m);
    assert.match(stdout, /window of 17 codes does not come along/);
    const verify = async (input: string): Promise<number | null> =>
      (await home.run(["verify", "alice", "--code-stdin"], { input })).code;
    assert.equal(await verify(await oathtool(SECRET, Date.now())), 0);
    assert.equal(await verify("31415926"), 0);
    assert.equal(await verify("31415926"), 1);
  });
});

test("tokens of an encrypted file come with its key alone, and are nobody's yet", async (t) => {
  const home = await begun(t);
  const path = fileURLToPath(new URL("../vectors/pskc/figure-6.xml", import.meta.url));
  const bring = (input: string) => home.run(["import", "pskc", path, "--secret-stdin"], { input });
  const wrong = await bring(`${"12345678901234567890123456789013"}\n`);
  assert.deepEqual([wrong.code, wrong.stdout], [1, ""]);
  assert.match(wrong.stderr, /^error: .*key/);
  const right = await bring("12345678901234567890123456789012\n");
  assert.deepEqual([right.code, right.stderr], [0, ""]);
  assert.match(right.stdout, /^987654321 +hotp +8 digits +none +- +new$/m);
  assert.match(right.stdout, /^imported: 1 token to be given to users: countersign token list/m);
});

test("a copy that root made says not whose it is", needs("root"), async (t) => {
  const home = await begun(t);
  const path = put(home, "state", `${SECRET}\n" TOTP_AUTH\n`);
  const { stderr, code } = await home.run(["import", "google-authenticator", path]);
  assert.deepEqual(
    [stderr, code],
    ["error: whose is it? the file does not say\ntry: add --user USER\n", 2],
  );
});

describe("import, wrongly used,", () => {
  const URI = `otpauth://totp/alice?secret=${SECRET}`;
  const CASES: readonly (readonly [name: string, args: string, why: RegExp, more?: RunOptions])[] =
    [
      ["a key URI in an argument", `otpauth ${URI}`, /never an argument/],
      ["two files", `oath users.oath ${SECRET}`, /takes one file/],
      ["a flag that there is not", `oath users.oath --key=${SECRET}`, /no flag --key|Nonexistent/i],
      ["a file and all homes", "google-authenticator users --homes", /but not both/],
      ["homes of another format", "oath --homes", /--homes is for google-authenticator/],
      ["one input for two things", "pskc - --secret-stdin", /either the file or its key/],
    ];
  for (const [name, args, why] of CASES) {
    test(`${name}: told, and no secret repeated`, async (t) => {
      const home = await Home.make(t);
      const { stdout, stderr, code } = await home.run(["import", ...args.split(" ")]);
      assert.deepEqual([stdout, code], ["", 2]);
      assert.match(stderr, why);
      assert.ok(!stderr.includes(SECRET), stderr);
    });
  }
});
