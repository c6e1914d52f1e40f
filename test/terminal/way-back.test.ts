/** A real terminal whose question the browser may answer: who is listened to, and until when. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { callbackUri } from "../../src/core/redirect.ts";
import type { Step } from "../conversation/scene.ts";
import { until } from "../daemon/daemon.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { Terminal } from "../support/terminal.ts";

const CONVERSE = fileURLToPath(new URL("../conversation/programs/converse.ts", import.meta.url));
const STATE = "s".repeat(43);
const TMUX = needs("tmux");

function duoAddress(redirectUri: string): string {
  const claims = Buffer.from(JSON.stringify({ redirect_uri: redirectUri, state: STATE }));
  return `https://api-12345678.duosecurity.com/?request=x.${claims.toString("base64url")}.x`;
}

interface Scene {
  readonly port?: number;
  readonly script?: readonly Step[];
  readonly env?: Readonly<Record<string, string>>;
  /** In place of the terminal's own name. */
  readonly term?: string;
}

/** The address is opened, and the one it ended at asked for. */
async function ask(t: TestContext, { port = randomInt(20_000, 30_000), ...scene }: Scene = {}) {
  const directory = await makeDirectory(t);
  const [script, outcomes] = [join(directory, "script"), join(directory, "outcomes")];
  const redirectUri = callbackUri(port);
  const steps: readonly Step[] = scene.script ?? [
    { say: "open", text: duoAddress(redirectUri) },
    { ask: "prompt", text: "Paste: " },
  ];
  writeFileSync(script, JSON.stringify(steps));
  const set = scene.term === undefined ? [] : [`TERM=${scene.term}`];
  const argv = [...set, process.execPath, CONVERSE, "terminal", script, outcomes, "20000"];
  const record = join(directory, "record");
  const terminal = await Terminal.start(t, argv, {
    env: { ...MINIMAL_ENV, ...scene.env },
    rows: 40,
    record,
  });
  return {
    ...{ terminal, port, redirectUri, record },
    ended: `${redirectUri}?state=${STATE}&duo_code=c0de`,
    async outcomes(): Promise<unknown> {
      await until(() => existsSync(outcomes));
      return JSON.parse(readFileSync(outcomes, "utf8"));
    },
  };
}

/** The status of a GET, with a Host of one's own; undefined where nobody listens. */
async function get(url: string, host = new URL(url).host): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  request(url.replace("localhost", "127.0.0.1"), { headers: { host } }, (response) => {
    response.resume();
    resolve(response.statusCode);
  })
    .on("error", () => resolve(undefined))
    .end();
  return promise;
}

test(
  "strangers are not listened to; the first that is this visit's is, and no second",
  TMUX,
  async (t) => {
    const { terminal, ended, redirectUri, outcomes } = await ask(t);
    await terminal.shows("Paste:");
    assert.equal(await get(ended.replace(STATE, "t".repeat(43))), 400);
    assert.equal(await get(ended, "attacker.example"), 400);
    assert.equal(await get(`${redirectUri}?duo_code=c0de`), 400);
    assert.equal(await get(`${ended}&state=${STATE}`), 400);
    assert.equal(await get(`${redirectUri.replace("callback", "other")}?x`), 404);
    assert.equal(await get(ended), 303);
    assert.notEqual(await get(ended.replace("c0de", "0ther")), 303);
    assert.equal(await get(redirectUri.replace("callback", "received")), 200);
    assert.deepEqual(await outcomes(), [{ kind: "text", text: ended }]);
    assert.equal(await get(ended), undefined);
  },
);

test("what is pasted may be the first, and closes the port", TMUX, async (t) => {
  const { terminal, ended, outcomes } = await ask(t);
  await terminal.shows("Paste:");
  await terminal.enter(ended);
  assert.deepEqual(await outcomes(), [{ kind: "text", text: ended }]);
  await terminal.shows("THE END");
  assert.equal(await get(ended), undefined);
});

for (const [key, kind] of [
  ["C-c", "cancelled"],
  ["C-d", "end-of-input"],
] as const) {
  test(`${kind}: nobody listens any more`, TMUX, async (t) => {
    const { terminal, ended, outcomes } = await ask(t);
    await terminal.shows("Paste:");
    assert.equal(await get(ended.replace(STATE, "x")), 400);
    await terminal.press(key);
    assert.deepEqual(await outcomes(), [{ kind }]);
    await terminal.shows("THE END");
    assert.equal(await get(ended), undefined);
  });
}

test("a terminal that hangs up is the end of it, and of the port", TMUX, async (t) => {
  const { terminal, ended, outcomes } = await ask(t);
  await terminal.shows("Paste:");
  await terminal.close();
  assert.deepEqual(await outcomes(), [{ kind: "end-of-input" }]);
  await until(async () => (await get(ended)) === undefined);
});

test(
  "a port that is taken: told so, no tunnel to it is named, and the paste is left",
  TMUX,
  async (t) => {
    const seen: (string | undefined)[] = [];
    const server = createServer((asked, response) => {
      seen.push(asked.url);
      response.end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const bound = server.address();
    assert.ok(typeof bound === "object" && bound);
    const env = { SSH_CONNECTION: "192.0.2.1 1 192.0.2.2 22" };
    const { terminal, ended, outcomes, port } = await ask(t, { port: bound.port, env });
    const screen = await terminal.shows("Paste:");
    assert.match(screen, new RegExp(`^port ${port} is taken here: paste the address`, "m"));
    assert.doesNotMatch(screen, /ssh -L/);
    await terminal.enter(ended);
    assert.deepEqual(await outcomes(), [{ kind: "text", text: ended }]);
    assert.deepEqual(seen, []);
  },
);

test("over ssh: address, tunnel and paste stand there at once", TMUX, async (t) => {
  const env = { SSH_CONNECTION: "192.0.2.1 1 192.0.2.2 22" };
  const { terminal, port, outcomes, ended } = await ask(t, { env });
  const screen = await terminal.shows("Paste:");
  assert.match(screen, new RegExp(`^ssh -L ${port}:localhost:${port} \\S+$`, "m"));
  assert.ok(screen.split("\n").every((line) => line.length <= 80));
  assert.equal((await fetch(ended)).status, 200);
  assert.deepEqual(await outcomes(), [{ kind: "text", text: ended }]);
});

test("an address that nobody asks about afterwards keeps no process", TMUX, async (t) => {
  const redirectUri = callbackUri(randomInt(20_000, 30_000));
  const script = [{ say: "open", text: duoAddress(redirectUri) }] as const;
  const { terminal, outcomes } = await ask(t, { script });
  assert.deepEqual(await outcomes(), []);
  await terminal.shows("THE END");
  await until(async () => (await get(redirectUri)) === undefined);
});

test("a login starts no browser, whatever its environment names", TMUX, async (t) => {
  const directory = await makeDirectory(t);
  const [script, mark] = [join(directory, "browser"), join(directory, "started")];
  writeFileSync(script, `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
  const env = { BROWSER: script, DISPLAY: ":0" };
  const { terminal, ended, outcomes } = await ask(t, { env });
  assert.match(await terminal.shows("Paste:"), /^Open this address in a browser:$/m);
  await terminal.enter(ended);
  await outcomes();
  assert.equal(existsSync(mark), false);
});

test("a wait that lasts has a sign of life, which is gone afterwards", TMUX, async (t) => {
  const sign = /[|/\\-] waiting; Ctrl-C stops it/;
  const waiting = (wait: number): Step => ({ wait, text: "pushed to the phone" });
  const { terminal, outcomes, record } = await ask(t, { script: [waiting(1_500)] });
  await terminal.shows(sign);
  assert.deepEqual(await outcomes(), [{ kind: "waited" }]);
  const screen = await terminal.shows("THE END");
  assert.match(screen, /^pushed to the phone\nTHE END$/m);
  assert.match(readFileSync(record, "utf8"), sign);

  for (const scene of [{ script: [waiting(100)] }, { script: [waiting(800)], term: "dumb" }]) {
    const other = await ask(t, scene);
    await other.outcomes();
    assert.doesNotMatch(readFileSync(other.record, "utf8"), sign);
  }
});
