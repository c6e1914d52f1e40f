/** Tokens that count, as people meet them: at a terminal, and by serial number through the daemon. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openParts } from "../../src/client/in-process.ts";
import { encodeBase32 } from "../../src/core/base32.ts";
import { tokenCell } from "../../src/core/cells.ts";
import { scopeOf } from "../../src/settings/scope.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import { Daemon } from "../daemon/daemon.ts";
import { CLI, Home } from "../support/cli.ts";
import { oathtoolCounters } from "../support/clock.ts";
import { needs } from "../support/parts.ts";
import { Terminal } from "../support/terminal.ts";
import { enrolledHome, succeed } from "./enrolled.ts";

test("enrolled, used and found again at a terminal", needs("tmux", "oathtool"), async (t) => {
  const home = await Home.make(t);
  await succeed(home.run.bind(home), ["init"]);
  const terminal = await Terminal.start(t, ["bash", "--norc"], {
    env: { ...home.env, PS1: "ready> " },
    rows: 40,
  });
  const run = (words: string) => terminal.type(`clear; ${CLI} ${words}\n`);
  await run("enroll alice --method hotp --qr none");
  await terminal.shows("Code from the app:");
  const screen = await terminal.screen();
  const key = /Key +([A-Z2-7 ]+)/.exec(screen)?.[1]?.replaceAll(" ", "") ?? "";
  assert.match(screen, /Set to +SHA-1, 6 digits, counter-based, from 0 on/);
  const codes = await oathtoolCounters(key, 0, 64);
  const answer = (counter: number) => terminal.type(`${codes[counter]}\n`);
  await answer(0);
  await terminal.shows("alice is enrolled.");
  await run("resync alice");
  await terminal.shows("Code of the token:");
  await answer(50);
  await terminal.shows("The code after it:");
  await answer(51);
  await terminal.shows("The token of alice is in step again");
  await run("verify alice --json");
  await terminal.shows("Verification code:");
  await answer(52);
  await terminal.shows(/"verdict":"accept","user":"alice","method":"hotp"/);
});

/** Puts a token into the inventory of a home, as an import does. */
async function stock(home: Home, serial: string, secret: Buffer): Promise<void> {
  const uid = process.getuid?.() ?? 0;
  const scope = scopeOf({ uid, home: home.path, env: { COUNTERSIGN_HOME: home.path } });
  const { store, sealer } = await openParts(scope, loadSettings(scope));
  const token = {
    method: "hotp",
    serial,
    algorithm: "sha1",
    digits: 6,
    period: undefined,
  } as const;
  const sealedSecret = sealer.seal(secret, tokenCell(token));
  await store.transact((tx) =>
    tx.tokens.add({ ...token, sealedSecret, skew: 0, lastCounter: 99 }, Date.now()),
  );
  await store.close();
}

test("two tokens of the inventory, through the daemon", needs("root", "oathtool"), async (t) => {
  const { home, countersign } = await enrolledHome(t);
  const secret = Buffer.from("12345678901234567890");
  for (const serial of ["A1", "B2"]) await stock(home, serial, secret);
  const daemon = await Daemon.start(t, home);
  const codes = await oathtoolCounters(encodeBase32(secret), 100, 60);
  const input = (...counters: number[]) => counters.map((n) => `${codes[n]}\n`).join("");
  const json = async (words: string, text = "") =>
    JSON.parse(await succeed(countersign, [...words.split(" "), "--json"], text));
  const tokens = async () =>
    (await json("token list")).map(({ serial }: { serial: string }) => serial);

  assert.deepEqual(await tokens(), ["A1", "B2"]);
  const enroll = "enroll alice --method hotp --code-stdin --serial";
  const far = await countersign([...enroll.split(" "), "A1"], { input: input(40) });
  assert.deepEqual([far.code, far.stdout], [1, ""]);
  assert.match(far.stderr, /^error: the codes do not fit: nothing was changed\ntry: /);
  const [user, method, serial] = ["alice", "hotp", "A1"];
  assert.deepEqual(await json(`${enroll} A1`, input(40, 41)), {
    ...{ user, method, serial, status: "active", backupCodes: [] },
  });
  assert.deepEqual(await tokens(), ["B2"]);
  const shown = await json("user show alice");
  assert.deepEqual(
    shown.methods.map((each: object) => ({ ...each, enrolledAt: "", lastUsedAt: "" })),
    [
      { method, serial, status: "active", enrolledAt: "", lastUsedAt: "" },
      { method: "totp", status: "active", enrolledAt: "", lastUsedAt: "" },
    ],
  );
  const resync = "resync alice --serial A1 --code-stdin";
  assert.deepEqual(await json(resync, input(55, 56)), {
    ...{ user, method, serial, status: "resynchronized" },
  });
  const old = await countersign([...resync.split(" "), "--json"], { input: input(50, 51) });
  assert.equal(old.code, 1);
  assert.deepEqual(JSON.parse(old.stdout), {
    ...{ verdict: "reject", user, method, serial, reason: "wrong-code" },
  });
  const verified = await json("verify alice --code-stdin", input(57));
  assert.deepEqual([verified.verdict, verified.method], ["accept", "hotp"]);
  assert.deepEqual(await json("token remove B2 --yes"), { method, serial: "B2", removed: true });
  const [reset] = await json("reset alice --serial A1 --yes");
  assert.deepEqual(reset, { user, authenticators: 1, backupCodes: 0, tokens: 1 });
  const gone = await countersign(["reset", "alice", "--serial", "A1", "--yes"]);
  assert.match(gone.stderr, /alice has no token A1/);
  assert.deepEqual([(await json("user show alice")).methods.length, await tokens()], [1, ["A1"]]);
  assert.equal(daemon.isAlive, true);
});

test("flags that mean nothing for a token are refused before anything is made", async (t) => {
  const home = await Home.make(t);
  for (const [words, message] of [
    ["--method hotp --period 60", "--period is for --method totp: hotp counts, and knows no time"],
    ["--method hotp --serial A1 --digits 8", "--digits is for what is made here"],
    ["--serial A1 --begin", "--begin is for what is made here"],
  ] as const) {
    const { code, stderr } = await home.run(["enroll", "alice", ...words.split(" ")]);
    assert.deepEqual([code, stderr.split("\n")[0]?.startsWith(`error: ${message}`)], [2, true]);
  }
});
