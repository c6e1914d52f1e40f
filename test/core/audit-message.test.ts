/** What the host's log is told: one line that nobody's name can forge. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditRecord } from "../../src/core/audit-chain.ts";
import { publicKeyOf, signCheckpoint, signingKeyOf } from "../../src/core/audit-checkpoint.ts";
import { checkpointLine, eventLine } from "../../src/core/audit-message.ts";

const RECORD: AuditRecord = {
  ...{ at: 0, action: "verify", user: "alice", verdict: "reject", reason: "wrong-code" },
  ...{ method: "totp", service: "sshd", rhost: "::1", tty: "pts/0", caller: "0:root" },
  ...{ detail: null, sequence: 7, previousHash: "0".repeat(64), hash: "ab".repeat(32) },
};

test("an event is one line of name=value, and a field for each", () => {
  const { severity, message, fields } = eventLine(RECORD);
  assert.equal(severity, "notice");
  assert.equal(
    message,
    "action=verify verdict=reject reason=wrong-code user=alice method=totp " +
      "service=sshd rhost=::1 tty=pts/0 caller=0:root event=7",
  );
  assert.equal(fields.COUNTERSIGN_USER, "alice");
  assert.equal(fields.COUNTERSIGN_VERDICT, "reject");
  assert.equal(fields.COUNTERSIGN_EVENT, "7");
  assert.equal(fields.COUNTERSIGN_HASH, RECORD.hash);
  assert.equal("COUNTERSIGN_DETAIL" in fields, false);
});

test("severities tell what went well from what is broken", () => {
  const severity = (verdict: AuditRecord["verdict"]) => eventLine({ ...RECORD, verdict }).severity;
  assert.equal(severity("accept"), "info");
  assert.equal(severity("unavailable"), "error");
  for (const verdict of ["exempt", "throttled", "unenrolled", null] as const) {
    assert.equal(severity(verdict), "notice");
  }
});

test("a name that was tried cannot say what another line says", () => {
  for (const user of [
    "x verdict=accept user=root",
    'x" verdict="accept',
    "x\nverdict=accept",
    "\u001b[2Jx\u2028y",
    "用户",
  ]) {
    const { message, fields } = eventLine({ ...RECORD, user });
    assert.doesNotMatch(message, /\p{Cc}|[\u2028\u2029]/u);
    // Read as it is written: words outside quotes alone.
    const words = message.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
    assert.deepEqual(
      words.filter((word) => word.startsWith("verdict=")),
      ["verdict=reject"],
    );
    assert.doesNotMatch(fields.COUNTERSIGN_USER ?? "", /\n/);
  }
});

test("a checkpoint is a line with all that it says, and a field with its text", () => {
  const key = signingKeyOf(Buffer.alloc(32, 1));
  const said = { sequence: 7, hash: RECORD.hash, host: "web1", at: 0 };
  const signed = signCheckpoint(key, said);
  const { message, fields } = checkpointLine(signed);
  assert.match(message, /^action=audit-checkpoint event=7 hash=(ab){32} at=1970-\S+ host=web1 /);
  assert.ok(message.includes("signature="));
  assert.ok(!message.includes("\n"));
  assert.equal(fields.COUNTERSIGN_CHECKPOINT, signed.text);
  assert.ok(!message.includes(publicKeyOf(key)));
});
