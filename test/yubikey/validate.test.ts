/** Validation servers: whom they let in, and that nothing of it is believed that does not hold. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parseServers } from "../../src/yubikey/server-address.ts";
import { parseApiKey } from "../../src/yubikey/signature.ts";
import { trusting } from "../../src/yubikey/trust.ts";
import { type Client, validate } from "../../src/yubikey/validate.ts";
import { ValidationFault, type ValidationTrouble } from "../../src/yubikey/validation-fault.ts";
import { needs } from "../support/parts.ts";
import { SoftwareYubikey } from "../support/yubikey.ts";
import {
  API_KEY,
  CLIENT_ID,
  type Mode,
  Pool,
  startValidationServer,
  ValidationServer,
} from "./validation-server.ts";

/** Enough for any machine that is not stuck. */
const PATIENCE = 20_000;

function clientOf(servers: readonly ValidationServer[], changes: Partial<Client> = {}): Client {
  return {
    servers: parseServers(servers.map(({ url }) => url).join(",")),
    clientId: CLIENT_ID,
    apiKey: parseApiKey(API_KEY) ?? Buffer.alloc(0),
    trusted: trusting(servers[0]?.authority),
    limit: PATIENCE,
    ...changes,
  };
}

function ask(client: Client, otp: string, signal = new AbortController().signal) {
  const nonce = randomBytes(16).toString("hex");
  return validate(client, { otp, nonce, now: Date.now }, signal);
}

/** For assert.rejects. */
function trouble(expected: ValidationTrouble, message: RegExp) {
  return (error: unknown): boolean => {
    if (!(error instanceof ValidationFault)) throw error;
    assert.equal(error.trouble, expected, error.message);
    assert.match(error.message, message);
    assert.ok(error.hint);
    return true;
  };
}

describe("one server", needs("openssl"), () => {
  const key = new SoftwareYubikey();
  const pool = new Pool().add(key);
  const server = new ValidationServer({ pool });
  let client: Client;
  before(async () => {
    await server.start();
    client = clientOf([server]);
  });
  after(() => server.stop());

  test("accepts what is new, and tells the counters", async () => {
    server.mode = "ok";
    key.plugIn();
    assert.deepEqual(await ask(client, key.touch()), { kind: "valid", counter: 2 * 256 });
    assert.deepEqual(await ask(client, key.touch()), { kind: "valid", counter: 2 * 256 + 1 });
    const { h, nonce, ...asked } = server.received.at(-1) ?? {};
    assert.match(h ?? "", /^[A-Za-z0-9+/]{27}=$/);
    assert.match(nonce ?? "", /^[0-9a-f]{32}$/);
    assert.deepEqual(Object.keys(asked).sort(), ["id", "otp", "timestamp"]);
  });

  test("refuses a replay, another key's, and what is not whole", async () => {
    server.mode = "ok";
    const otp = key.touch();
    assert.equal((await ask(client, otp)).kind, "valid");
    assert.deepEqual(await ask(client, otp), { kind: "refused", reason: "replayed" });
    const wrong = { kind: "refused", reason: "wrong-code" };
    assert.deepEqual(await ask(client, new SoftwareYubikey().touch()), wrong);
    assert.deepEqual(await ask(client, key.touch({ wrongCrc: 1 })), wrong);
  });

  const lies: readonly (readonly [Mode, ValidationTrouble, RegExp])[] = [
    ["old-answer", "invalid", /answers another question/],
    ["wrong-nonce", "invalid", /answers another question/],
    ["wrong-otp", "invalid", /answers another question/],
    ["bad-signature", "invalid", /does not sign with the API key/],
    ["no-signature", "invalid", /does not sign with the API key/],
    ["no-counters", "invalid", /without telling the counters/],
    ["counters-too-large", "invalid", /without telling the counters/],
    ["old-time", "invalid", /a time that cannot be/],
    ["no-time", "invalid", /a time that cannot be/],
    ["a-field-twice", "invalid", /does not speak the validation protocol/],
    ["unknown-status", "invalid", /a status that is not known/],
    ["garbage", "invalid", /does not speak the validation protocol/],
    ["empty", "invalid", /does not speak the validation protocol/],
    ["megabytes", "invalid", /larger than any/],
    ["redirect", "invalid", /does not speak the validation protocol/],
    ["server-error", "server-error", /HTTP status 503/],
    ["reset", "unreachable", /ended the connection/],
    ["says BACKEND_ERROR", "server-error", /BACKEND_ERROR/],
    ["says NOT_ENOUGH_ANSWERS", "server-error", /NOT_ENOUGH_ANSWERS/],
    ["says NO_SUCH_CLIENT", "refused", /client id/],
    ["says BAD_SIGNATURE", "refused", /API key/],
    ["says OPERATION_NOT_ALLOWED", "refused", /client id/],
    ["says MISSING_PARAMETER", "refused", /MISSING_PARAMETER/],
    ["says REPLAYED_REQUEST", "server-error", /have lost their answer/],
  ];
  for (const [mode, expected, message] of lies) {
    test(`that ${mode}: nobody is let in`, async () => {
      server.mode = "ok";
      assert.equal((await ask(client, key.touch())).kind, "valid");
      server.mode = mode;
      await assert.rejects(ask(client, key.touch()), trouble(expected, message));
    });
  }

  for (const mode of ["hang", "hang-mid-body"] as const) {
    test(`that ${mode}s is not waited for`, async () => {
      server.mode = mode;
      const hasty = { ...client, limit: 300 };
      await assert.rejects(ask(hasty, key.touch()), trouble("unreachable", /in time/));
    });
  }

  test("that is asked by a client it does not know, or with another key", async () => {
    server.mode = "ok";
    const stranger = { ...client, clientId: 1 };
    await assert.rejects(ask(stranger, key.touch()), trouble("refused", /NO_SUCH_CLIENT/));
    const apiKey = Buffer.alloc(20, 1);
    const imposter = { ...client, apiKey };
    await assert.rejects(ask(imposter, key.touch()), trouble("refused", /BAD_SIGNATURE/));
  });

  test("whoever hangs up is told so, and no connection stays", async () => {
    server.mode = "hang";
    const gone = new AbortController();
    const asked = server.received.length;
    const asking = ask(client, key.touch(), gone.signal);
    while (server.received.length === asked) await sleep(5);
    gone.abort(new Error("gone"));
    await assert.rejects(asking, { message: "gone" });
    for (let tries = 0; server.connections > 0 && tries < 200; tries++) await sleep(25);
    assert.equal(server.connections, 0);
    await assert.rejects(ask(client, key.touch(), gone.signal), { message: "gone" });
  });
});

test(
  "a certificate of another authority, another host, or of the past",
  needs("openssl"),
  async (t) => {
    for (const certificate of ["other-authority", "other-name", "expired"] as const) {
      const key = new SoftwareYubikey();
      const server = await startValidationServer(t, { certificate, pool: new Pool().add(key) });
      const refused = trouble("unreachable", /^the certificate of localhost:\d+ is refused: /);
      await assert.rejects(ask(clientOf([server]), key.touch()), refused);
      assert.deepEqual(server.received, []);
      // Nor do the public authorities vouch for the tests' own.
      const trusted = trusting(undefined);
      await assert.rejects(ask(clientOf([server], { trusted }), key.touch()), refused);
    }
  },
);

test("nobody there", needs("openssl"), async (t) => {
  const server = await startValidationServer(t);
  const client = clientOf([server]);
  await server.stop();
  const otp = new SoftwareYubikey().touch();
  await assert.rejects(ask(client, otp), trouble("unreachable", /refuses the connection$/));
});

describe("several servers", needs("openssl"), () => {
  const key = new SoftwareYubikey();
  const pool = new Pool().add(key);
  const servers = Array.from({ length: 3 }, () => new ValidationServer({ pool }));
  let client: Client;
  before(async () => {
    for (const server of servers) await server.start();
    client = clientOf(servers);
  });
  after(async () => {
    for (const server of servers) await server.stop();
  });

  function set(...modes: readonly (readonly [Mode, number?])[]): void {
    for (const [at, server] of servers.entries()) {
      const [mode, delay = 0] = modes[at] ?? ["ok"];
      // One that misbehaves keeps what it has seen to itself.
      Object.assign(server, { mode, delay, pool: mode === "ok" ? pool : new Pool().add(key) });
    }
  }

  test("are asked the same at once: one accepts, the others know of it", async () => {
    set();
    const before = servers.map(({ received }) => received.length);
    assert.equal((await ask(client, key.touch())).kind, "valid");
    const asked = servers.map(({ received }) => received.at(-1));
    assert.deepEqual(asked[1], asked[0]);
    assert.deepEqual(asked[2], asked[0]);
    assert.deepEqual(
      servers.map(({ received }) => received.length),
      before.map((count) => count + 1),
    );
    const refused = { kind: "refused", reason: "replayed" };
    assert.deepEqual(await ask(client, asked[0]?.otp ?? ""), refused);
  });

  test("one that is down, slow, or talks nonsense keeps nobody out", async () => {
    for (const mode of [
      "hang",
      "reset",
      "garbage",
      "bad-signature",
      "says BACKEND_ERROR",
    ] as const) {
      set([mode], ["ok"], [mode]);
      assert.equal((await ask(client, key.touch())).kind, "valid", mode);
    }
    set(["ok", 30_000], ["ok", 30_000], ["ok"]);
    const before = performance.now();
    assert.equal((await ask(client, key.touch())).kind, "valid");
    assert.ok(performance.now() - before < 10_000);
  });

  test("one that knows the request only is waited past", async () => {
    set(["says REPLAYED_REQUEST"], ["ok", 300], ["says REPLAYED_REQUEST"]);
    assert.equal((await ask(client, key.touch())).kind, "valid");
  });

  for (const mode of ["says REPLAYED_OTP", "says BAD_OTP", "other-counters"] as const) {
    test(`that disagree let nobody in: one that ${mode} a little later`, async () => {
      set(["ok"], [mode, 60], ["hang"]);
      assert.deepEqual(await ask(client, key.touch()), { kind: "refused", reason: "disputed" });
    });
  }

  test("one refusal is not overruled by acceptances that come later", async () => {
    set(["says REPLAYED_OTP"], ["ok", 200], ["ok", 200]);
    assert.deepEqual(await ask(client, key.touch()), { kind: "refused", reason: "replayed" });
  });

  test("what the settings have wrong is told before what may pass", async () => {
    set(["reset"], ["says NO_SUCH_CLIENT", 100], ["garbage"]);
    await assert.rejects(ask(client, key.touch()), trouble("refused", /NO_SUCH_CLIENT/));
  });

  test("no connection stays once it is decided", async () => {
    set(["ok"], ["hang"], ["hang-mid-body"]);
    assert.equal((await ask(client, key.touch())).kind, "valid");
    const open = () => servers.reduce((sum, { connections }) => sum + connections, 0);
    for (let tries = 0; open() > 0 && tries < 200; tries++) await sleep(25);
    assert.equal(open(), 0);
  });
});

test("addresses of servers: https and a name, each once", () => {
  const [first, second] = parseServers("https://api.yubico.com,https://10.0.0.1:8443/v");
  assert.deepEqual(first, { name: "api.yubico.com", port: 443, path: "/wsapi/2.0/verify" });
  assert.deepEqual(second, { name: "10.0.0.1", port: 8443, path: "/v" });
  const wrong = [
    "",
    "http://api.yubico.com",
    "https://",
    "https://user@host/",
    "https://HOST/",
    "https://host:0/",
    "https://host:65536/",
    "https://host/?id=1",
    "https://host/#x",
    "https://host /",
    "https://-host/",
    "https://1.2.3/",
    "https://host,",
    "https://host/a,https://host/b",
    Array.from({ length: 11 }, (_, n) => `https://host${n}`).join(),
  ];
  for (const text of wrong) {
    assert.throws(() => parseServers(text), { code: "settings-invalid" }, text);
  }
});

test("API keys: base64 as it is given out, and nothing else", () => {
  assert.deepEqual(parseApiKey(` ${API_KEY}\n`), Buffer.from(API_KEY, "base64"));
  for (const text of ["", "abc", `${API_KEY}=`, API_KEY.slice(1), API_KEY.replace("=", "-")]) {
    assert.equal(parseApiKey(text), undefined, text);
  }
});
