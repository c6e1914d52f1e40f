/** A checkpoint is believed letter by letter, or not at all; openssl believes the same ones. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  isSigned,
  keyIdOf,
  publicKeyOf,
  readCheckpoint,
  type SignedCheckpoint,
  signCheckpoint,
  signingKeyOf,
} from "../../src/core/audit-checkpoint.ts";
import { sandbox } from "../files/sandbox.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";

// RFC 8032 section 7.1, test 1.
const KEY = signingKeyOf(
  Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex"),
);
const PUBLIC = publicKeyOf(KEY);
const OTHER = publicKeyOf(signingKeyOf(Buffer.alloc(32, 1)));
const HEAD = { sequence: 1234, hash: "ab".repeat(32), host: "web1", at: Date.UTC(2026, 10, 22) };
const ARCHIVE = { ...HEAD, archive: { first: 7, sha256: "cd".repeat(32) } };

test("the key is the one that RFC 8032 has for this seed", () => {
  const raw = Buffer.from(PUBLIC.split("\n")[1] ?? "", "base64")
    .subarray(-32)
    .toString("hex");
  assert.equal(raw, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
});

for (const [what, said] of [
  ["a head", HEAD],
  ["an archive", ARCHIVE],
] as const) {
  test(`what is signed of ${what} is read back as it was said, and is signed by that key`, () => {
    const signed = signCheckpoint(KEY, said);
    const read = readCheckpoint(signed.text);
    assert.deepEqual(read, { ...said, key: keyIdOf(PUBLIC), text: signed.text });
    assert.ok(isSigned(signed, PUBLIC));
    assert.ok(!isSigned(signed, OTHER));
  });

  test(`a letter changed anywhere in the text of ${what} ends it`, () => {
    const { text } = signCheckpoint(KEY, said);
    for (let at = 0; at < text.length - 1; at++) {
      const other = text[at] === "0" ? "1" : "0";
      const changed = readCheckpoint(`${text.slice(0, at)}${other}${text.slice(at + 1)}`);
      assert.ok(!changed || !isSigned(changed, PUBLIC), text.slice(0, at));
    }
  });
}

test("fields cannot be added, moved or left out", () => {
  const { text } = signCheckpoint(KEY, ARCHIVE);
  const lines = text.split("\n");
  for (const other of [
    ...lines.slice(0, -2).map((_, at) => lines.toSpliced(at, 1)),
    lines.toSpliced(3, 2, lines[4] ?? "", lines[3] ?? ""),
    lines.toSpliced(6, 2),
    lines.toSpliced(1, 0, "host: other"),
    [...lines, ...lines],
  ]) {
    const read = readCheckpoint(other.join("\n"));
    assert.ok(!read || !isSigned(read, PUBLIC), other.join("|"));
  }
  assert.equal(readCheckpoint(""), undefined);
  assert.equal(readCheckpoint("x".repeat(1 << 20)), undefined);
});

test("a host name cannot say a line of its own", () => {
  const { host, text } = signCheckpoint(KEY, { ...HEAD, host: "a\nsequence: 9\u001b[2J" });
  assert.equal(host, "asequence: 9[2J");
  assert.equal(readCheckpoint(text)?.sequence, 1234);
});

/** As countersign(1) tells it. */
const BY_HAND = `
sed '/^$/,$d' checkpoint > said
sed '1,/^$/d' checkpoint | base64 -d > signature
openssl pkeyutl -verify -pubin -inkey audit.pem -rawin -in said -sigfile signature`;

test("openssl checks one, and refuses a changed one", needs("openssl"), async (t) => {
  const cwd = sandbox(t);
  const check = async ({ text }: Pick<SignedCheckpoint, "text">) => {
    writeFileSync(join(cwd, "checkpoint"), text);
    writeFileSync(join(cwd, "audit.pem"), PUBLIC);
    return run(["sh", "-c", BY_HAND], { cwd });
  };
  const signed = signCheckpoint(KEY, ARCHIVE);
  const { code, stdout } = await check(signed);
  assert.deepEqual([code, stdout], [0, "Signature Verified Successfully\n"]);
  const changed = await check({ text: signed.text.replace("1234", "1235") });
  assert.equal(changed.code, 1);
});
