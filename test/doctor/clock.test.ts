import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../src/doctor/ask-program.ts";
import { type ClockReaders, examineClock } from "../../src/doctor/clock.ts";
import { told } from "./findings.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

const TRACKING = `Reference ID    : C0A80001 (192.168.0.1)
Stratum         : 3
System time     : 0.000012 seconds fast of NTP time
Leap status     : Normal
`;
const RV = `associd=0 status=0615 leap_none, sync_ntp, 1 event, clock_sync,
offset=0.302, frequency=-11.1
`;

/** A host where these programs are, and say this. */
function host(
  programs: Record<string, string | "silent" | Answer>,
  rest: Partial<ClockReaders> = {},
) {
  const asked: string[] = [];
  const readers: ClockReaders = {
    ask: async (program) => {
      asked.push(program);
      const says = programs[program] ?? "absent";
      if (says === "absent" || says === "silent") return says;
      return typeof says === "string" ? { code: 0, stdout: says } : says;
    },
    exists: () => false,
    now: () => NOW,
    newestEvent: async () => undefined,
    ...rest,
  };
  return { readers, asked };
}

const say = async (...args: Parameters<typeof host>) =>
  told(await examineClock(host(...args).readers));

test("each time keeper is believed", async () => {
  const exists = (path: string) => path === "/run/systemd/timesync/synchronized";
  assert.deepEqual(await say({}, { exists }), ["ok synchronized by systemd-timesyncd"]);
  assert.deepEqual(await say({ "/usr/bin/timedatectl": "yes\n" }), [
    "ok synchronized, says timedatectl",
  ]);
  assert.deepEqual(await say({ "/usr/bin/chronyc": TRACKING }), ["ok synchronized, says chronyc"]);
  assert.deepEqual(await say({ "/usr/sbin/ntpq": RV }), ["ok synchronized, says ntpq"]);
});

test("one that knows is believed over one that does not", async () => {
  const programs = { "/usr/bin/timedatectl": "no\n", "/usr/bin/chronyc": TRACKING };
  assert.deepEqual(await say(programs), ["ok synchronized, says chronyc"]);
});

test("a clock that nobody keeps is a warning, and chrony its mend", async () => {
  const { readers } = host({});
  const [finding] = await examineClock(readers);
  assert.equal(finding?.state, "warning");
  assert.match(finding?.mend ?? "", /install chrony/);
});

test("one that is not synchronized is a warning that names who says so", async () => {
  for (const [program, says, by] of [
    ["/usr/bin/timedatectl", "no\n", "timedatectl"],
    ["/usr/bin/chronyc", TRACKING.replace("Normal", "Not synchronised"), "chronyc"],
    ["/usr/bin/ntpq", "associd=0 leap_alarm, sync_unspec, no_sys_peer\n", "ntpq"],
  ] as const) {
    const [line = ""] = await say({ [program]: says });
    assert.match(line, new RegExp(`^warning not synchronized, says ${by}`));
  }
});

test("how far it is off decides", async () => {
  const off = (seconds: string) =>
    say({ "/usr/bin/chronyc": TRACKING.replace("0.000012", seconds) });
  assert.match((await off("7.5"))[0] ?? "", /^warning 7.5 seconds off, says chronyc/);
  assert.match((await off("64.0"))[0] ?? "", /^problem 64.0 seconds off/);
  const ntpd = await say({ "/usr/bin/ntpq": RV.replace("offset=0.302", "offset=-64000.5") });
  assert.match(ntpd[0] ?? "", /^problem 64.0 seconds off, says ntpq/);
});

test("what fails, hangs or babbles says nothing", async () => {
  const failed = { code: 1, stdout: "yes\n" };
  for (const says of [failed, "silent", "\x00\xff", ""] as const) {
    const programs = {
      "/usr/bin/timedatectl": says,
      "/usr/bin/chronyc": says,
      "/usr/bin/ntpq": says,
    };
    assert.deepEqual(await say(programs), ["warning nothing here says whether the clock is right"]);
  }
});

test("programs are asked by absolute path, and one that hangs once", async () => {
  const { readers, asked } = host({ "/usr/bin/chronyc": "silent" });
  await examineClock(readers);
  assert.ok(
    asked.every((path) => path.startsWith("/usr/")),
    asked.join(),
  );
  assert.equal(asked.filter((path) => path.endsWith("/chronyc")).length, 1);
});

test("an event of the future shows a clock that stepped back", async () => {
  const newest = (at: number) =>
    say({ "/usr/bin/timedatectl": "yes\n" }, { newestEvent: async () => at });
  assert.equal((await newest(NOW + 50_000)).length, 1);
  const [, stepped] = await newest(NOW + 3_600_000);
  assert.match(
    stepped ?? "",
    /^problem the clock stepped back.* 2026-01-01T01:00:00.000Z; codes .* refused/,
  );
});
