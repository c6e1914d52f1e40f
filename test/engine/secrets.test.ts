/** No secret and no code is in the store's files, in the log, or in what a fault says. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { inspect } from "node:util";
import { formatBackupCode } from "../../src/core/backup-code.ts";
import { encodeBase32 } from "../../src/core/base32.ts";
import { answers, silence } from "./conversations.ts";
import { type Host, makeHost, person } from "./host.ts";

/** Every way in which bytes or text may lie in a file. */
function encodingsOf(secret: Uint8Array | string): Buffer[] {
  const bytes = Buffer.from(secret);
  const texts = [bytes.toString("hex"), bytes.toString("base64"), bytes.toString("base64url")];
  if (typeof secret !== "string") texts.push(encodeBase32(bytes));
  const spelled = texts.flatMap((text) => [text, text.toUpperCase(), text.toLowerCase()]);
  const plain = typeof secret === "string" ? [secret, secret.toLowerCase()] : [];
  return [
    bytes,
    Buffer.from(bytes).reverse(),
    ...[...spelled, ...plain].map((text) => Buffer.from(text)),
  ].concat([...spelled, ...plain].map((text) => Buffer.from(text, "utf16le")));
}

/** All bytes the store has on disk, its log included. */
function filesOf(host: Host): Buffer {
  const directory = dirname(host.path);
  const names = readdirSync(directory);
  assert.ok(
    names.some((name) => name.endsWith("-wal")),
    "the log is there to be looked at",
  );
  return Buffer.concat(names.map((name) => readFileSync(join(directory, name))));
}

function assertAbsent(haystack: Buffer, secrets: readonly (Uint8Array | string)[]): void {
  for (const [index, secret] of secrets.entries()) {
    for (const [form, encoded] of encodingsOf(secret).entries()) {
      assert.ok(!haystack.includes(encoded), `secret ${index} is there in form ${form}`);
    }
  }
}

test("the scan finds what it looks for", () => {
  const secret = Buffer.from("0123456789abcdefghij");
  for (const text of [encodeBase32(secret), secret.toString("hex"), secret.toString("base64")]) {
    assert.throws(() => assertAbsent(Buffer.from(`x${text}y`), [secret]));
  }
  assert.throws(() => assertAbsent(Buffer.from("x7K2M9QRTVWy"), ["7K2M9QRTVW"]));
});

test("after a whole life no secret and no code is anywhere in the store's files", async (t) => {
  const host = makeHost(t);
  const { phone, backupCodes } = await host.enroll("alice");
  const codes = [phone.code(-2), phone.code(), phone.code(1), phone.wrongCode()];
  for (const code of codes) await host.verify("alice", code);
  for (const code of backupCodes.slice(0, 2)) await host.verify("alice", formatBackupCode(code));
  await host.root.unlockUser("alice");
  const fresh = await host.root.generateBackupCodes("alice", silence);
  const options = { method: "totp", algorithm: "sha512", digits: 8, period: 60 } as const;
  const pending = await host.root.beginEnrollment("alice", options, silence);
  await host.root.confirmEnrollment("alice", "totp", phone.wrongCode());
  const spoken = [...backupCodes, ...fresh].flatMap((code) => [code, formatBackupCode(code)]);
  // Six digits may stand in a time by chance: codes are looked for in the texts, below.
  assertAbsent(filesOf(host), [phone.secret, ...spoken, pending.secret]);

  const log = inspect(await host.audit(), { depth: 9, maxArrayLength: null });
  const words = log.split(/[^0-9A-Za-z-]+/);
  for (const code of codes) assert.ok(!words.includes(code), "a code stands in the log");
});

test("after a reset the sealed secret is overwritten, not just forgotten", async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  const sealed = await host.parts.store.read(
    async (view) => (await view.authenticators.find("alice", "totp", "active"))?.sealedSecret,
  );
  assert.ok(sealed);
  await host.root.reset("alice", undefined, silence);
  await host.parts.store.close();
  // The write-ahead log is emptied into the file when the last one closes it.
  const database = new DatabaseSync(host.path);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  assert.ok(!readFileSync(host.path).includes(sealed));
});

test("no outcome and no fault holds a secret or a code", async (t) => {
  const host = makeHost(t);
  const { phone, backupCodes } = await host.enroll("alice");
  const told: unknown[] = [];
  const code = phone.code();
  for (const answer of [code, code, phone.wrongCode(), backupCodes[0] ?? "", "x".repeat(20)]) {
    told.push(await host.verify("alice", answer));
  }
  const door = host.as(person("alice"));
  await door.reset("alice", undefined, answers(phone.code(1))).catch((error) => told.push(error));
  await host.root.disableUser("alice").catch((error) => told.push(error));
  told.push(await host.root.showUser("alice"), await host.root.status(0), await host.audit());
  const text = inspect(told, { depth: 9, showHidden: true, maxArrayLength: null });
  const words = text.split(/[^0-9A-Za-z-]+/);
  for (const each of [code, phone.wrongCode(), phone.code(1), ...backupCodes]) {
    assert.ok(!words.includes(each), "a code was told");
  }
  assertAbsent(Buffer.from(text), [phone.secret]);
});

test("what was opened or made is zeroed", async (t) => {
  const opened: Buffer[] = [];
  const made: Uint8Array[] = [];
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const { sealer, random } = host.parts;
  const root = host.with({
    sealer: {
      ...{ auditKey: sealer.auditKey, close: () => undefined },
      bind: (bytes, cell) => sealer.bind(bytes, cell),
      seal: (plain, cell) => sealer.seal(plain, cell),
      open: (sealed, cell) => {
        const plain = sealer.open(sealed, cell);
        opened.push(plain);
        return plain;
      },
    },
    random: (length) => {
      const bytes = random(length);
      if (length === 20) made.push(bytes);
      return bytes;
    },
  });
  await root.verify("alice", {}, answers(phone.wrongCode()));
  await root.verify("alice", {}, answers(phone.code()));
  const options = { method: "totp", algorithm: "sha1", digits: 6, period: 30 } as const;
  await root.beginEnrollment("bob", options, silence);
  await root.confirmEnrollment("bob", "totp", "000000");
  assert.deepEqual([opened.length, made.length], [4, 2]);
  for (const bytes of [...opened, ...made]) assert.ok(bytes.every((byte) => byte === 0));
});
