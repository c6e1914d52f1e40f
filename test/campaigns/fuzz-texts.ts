/** Everything that reads text or bytes from outside, against what must hold of any input. */
import assert from "node:assert/strict";
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAccount, throttleKey } from "../../src/core/account.ts";
import { readAnswer } from "../../src/core/answer.ts";
import { formatHead, parseHead } from "../../src/core/audit-head.ts";
import { decodeBase32 } from "../../src/core/base32.ts";
import { secretCell } from "../../src/core/cells.ts";
import { Fault, type FaultCode } from "../../src/core/fault.ts";
import { keyUri } from "../../src/core/key-uri.ts";
import { isPrintable } from "../../src/core/printable.ts";
import { ALGORITHMS } from "../../src/core/totp.ts";
import { formatKey, parseKey } from "../../src/keys/key-text.ts";
import { createSealer } from "../../src/keys/sealing.ts";
import { settingSchemas } from "../../src/settings/schema.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import { standardInputConversation } from "../../src/terminal/standard-input.ts";
import { frames } from "./fuzz-frames.ts";
import { mutate, ODD } from "./mutate.ts";
import type { Random } from "./random.ts";

/** One try; it throws when something that must hold does not. */
export type Target = (random: Random) => void | Promise<void>;

const CODES = [..."0123456789ABCDEFGHJKMNPQRSTVWXYZilo- \t\r\n０٣\0"];

export const TEXTS: Readonly<Record<string, Target>> = {
  frames,

  answers(random) {
    const typed = random.text(random.below(2) ? CODES : ODD, random.below(8) ? 14 : 400);
    const answer = readAnswer(typed);
    if (answer.shape === "malformed") return;
    const form = answer.shape === "backup-code" ? /^[0-9A-HJKMNP-TV-Z]{10}$/ : /^[0-9]{6,8}$/;
    assert.match(answer.code, form);
    assert.deepEqual(readAnswer(answer.code), answer, "a code reads otherwise than its answer");
    const spaced = [...typed].join(random.pick([" ", "\t", "\r\n"]));
    if (spaced.length < 200) assert.deepEqual(readAnswer(spaced), answer, "white space counts");
    assert.deepEqual(readAnswer(typed.toLowerCase()), answer, "letter case counts");
  },

  "account names"(random) {
    const name = random.text(ODD, 40);
    const key = throttleKey(name);
    assert.equal(throttleKey(` ${name.toLowerCase()}\t`), throttleKey(name.toLowerCase()));
    assert.doesNotMatch(key, /\s/u);
    if (!isAccount(name)) return;
    assert.ok(isPrintable(name) && name !== "" && name.trim() === name);
    assert.ok(!/[/:\n\0]/.test(name) && !name.startsWith("-"));
  },

  settings(random) {
    const bytes = mutate(random, Buffer.from(SETTINGS));
    const parsed = faultOr("settings-invalid", () => parseSettings(bytes, "/etc/x.json"));
    if (parsed === undefined) return;
    const known = new Set(settingSchemas().map(({ name }) => name));
    for (const name of leaves(parsed)) assert.ok(known.has(name), `${name} was let pass`);
    assert.deepEqual(parsed, JSON.parse(bytes.toString("utf8")));
  },

  "key URIs"(random) {
    const [issuer, account] = [random.text(ODD, 30), random.text(ODD, 30)];
    const secret = random.bytes(20 + random.below(45));
    const algorithm = random.pick(ALGORITHMS) ?? "sha1";
    const digits = random.below(2) ? 6 : 8;
    const period = random.below(2) ? 30 : 60;
    const uri = keyUri({ issuer, account, secret, parameters: { algorithm, digits, period } });
    assert.match(uri, /^[\x21-\x7e]+$/);
    const { searchParams: query, pathname, hash } = new URL(uri);
    assert.equal(hash, "");
    const label = pathname.replace(/^\/+(totp\/)?/, "").split(":");
    const plain = [issuer, account].map((part) => part.replaceAll(":", " "));
    assert.deepEqual(label.map(decodeURIComponent), plain);
    assert.equal(query.get("issuer"), plain[0]);
    assert.deepEqual(Buffer.from(decodeBase32(query.get("secret") ?? "")), secret);
    assert.equal(query.get("algorithm") ?? "SHA1", algorithm.toUpperCase());
    assert.equal(Number(query.get("digits") ?? 6), digits);
    assert.equal(Number(query.get("period") ?? 30), period);
  },

  "audit heads"(random) {
    const head = { sequence: random.below(10 ** 9), hash: random.bytes(32).toString("hex") };
    assert.deepEqual(parseHead(formatHead(head)), head);
    const text = mutate(random, Buffer.from(formatHead(head))).toString("latin1");
    const read = parseHead(text);
    if (read) assert.equal(formatHead(read), text.trim());
  },

  "key files"(random) {
    const whole = formatKey(random.bytes(32));
    const text = mutate(random, Buffer.from(whole)).toString("latin1");
    const key = faultOr("key-invalid", () => parseKey(text, "/etc/key"), whole.slice(18, 40));
    if (key) assert.equal(formatKey(key), text, "one key has two spellings");
  },

  "sealed blobs"(random) {
    const sealer = createSealer(random.bytes(32));
    const cell = secretCell({ id: "1", user: "alice" });
    const plain = random.bytes(random.below(64));
    const sealed = Buffer.from(sealer.seal(plain, cell));
    assert.deepEqual(Buffer.from(sealer.open(sealed, cell)), plain);
    const changed = mutate(random, sealed);
    const elsewhere = secretCell({ id: "1", user: "bob" });
    assert.equal(
      faultOr("sealed-corrupt", () => sealer.open(sealed, elsewhere)),
      undefined,
    );
    const opened = faultOr("sealed-corrupt", () => sealer.open(changed, cell));
    if (opened) assert.ok(changed.equals(sealed), "a changed blob opened");
    sealer.close();
  },

  async "standard input"(random) {
    const length = random.below(4) ? random.below(80) : 4000 + random.below(200);
    const bytes = Buffer.from(random.bytes(length).map((byte) => (byte < 16 ? 10 : byte & 0x8f)));
    const path = join(tmpdir(), `countersign-fuzz-${process.pid}`);
    writeFileSync(path, bytes, { mode: 0o600 });
    const fd = openSync(path, "r");
    try {
      const conversation = standardInputConversation({ say: "nowhere", fd });
      const expected = bytes.toString("latin1").split("\n");
      if (expected.at(-1) === "") expected.pop();
      for (const line of expected) {
        const reply = await conversation.promptSecret("");
        if (reply.kind !== "text") return assert.ok(length >= 4096, "input was lost");
        const text = Buffer.from(line, "latin1").toString("utf8");
        if (reply.text === "\ufffd" && length >= 4096) return;
        assert.equal(reply.text, text.replace(/\0?\r?$/, ""));
      }
      assert.equal((await conversation.promptSecret("")).kind, "end-of-input");
    } finally {
      closeSync(fd);
      rmSync(path);
    }
  },
};

const SETTINGS = `{
  "issuer": "Example", "store": "sqlite:/var/lib/countersign/store.db", "key": "file",
  "totp": { "window": 1, "maxDrift": 2 }, "throttle": { "freeFailures": 5, "lockAfter": 0 },
  "policy": { "unenrolled": "refuse" }, "enrollment": { "expiresAfter": 900 } }`;

/** What `work` returns; undefined for a fault of that code, in one line that hides `secret`. */
function faultOr<T>(code: FaultCode, work: () => T, secret?: string): T | undefined {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof Fault, `no fault: ${error}`);
    assert.equal(error.code, code);
    assert.ok(isPrintable(error.message), "a message holds control characters");
    assert.ok(secret === undefined || !error.message.includes(secret), "a message tells a secret");
    return undefined;
  }
}

function leaves(value: object, prefix = ""): string[] {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === "object" && inner !== null ? leaves(inner, `${prefix}${key}.`) : prefix + key,
  );
}
