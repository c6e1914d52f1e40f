/** YubiKeys as people meet them: touched at a terminal, and with validation servers set up. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Daemon } from "../daemon/daemon.ts";
import { CLI, Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { Terminal } from "../support/terminal.ts";
import { SoftwareYubikey, typedOnDvorak } from "../support/yubikey.ts";
import { API_KEY, CLIENT_ID, Pool, startValidationServer } from "../yubikey/validation-server.ts";
import { auditOf } from "./duo.ts";
import { enrolledHome, succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

test("a key whose secrets are typed in, at a terminal", needs("tmux"), async (t) => {
  const home = await Home.make(t);
  const key = new SoftwareYubikey();
  const terminal = await Terminal.start(t, ["bash", "--norc"], {
    env: { ...home.env, PS1: "ready> " },
    rows: 40,
  });
  const run = (words: string) => terminal.type(`clear; ${CLI} ${words}\n`);
  await run("enroll alice --method yubikey");
  await terminal.shows("Touch the YubiKey:");
  const otp = key.touch();
  await terminal.type(`${otp}\n`);
  await terminal.shows("Private id, 12 hexadecimal digits:");
  await terminal.type(`${key.privateId}\n`);
  await terminal.shows("AES key, 32 hexadecimal digits:");
  await terminal.type(`${key.aesKey}\n`);
  const screen = await terminal.shows("they are not shown again");
  assert.match(screen, new RegExp(`alice is enrolled with the YubiKey ${key.publicId}`));
  for (const secret of [otp, key.privateId, key.aesKey]) assert.ok(!screen.includes(secret));
  await run("verify alice --json");
  await terminal.shows("Verification code:");
  await terminal.type(`${typedOnDvorak(key.touch())}\n`);
  await terminal.shows(/"verdict":"accept","user":"alice","method":"yubikey"/);
});

test(
  "validation servers, set up and asked through the daemon",
  needs("root", "openssl", "oathtool"),
  async (t) => {
    const { home, countersign, phone } = await enrolledHome(t);
    const [key, own] = [new SoftwareYubikey(), new SoftwareYubikey()];
    const pool = new Pool().add(key);
    const servers = [
      await startValidationServer(t, { pool }),
      await startValidationServer(t, { pool }),
    ];
    const caFile = join(home.path, "ca.pem");
    writeFileSync(caFile, servers[0]?.authority ?? "", { mode: 0o644 });
    const daemon = await Daemon.start(t, home);
    const urls = servers.map(({ url }) => url).join(",");
    const json = async (words: string, text = "") =>
      JSON.parse(await succeed(countersign, [...words.split(" "), "--json"], text));
    const verdict = async (answer: string) => {
      const ended = await countersign(["verify", "alice", "--code-stdin", "--json"], {
        input: answer,
      });
      return JSON.parse(ended.stdout).verdict;
    };

    const configure = `yubikey configure --client-id ${CLIENT_ID} --servers ${urls} --ca-file ${caFile}`;
    assert.deepEqual(await json(`${configure} --secret-stdin`, `${API_KEY}\n`), {
      ...{ clientId: CLIENT_ID, servers: urls.split(","), caFile },
    });
    assert.deepEqual(await json("yubikey check"), {
      ...{ method: "yubikey", state: "ok", message: "the validation servers take the API key" },
    });
    const doctor = await countersign(["doctor", "--json"]);
    const found = JSON.parse(doctor.stdout).find(
      ({ check }: { check: string }) => check === "yubikey",
    );
    assert.equal(found?.state, "ok");

    const enroll = "enroll alice --method yubikey --secret-stdin";
    const told = { user: "alice", method: "yubikey", status: "active", backupCodes: [] };
    assert.deepEqual(await json(enroll, key.touch()), {
      ...{ ...told, serial: key.publicId, judged: "servers" },
    });
    const typed = [own.touch(), own.privateId, own.aesKey].join("\n");
    assert.deepEqual(await json(`${enroll} --local`, typed), {
      ...{ ...told, serial: own.publicId, judged: "here" },
    });
    const otp = key.touch();
    assert.equal(await verdict(otp), "accept");
    assert.equal(await verdict(otp), "reject");
    assert.equal(await verdict(own.touch()), "accept");
    assert.equal(await verdict(await phone.next()), "accept");
    for (const server of servers) server.mode = "bad-signature";
    assert.equal(await verdict(key.touch()), "unavailable");
    for (const server of servers) server.mode = "ok";
    const checked = await countersign(["enroll", "bob", "--method", "yubikey", "--secret-stdin"], {
      input: key.touch(),
    });
    assertFailure(checked, 1, /somebody else's here/, /reset alice --method yubikey/);

    const files = readdirSync(home.path)
      .filter((name) => name !== "socket")
      .map((name) => readFileSync(join(home.path, name), "latin1"));
    const shown = [
      await succeed(countersign, ["config", "list"]),
      JSON.stringify(await auditOf(countersign)),
    ];
    for (const text of [...files, ...shown]) {
      assert.ok(!text.includes(API_KEY) && !text.includes(otp) && !text.includes(own.aesKey));
    }
    assert.equal(daemon.isAlive, true);
  },
);

test("what does not hold is refused before anything is changed", async (t) => {
  const home = await Home.make(t);
  const configure = (...flags: readonly string[]) =>
    home.run(["yubikey", "configure", "--secret-stdin", ...flags], { input: API_KEY });
  const id = ["--client-id", "1"];
  const cases: readonly (readonly [flags: readonly string[], message: RegExp])[] = [
    [[], /client-id/],
    [["--client-id", "0"], /client-id/],
    [[...id, "--servers", "http://host"], /is no address of a validation server/],
    [[...id, "--servers", "https://a,https://a"], /names one twice/],
    [[...id, API_KEY], /takes no arguments/],
  ];
  for (const [flags, message] of cases) {
    const ended = await configure(...flags);
    assertFailure(ended, 2, message);
    assert.ok(!ended.stderr.includes(API_KEY));
  }
  const missing = await configure(...id, "--ca-file", join(home.path, "none.pem"));
  assertFailure(missing, 1, /the CA file is not there/, /yubikey configure/);
  const none = await home.run(["yubikey", "configure", ...id, "--secret-stdin"], { input: "x" });
  assertFailure(none, 2, /the API key is not base64/);
  assert.deepEqual(readdirSync(home.path), []);
  for (const [words, message] of [
    ["--method yubikey --digits 8", "--digits is not for --method yubikey"],
    ["--local", "--local is for --method yubikey"],
    ["--method duo-push --secret-stdin", "--secret-stdin is for --method yubikey"],
  ] as const) {
    const ended = await home.run(["enroll", "alice", ...words.split(" ")]);
    assertFailure(ended, 2, new RegExp(`^error: ${message}`));
  }
});

test("servers that take the place of others are sent nothing of theirs", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  const configure = (servers: string, key = API_KEY) =>
    succeed(
      countersign,
      ["yubikey", "configure", "--client-id", "1", "--servers", servers, "--secret-stdin"],
      key,
    );
  await configure("https://one.example");
  const before = (await auditOf(countersign)).length;
  await configure("https://two.example", Buffer.alloc(20, 7).toString("base64"));
  const events = (await auditOf(countersign)).slice(before);
  assert.deepEqual(
    events.map(({ action, detail }) => (detail ? `${action} ${detail}` : action)),
    [
      "settings-unset yubikey.clientId",
      "method-secret-set",
      "settings-set yubikey.servers=https://two.example",
      "settings-set yubikey.clientId=1",
    ],
  );
  await succeed(countersign, ["method", "purge", "yubikey", "--yes"]);
  const settings = JSON.parse(await succeed(countersign, ["config", "list", "--json"]));
  assert.equal(settings["yubikey.clientId"], null);
});
