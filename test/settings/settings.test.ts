/** The strict reader: whatever is not exactly a settings file refuses everybody. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/core/fault.ts";
import { DEFAULT_LOOK_AHEAD } from "../../src/core/hotp.ts";
import { DEFAULT_THROTTLE } from "../../src/core/throttle.ts";
import { DEFAULT_WINDOW } from "../../src/core/totp.ts";
import {
  loadSettings,
  parseSettings,
  SETTINGS_MAX_BYTES,
  throttlePolicy,
  totpWindow,
} from "../../src/settings/settings.ts";
import { asRoot, FOREIGN_UID, fault, sandbox } from "../files/sandbox.ts";

const PATH = "/etc/countersign/countersign.json";

function fileWith(t: TestContext, content: string | Uint8Array): { settingsFile: string } {
  const settingsFile = join(sandbox(t), "countersign.json");
  writeFileSync(settingsFile, content, { mode: 0o644 });
  return { settingsFile };
}

test("an absent file means the defaults, which are the core's own", (t) => {
  const settings = loadSettings({ settingsFile: join(sandbox(t), "countersign.json") });
  assert.deepEqual(settings, {
    key: "file",
    qr: "auto",
    totp: { window: 1, maxDrift: 2 },
    hotp: { window: 10, resync: 100 },
    throttle: { freeFailures: 5, firstDelay: 2, longestDelay: 300, decay: 900, lockAfter: 0 },
    policy: {
      unenrolled: "refuse",
      enabled: "on",
      defaultMethod: "none",
      rules: [],
      graceLimit: 5,
    },
    roles: [],
    audit: { systemLog: "on", checkpointEvery: 10_000, checkpointHours: 24 },
    enrollment: { expiresAfter: 900 },
    invite: { expiresAfter: 86_400 },
    texts: { prompt: "Verification code" },
    methods: {
      ...{ totp: "on", hotp: "on", yubikey: "on", "backup-code": "on" },
      ...{ "duo-push": "on", "duo-prompt": "on", message: "off" },
    },
    duo: {
      usernameTemplate: "{user}",
      push: { anyHost: "no", failMode: "secure" },
      prompt: { anyHost: "no", failMode: "secure", callbackPort: 0 },
    },
    message: {
      ...{ mostPerHour: 5, commandTakes: "phone" },
      smtp: { port: 587, tls: "starttls", subject: "Your code to log in" },
    },
    yubikey: { timeout: 8 },
  });
  assert.deepEqual(throttlePolicy(settings), DEFAULT_THROTTLE);
  assert.deepEqual(totpWindow(settings), DEFAULT_WINDOW);
  assert.deepEqual(settings.hotp, DEFAULT_LOOK_AHEAD);
});

test("what the file says holds, and the rest is default", (t) => {
  const settings = loadSettings(
    fileWith(t, '{"issuer":"Zoë’s host 🦉","store":"sqlite:/srv/a b.db","totp":{"window":0}}'),
  );
  assert.equal(settings.issuer, "Zoë’s host 🦉");
  assert.equal(settings.store, "sqlite:/srv/a b.db");
  assert.deepEqual(settings.totp, { window: 0, maxDrift: 2 });
});

test("an empty object is a settings file", (t) => {
  assert.equal(loadSettings(fileWith(t, " {}\n")).key, "file");
});

const NOT_JSON: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ["empty", "", /: is empty$/],
  ["white space", " \n", /: is empty$/],
  ["truncated", '{"totp": {"window": 1', /: is not valid JSON/],
  ["a byte order mark", "\ufeff{}", /: is not valid JSON/],
  ["NUL", "{}\0", /: is not valid JSON/],
  ["NULs alone, as a crash leaves them", "\0".repeat(100), /: is not valid JSON/],
  ["a trailing comma", '{"qr": "auto",}', /line 1 column 15$/],
  ["a comment", "{} // no", /: is not valid JSON/],
  ["two documents", "{}{}", /: is not valid JSON/],
  ["Latin-1", Buffer.from('{"issuer":"Zo\xeb"}', "latin1"), /: is not UTF-8$/],
  ["a name twice", '{"qr":"none","qr":"auto"}', /: names qr twice$/],
  ["a name twice, once escaped", '{"qr":"none","\\u0071r":"none"}', /: names qr twice$/],
  ["a name twice, deeper", '{"totp":{"window":1,"window":2}}', /: names totp.window twice$/],
  ["a group twice", '{"totp":{"window":1},"totp":{}}', /: names totp twice$/],
  ["deep arrays", "[".repeat(30_000), /: is not valid JSON/],
];

for (const [name, content, words] of NOT_JSON) {
  test(`refused: ${name}`, (t) => {
    const scope = fileWith(t, content);
    assert.throws(() => loadSettings(scope), fault("settings-invalid", words));
  });
}

const NOT_SETTINGS: readonly (readonly [string, string])[] = [
  ["null", "must be an object"],
  ["[]", "must be an object"],
  ['"{}"', "must be an object"],
  ['{"failmod":"open"}', "failmod: there is no such setting"],
  ['{"__proto__":{"key":"file"}}', "__proto__: there is no such setting"],
  ['{"constructor":{}}', "constructor: there is no such setting"],
  ['{"totp":{"toString":1}}', "totp.toString: there is no such setting"],
  ['{"throttle":{"lockAfter":1001}}', "throttle.lockAfter: must be a whole number from 0 to 1000"],
  ['{"throttle":{"lockAfter":"5"}}', "throttle.lockAfter: must be a whole number from 0 to 1000"],
  ['{"throttle":{"lockAfter":-1}}', "throttle.lockAfter: must be a whole number from 0 to 1000"],
  ['{"throttle":{"lockAfter":1.5}}', "throttle.lockAfter: must be a whole number from 0 to 1000"],
  ['{"throttle":{"lockAfter":1e999}}', "throttle.lockAfter: must be a whole number from 0 to 1000"],
  ['{"throttle":{"lockAfter":null}}', "throttle.lockAfter: must be a whole number from 0 to 1000"],
  ['{"throttle":[]}', "throttle: must be an object"],
  ['{"policy":{"unenrolled":"Allow"}}', "policy.unenrolled: must be one of refuse, allow"],
  ['{"key":["file"]}', "key: must be one of file, keyring, systemd-credential"],
  ['{"store":"sqlite:relative"}', "store: must be sqlite: and the absolute path"],
  ['{"store":"sqlite:/a\\u0000b"}', "store: must be sqlite: and the absolute path"],
  ['{"store":"sqlite:/directory/"}', "store: must be sqlite: and the absolute path"],
  ['{"store":"postgres://host/db"}', "store: must be sqlite: and the absolute path"],
  ['{"issuer":""}', "issuer: must be 1 to 64 printable characters"],
  ['{"issuer":" x"}', "issuer: must be 1 to 64 printable characters"],
  ['{"issuer":"a:b"}', "issuer: must be 1 to 64 printable characters"],
  ['{"issuer":"a\\u001b[31m"}', "issuer: must be 1 to 64 printable characters"],
  ['{"issuer":"\\ud800"}', "issuer: must be 1 to 64 printable characters"],
  [`{"issuer":"${"x".repeat(65)}"}`, "issuer: must be 1 to 64 printable characters"],
];

for (const [content, words] of NOT_SETTINGS) {
  test(`refused: ${content.slice(0, 40)}`, () => {
    assert.throws(
      () => parseSettings(Buffer.from(content), PATH),
      (error: unknown) => {
        fault("settings-invalid")(error);
        assert.ok((error as Fault).message.startsWith(`${PATH}: ${words}`), String(error));
        return true;
      },
    );
  });
}

test("a name from the file cannot forge the message", () => {
  const hostile = JSON.stringify({ "\u001b[2J\nerror": 1, ["x".repeat(5000)]: 1 });
  assert.throws(
    () => parseSettings(Buffer.from(hostile), PATH),
    fault("settings-invalid", /: \[2Jerror: there is no such setting$/),
  );
});

test("a planted settings file is refused", { timeout: 5_000 }, (t) => {
  const base = sandbox(t);
  const at = (name: string) => ({ settingsFile: join(base, name) });
  writeFileSync(join(base, "real"), "{}");
  symlinkSync("real", join(base, "link"));
  symlinkSync("nowhere", join(base, "dangling"));
  execFileSync("mkfifo", [join(base, "fifo")]);
  mkdirSync(join(base, "directory"));
  writeFileSync(join(base, "loose"), "{}");
  chmodSync(join(base, "loose"), 0o664);
  writeFileSync(join(base, "large"), " ".repeat(SETTINGS_MAX_BYTES + 1), { mode: 0o644 });
  for (const name of ["link", "dangling", "fifo", "directory", "loose", "large"]) {
    assert.throws(() => loadSettings(at(name)), fault("file-untrusted"), name);
  }
});

test("another's settings file is refused", asRoot, (t) => {
  const scope = fileWith(t, "{}");
  chownSync(scope.settingsFile, FOREIGN_UID, FOREIGN_UID);
  assert.throws(() => loadSettings(scope), fault("file-untrusted", /belongs to uid/));
});

test("no bytes at all make anything but settings or a fault", () => {
  const near = fc
    .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.string({ maxLength: 3 }))
    .map(([text, cut, extra]) => text.slice(0, cut % (text.length + 1)) + extra);
  const documents = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.oneof(near, fc.json()).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(documents, (bytes) => {
      try {
        parseSettings(bytes, PATH);
      } catch (error) {
        assert.ok(error instanceof Fault, String(error));
        assert.equal(error.code, "settings-invalid");
        assert.doesNotMatch(error.message, /\n/);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("random files on disk: settings or a fault", (t) => {
  const scope = fileWith(t, "");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      writeFileSync(scope.settingsFile, bytes);
      try {
        loadSettings(scope);
      } catch (error) {
        assert.ok(error instanceof Fault, String(error));
      }
    }),
  );
});

test("texts to people are one line, bounded, and hold nothing that a terminal obeys", () => {
  const accepts = (text: string, name = "refusal") => {
    try {
      return parseSettings(Buffer.from(JSON.stringify({ texts: { [name]: text } })), PATH) !== null;
    } catch (error) {
      assert.ok(error instanceof Fault && error.code === "settings-invalid");
      return false;
    }
  };
  for (const name of ["banner", "prompt", "refusal", "reminder"]) {
    for (const fine of ["Call 4711: “now”", "é", "x".repeat(64)]) assert.ok(accepts(fine, name));
    for (const bad of ["", " x", "x ", "a\nb", "a\u001b[2J", "a\u009bb", "a\u202eb", "a\u200bb"]) {
      assert.equal(accepts(bad, name), false, `${name} ${JSON.stringify(bad)}`);
    }
    assert.equal(accepts("x".repeat(161), name), false);
  }
  assert.deepEqual([accepts("x".repeat(160)), accepts("x".repeat(65), "prompt")], [true, false]);
  assert.equal(accepts("Code:", "prompt"), false);
});
