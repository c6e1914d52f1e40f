/** Lines to a real socket: in both forms, at once or not at all, and none lost unsaid. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { LogLine } from "../../src/core/audit-message.ts";
import { linesLost, openSystemLog } from "../../src/system-log/system-log.ts";
import { sandbox } from "../files/sandbox.ts";
import { needs } from "../support/parts.ts";
import { journalFields, Receiver } from "./receiver.ts";

const parts = needs("python3");

const LINE: LogLine = {
  severity: "notice",
  message: "action=verify verdict=reject user=用户",
  fields: { COUNTERSIGN_ACTION: "verify", COUNTERSIGN_CHECKPOINT: "a\nFORGED=1\nb\n" },
};

function socketsIn(folder: string) {
  return { journal: join(folder, "journal"), syslog: join(folder, "log") };
}

test(
  "the journal gets fields, and a value with line feeds makes none of its own",
  parts,
  async (t) => {
    const sockets = socketsIn(sandbox(t));
    const journal = await Receiver.open(t, sockets.journal);
    openSystemLog(sockets).tell(LINE);
    const [datagram = ""] = await journal.heard(1);
    assert.deepEqual(Object.fromEntries(journalFields(datagram)), {
      MESSAGE: LINE.message,
      PRIORITY: "5",
      SYSLOG_FACILITY: "10",
      SYSLOG_IDENTIFIER: "countersign",
      SYSLOG_PID: String(process.pid),
      ...LINE.fields,
    });
  },
);

test("without a journal syslogd gets one line, as syslog(3) writes it", parts, async (t) => {
  const sockets = socketsIn(sandbox(t));
  const syslog = await Receiver.open(t, sockets.syslog);
  openSystemLog(sockets).tell({ ...LINE, severity: "error" });
  const [datagram = ""] = await syslog.heard(1);
  const form = /^<83>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d countersign\[(\d+)\]: (.*)$/;
  const [, pid, message] = form.exec(Buffer.from(datagram, "latin1").toString()) ?? [];
  assert.deepEqual([pid, message], [String(process.pid), LINE.message]);
});

test(
  "a log that hangs, or is gone, holds nobody up, and what is lost is told later",
  parts,
  async (t) => {
    const sockets = socketsIn(sandbox(t));
    const before = linesLost();
    const log = openSystemLog(sockets);
    log.tell(LINE);
    assert.equal(linesLost() - before, 1, "there is none");
    const hanging = await Receiver.open(t, sockets.syslog, "hang");
    const began = performance.now();
    // More than any queue takes: net.unix.max_dgram_qlen.
    for (let line = 0; line < 5_000; line++) log.tell(LINE);
    assert.ok(performance.now() - began < 5_000, "it did not wait");
    const lost = linesLost() - before;
    assert.ok(lost > 1_000, `${lost} lost`);
    await hanging.close();
    rmSync(sockets.syslog);

    const back = await Receiver.open(t, sockets.journal);
    log.tell(LINE);
    const [told = "", line = ""] = await back.heard(2);
    const fields = journalFields(told);
    assert.equal(fields.get("PRIORITY"), "4");
    // What the hanging one took before it was full, and its own word of the first loss, is not lost.
    assert.match(fields.get("MESSAGE") ?? "", /^\d+ audit events are missing here/);
    assert.equal(Number(fields.get("COUNTERSIGN_LOST")), lost - 1);
    assert.equal(journalFields(line).get("MESSAGE"), LINE.message);
    log.tell(LINE);
    const [, , next = ""] = await back.heard(3);
    assert.equal(journalFields(next).get("MESSAGE"), LINE.message, "told once");
  },
);
