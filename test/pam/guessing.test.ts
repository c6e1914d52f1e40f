/** sshd, CVE-2015-5600: as many tries as one likes in one session. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { succeed } from "../commands/enrolled.ts";
import { DAEMON, DaemonHost } from "./daemon-host.ts";
import { PAM } from "./module.ts";

const FREE = 5;

test("1,000 tries in one process: the limit are judged, the rest unread", DAEMON, async (t) => {
  const host = await DaemonHost.open(t);
  await host.stack("auth required MODULE");
  // Longer than the test takes: then the limit is exact.
  await succeed(host.countersign, ["config", "set", "throttle.firstDelay", "300"]);
  await sleep(300);
  const options = ["count=1000"];
  // With the first one that the harness does beforehand, it is 1,001.
  const session = await host.harness([await host.phone.wrong()], { options, timeout: 120_000 });
  assert.deepEqual(session.returned, [PAM.maxTries]);
  const log = await succeed(host.countersign, ["audit", "list", "--json", "--last", "2000"]);
  const verdicts = JSON.parse(log)
    .filter(({ action }: { action: string }) => action === "verify")
    .map(({ verdict }: { verdict: string }) => verdict);
  const count = (verdict: string) => verdicts.filter((each: string) => each === verdict).length;
  assert.deepEqual([count("reject"), count("throttled")], [FREE, 1_001 - FREE]);
  assert.equal(await host.login([await host.phone.next()]), "max tries", "a right one is unread");
  await succeed(host.countersign, ["user", "unlock", "alice"]);
  assert.equal(await host.login([await host.phone.next()]), "success");
});
