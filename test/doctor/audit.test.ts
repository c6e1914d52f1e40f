/** The check of the host's log. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AuditReaders, examineAudit } from "../../src/doctor/audit.ts";

const SOCKETS = { journal: "/run/journal", syslog: "/dev/log" };

async function say(changes: Partial<AuditReaders>): Promise<string | undefined> {
  const [finding, ...more] = await examineAudit({
    isOn: () => true,
    sockets: SOCKETS,
    exists: () => true,
    linesLost: async () => undefined,
    ...changes,
  });
  assert.deepEqual(more, []);
  if (finding?.state === "warning") assert.ok(finding.mend);
  return finding && `${finding.state} ${finding.message}`;
}

test("each state of the host's log is told, with its mend", async () => {
  assert.equal(await say({}), "ok the journal is told of each audit event as well");
  const syslog = { exists: (path: string) => path === SOCKETS.syslog };
  assert.equal(await say(syslog), "ok syslog is told of each audit event as well");
  assert.match((await say({ exists: () => false })) ?? "", /^warning the host has no log that/);
  const lost = await say({ linesLost: async () => 3 });
  assert.equal(
    lost,
    "warning the journal has not taken 3 audit events since countersignd was started",
  );
  assert.match((await say({ isOn: () => false })) ?? "", /^ok .*audit\.systemLog is off$/);
  assert.equal(await say({ isOn: () => undefined }), undefined);
});
