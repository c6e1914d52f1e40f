/** audit report through the command: for people at 80 columns, for spreadsheets, for programs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { reportLines } from "../../src/commands/audit/report-text.ts";
import type { ReportFinding } from "../../src/contracts/report.ts";
import { styleFor } from "../../src/terminal/style.ts";
import { Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

test("the exit status tells of violations among what was asked for", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  await succeed(countersign, ["user", "alias", "alice", "=cmd()"]);
  await home.run(["verify", "alice", "--code-stdin"], { input: "000000" });
  const report = (...args: readonly string[]) => home.run(["audit", "report", ...args]);

  const whole = await report("--json");
  assert.deepEqual([whole.code, whole.stderr], [1, ""]);
  const findings: ReportFinding[] = JSON.parse(whole.stdout);
  assert.deepEqual(
    findings.map(({ kind, violation }) => [kind, violation]),
    [
      ["unenrolled", true],
      ["unknown", false],
      ["failures-of-user", false],
      ["failures-from", false],
    ],
  );
  const text = await report();
  assert.equal(text.code, 1);
  assert.match(
    text.stdout,
    /^1 finding violates the policy\.\n\nMust pass, .*: 1\n {2}user +decided by +is\n {2}alice +no rule +refused/,
  );
  const quiet = await report("--stale", "30", "--throttled");
  assert.deepEqual([quiet.code, quiet.stdout], [0, "Nothing violates the policy.\n"]);
  const csv = await report("--csv", "--unenrolled", "--failures", "--since", "1h");
  assert.equal(csv.code, 1);
  const [head, first, ...rows] = csv.stdout.split("\r\n");
  assert.equal(head, "kind,violation,user,rule,name,count,at,detail");
  assert.match(first ?? "", /^unenrolled,true,alice,,,,,"refused at sshd, sudo, su, login/);
  assert.ok(rows.includes("failures-of-user,false,alice,,,1,,"));
  assertFailure(await report("--csv", "--json"), 2, /csv/, /audit report/);
  assertFailure(await report("--since", "soon"), 2, /no time/, /24h/);
});

const onHost = needs("root", "mount namespaces");

test("whoever has a shell on this host must pass, and nobody else", onHost, async (t) => {
  const sandbox = await Sandbox.open(t);
  await sandbox.addUser("alice");
  await sandbox.sh("useradd --shell /usr/sbin/nologin printer-x");
  const countersign = (...args: readonly string[]) => sandbox.run([SANDBOX_CLI, ...args]);
  assert.equal((await countersign("init")).code, 0);
  const report = await countersign("audit", "report", "--unenrolled", "--json");
  assert.equal(report.code, 1);
  const users = JSON.parse(report.stdout).map(({ user }: ReportFinding) => user);
  assert.ok(users.includes("alice") && users.includes("root"), users.join());
  assert.ok(!users.includes("printer-x"), users.join());
});

test("whatever is found fits 80 columns, and nothing of it is obeyed by a terminal", () => {
  const long = "x\u001b[2J".repeat(60);
  const kinds = [
    ...["unenrolled", "stale", "shared-name", "exempt", "never-used", "few-backup-codes"],
    ...["throttled", "failures-of-user", "failures-from", "unknown", "policy-off"],
  ] as const;
  const findings = kinds.flatMap((kind) =>
    [1, 2].map((rule) => ({
      ...{ kind: kind as ReportFinding["kind"], violation: rule === 1, user: long, name: long },
      ...{ rule, count: 4_711, at: 0, detail: `without ${long} end` },
    })),
  );
  const rules = [{ say: "exempt" as const, users: [long], services: [long, "cron"] }];
  const style = styleFor({}, {});
  const lines = [...reportLines({ findings, rules, columns: 80, style })];
  for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f]/);
  const sections = lines.slice(0, lines.indexOf("Not known:"));
  assert.deepEqual(
    sections.filter((line) => [...line].length > 80),
    [],
  );
  assert.equal(lines[0], "11 findings violate the policy.");
});

test("a long section is whole, under one heading", () => {
  const findings = Array.from({ length: 1_201 }, (_, at) => ({
    ...{ kind: "never-used" as const, violation: false, user: `user${at}`, at: 0 },
  }));
  const lines = [...reportLines({ findings, rules: [], columns: 80, style: styleFor({}, {}) })];
  assert.equal(lines[2], "Have never used what they enrolled: 1201");
  assert.equal(lines.filter((line) => /^ {2}user +enrolled$/.test(line)).length, 1);
  assert.equal(lines.filter((line) => /^ {2}user[0-9]+ /.test(line)).length, 1_201);
});
