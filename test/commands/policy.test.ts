/** The policy through its commands: what they write, say and refuse, and what it then does. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CLI, Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { Terminal } from "../support/terminal.ts";
import { enrolledHome, succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

const oath = needs("oathtool");

/** A home that is set up, `countersign LINE` in it, and its settings. */
async function begun(t: TestContext) {
  const home = await Home.make(t);
  const file = join(home.path, "countersign.json");
  const line = (text: string, input = "") => home.run(text.split(" "), { input });
  await succeed(home.run.bind(home), ["init"]);
  const settings = async () => JSON.parse(await readFile(file, "utf8"));
  const rules = async () => (await settings()).policy.rules;
  const shown = async () => JSON.parse((await line("policy show --json")).stdout);
  return { home, file, line, settings, rules, shown };
}

/** It is done, and warns of exactly these. */
function assertDone(
  ended: { code: number | null; stdout: string; stderr: string },
  stdout: string,
  ...warnings: string[]
): void {
  assert.deepEqual(ended.stderr.split("\n").slice(0, -1), warnings);
  assert.deepEqual([ended.stdout, ended.code], [stdout, 0]);
}

test("rules are added, put in their place, shown and removed", async (t) => {
  const { line, rules, settings } = await begun(t);
  assertDone(
    await line("policy require --user daemon --service sshd --service sudo --until 2999-01-01"),
    "rule 1: require user daemon, at sshd or sudo, until 2999-01-01 00:00 UTC\n",
  );
  assertDone(
    await line("policy exempt --user daemon --network 10.0.0.0/8 --network local --first"),
    "rule 1: exempt user daemon, from 10.0.0.0/8 or the host itself\n",
    "warning: rule 1 has no end: policy show and doctor go on reporting it",
  );
  assertDone(
    await line(
      "policy require --everyone --interactive --from 2999-01-01T08:30Z --method totp --method backup-code --unenrolled allow --before 2",
    ),
    "rule 2: require everyone, at a terminal, as of 2999-01-01 08:30 UTC; only totp or backup-code counts; who has not enrolled is let in without a code\n",
  );
  assert.deepEqual(await rules(), [
    { say: "exempt", users: ["daemon"], networks: ["10.0.0.0/8", "local"] },
    {
      ...{ say: "require", interactive: "yes", from: "2999-01-01T08:30Z" },
      ...{ methods: ["totp", "backup-code"], unenrolled: "allow" },
    },
    { say: "require", users: ["daemon"], services: ["sshd", "sudo"], until: "2999-01-01" },
  ]);
  assertDone(
    await line("policy show"),
    `policy      on
unenrolled  refused
rules       3

  1  exempt user daemon, from 10.0.0.0/8 or the host itself
     ! without end
  2  require everyone, at a terminal, as of 2999-01-01 08:30 UTC; only totp or backup-code counts; who has not enrolled is let in without a code
     ! has not begun
  3  require user daemon, at sshd or sudo, until 2999-01-01 00:00 UTC

The first rule that matches decides; where none does, the user must pass.
`,
  );
  const removed = JSON.parse((await line("policy remove 2 --json")).stdout);
  assert.deepEqual([removed.number, removed.say, removed.unenrolled], [2, "require", "allow"]);
  assertDone(
    await line("policy remove 1"),
    "removed rule 1: exempt user daemon, from 10.0.0.0/8 or the host itself\n",
  );
  assert.equal((await rules()).length, 1);
  assert.equal((await line("policy remove 1")).code, 0);
  assert.deepEqual(await settings(), {}, "of an empty list nothing is left");
  assertFailure(await line("policy remove 1"), 2, /no rule 1: there are none/, /policy show/);
});

test(
  "at a terminal of 80 columns a long rule is told whole, in lines of its own",
  needs("tmux"),
  async (t) => {
    const { home, line } = await begun(t);
    const users = Array.from({ length: 20 }, (_, at) => `--user robot${at}`).join(" ");
    await line(`policy exempt ${users} --service cron --until 2999-01-01`);
    const options = { env: home.env, rows: 40 };
    const terminal = await Terminal.start(t, [CLI, "policy", "show"], options);
    const screen = await terminal.shows("where none does");
    const told = screen.slice(screen.indexOf("  1  "), screen.indexOf("The first rule"));
    const lines = told.trimEnd().split("\n");
    assert.ok(lines.length > 4);
    // What the terminal itself had broken would begin at its edge.
    for (const each of lines.slice(1)) assert.match(each, /^ {5,7}\S/);
    const words = lines.map((each) => each.trim()).join(" ");
    assert.match(words, /robot18 or robot19, at cron, until 2999-01-01 00:00 UTC/);
  },
);

test("what is wrong with a rule is shown with it", async (t) => {
  const { file, line, shown } = await begun(t);
  const rules = [
    { say: "exempt", groups: ["no-such-group", "root"] },
    { say: "require", groups: ["root"], until: "2020-01-01" },
    { say: "require", users: ["no-such-user"], services: ["sshd"] },
    { say: "exempt", users: [] },
  ];
  await writeFile(file, JSON.stringify({ policy: { rules } }));
  const [first, second, third, fourth] = (await shown()).rules;
  assert.deepEqual(
    [first.openEnded, first.unknownGroups, first.neverDecides, first.state],
    [true, ["no-such-group"], null, "in-force"],
  );
  assert.deepEqual([second.state, second.neverDecides], ["over", null]);
  assert.deepEqual([third.unknownUsers, third.openEnded], [["no-such-user"], false]);
  assert.equal(fourth.users.length, 0);
  const twin = await line("policy require --group root --service sudo --before 2");
  assertDone(twin, "rule 2: require members of root, at sudo\n");
  const all = await line("policy require --everyone --first --force");
  assertDone(
    all,
    "rule 1: require everyone\n",
    "warning: 5 rules can no longer decide: 2, 3, 4, 5, 6",
    "warning: forced: no administrator can pass any more at sshd, sudo, su, login",
  );
  const { stdout } = await line("policy show");
  assert.match(stdout, /! this host knows no group no-such-group\n/);
  assert.match(stdout, /! this host knows no user no-such-user\n/);
  assert.match(stdout, /! is over\n/);
  assert.match(stdout, /! never decides: rule 1 takes all of it, and says the opposite\n/);
  assert.match(stdout, / exempt user \(nothing\)\n/);
});

test("unknown names are warned of, and a rule that cannot decide", async (t) => {
  const { line } = await begun(t);
  assertDone(
    await line("policy require --group no-such-group --user no-such-user"),
    "rule 1: require no-such-user as member of no-such-group\n",
    "warning: rule 1: this host knows no user no-such-user",
    "warning: rule 1: this host knows no group no-such-group",
  );
  await line("policy require --everyone");
  assertDone(
    await line("policy exempt --user root --until 2999-01-01"),
    "rule 3: exempt user root, until 2999-01-01 00:00 UTC\n",
    "warning: rule 3: never decides: rule 2 takes all of it, and says the opposite",
  );
});

test("slips in a rule change nothing, and say what was meant", async (t) => {
  const { file, line } = await begun(t);
  const before = await readFile(file, "utf8").catch(() => "");
  const slips: readonly (readonly [string, RegExp, RegExp])[] = [
    ["require", /whom/, /--user, --group or --everyone/],
    ["exempt --service sudo", /whom/, /--everyone/],
    ["require --everyone --user root", /--everyone/, /./],
    ["require --everyone --interactive --non-interactive", /--non-interactive/, /./],
    [
      "exempt --everyone --network 10.1.2.3/8",
      /no network: 10\.1\.2\.3\/8/,
      /try: 10\.0\.0\.0\/8$/,
    ],
    ["exempt --everyone --network 2001:db8::1/32", /no network/, /try: 2001:db8::\/32$/],
    ["exempt --everyone --network 10.0.0.0/33", /no network/, /or local$/],
    ["exempt --everyone --network Local", /no network/, /or local$/],
    ["exempt --everyone --until 2020-01-01", /--until 2020-01-01 is past/, /to come/],
    ["exempt --everyone --until 2999-02-30", /no date: 2999-02-30/, /YYYY-MM-DD/],
    ["exempt --everyone --until tomorrow", /no date: tomorrow/, /UTC/],
    ["exempt --everyone --from 2999-01-01T08:00", /no date/, /UTC/],
    ["exempt --everyone --from 2999-02-01 --until 2999-01-01", /not after --from/, /./],
    ["exempt --everyone --from 2999-01-01 --until 2999-01-01", /not after --from/, /./],
    ["require --everyone --method topt", /no method topt/, /try: totp$/],
    ["require --everyone --method push", /no method push/, /duo-push/],
    ["exempt --everyone --method totp", /--method/, /policy exempt/],
    ["exempt --everyone --unenrolled allow", /--unenrolled/, /policy exempt/],
    ["exempt --everyone --grace 5m", /--grace/, /policy exempt/],
    ["require --everyone --grace 59s", /--grace: this is no such time: 59s/, /one minute/],
    ["require --everyone --grace 13h", /--grace: this is no such time: 13h/, /twelve hours/],
    ["require --everyone --grace 5d", /--grace: this is no such time: 5d/, /90s, 5m, 2h/],
    ["require --everyone --unenrolled deny", /--unenrolled=deny.*refuse, allow/, /./],
    ["require --everyone --by 2020-01-01", /--by 2020-01-01 is past/, /to come/],
    ["require --everyone --by soon", /--by: this is no date/, /UTC/],
    ["require --everyone --by 2999-01-01 --unenrolled allow", /--by/, /enroll, invite or refuse/],
    ["require --everyone --by 2999-01-01 --until 2999-01-01", /--by .* not before/, /./],
    ["exempt --everyone --by 2999-01-01", /--by/, /policy exempt/],
    ["require --user a/b", /no account name: a\/b/, /getent passwd/],
    ["require --everyone --before 1", /no rule 1: there are none/, /policy show/],
    ["require --everyone --before 0", /no rule 0/, /policy show/],
    ["require --everyone --before 1 --first", /--first|--before/, /./],
    ["require --user root extra", /unexpected argument: extra/, /./],
    ["remove x", /by its number/, /policy show/],
    ["remove 0", /by its number/, /policy show/],
    ["remove", /missing: N/, /./],
    ["set unenrolled deny", /deny/, /./],
    ["set default refuse", /default/, /./],
    ["explain", /missing: USER/, /./],
  ];
  for (const [text, message, mend] of slips) {
    await t.test(text, async () => assertFailure(await line(`policy ${text}`), 2, message, mend));
  }
  assert.equal(await readFile(file, "utf8").catch(() => ""), before);
  const longName = `--user ${"x".repeat(300)}`;
  assertFailure(await line(`policy require ${longName}`), 2, /no account name/);
  assertFailure(
    await line(`policy require --everyone --service ${"s".repeat(300)}`),
    2,
    /rules\.0\.services\.0: must be 1 to 256 printable characters/,
  );
});

test("a rule counts at the next verification, and explain says so before", oath, async (t) => {
  const { countersign, phone } = await enrolledHome(t);
  const verify = async (...args: string[]) => {
    const ended = await countersign(["verify", "alice", "--json", "--code-stdin", ...args], {
      input: "000000",
    });
    return JSON.parse(ended.stdout).verdict;
  };
  const explain = async (...args: string[]) =>
    JSON.parse(await succeed(countersign, ["policy", "explain", "alice", "--json", ...args]));
  const far = ["--service", "sshd", "--rhost", "192.0.2.7"];
  const near = ["--service", "sshd", "--rhost", "10.1.1.1"];
  const until = ["--until", "2999-01-01"];
  const exempt = ["policy", "exempt", "--user", "alice", "--network", "10.0.0.0/8"];
  await countersign([...exempt, ...until]);
  assert.deepEqual(await explain(...far), {
    ...{
      user: "alice",
      enabled: true,
      methods: ["totp", "hotp", "yubikey", "backup-code"],
      say: "require",
    },
    ...{ unenrolled: "refuse", enrolledIn: ["totp", "backup-code"], hasEnrolled: true },
    ...{ outlook: "asked", groups: null, rule: null },
    passed: [{ number: 1, because: "network" }],
  });
  assert.deepEqual([await verify(...far), await verify(...near)], ["reject", "exempt"]);
  const { rule, outlook } = await explain(...near);
  assert.deepEqual([rule.number, rule.say, outlook], [1, "exempt", "exempt"]);
  assert.equal(
    await succeed(countersign, ["policy", "explain", "alice", ...far]),
    `rule 1 does not match: from elsewhere: exempt user alice, from 10.0.0.0/8, until
  2999-01-01 00:00 UTC
no rule matches: the user must pass
methods that count: totp, hotp, yubikey, backup-code
alice is enrolled in totp, backup-code
alice must pass
`,
  );
  const forced = ["policy", "require", "--everyone", "--method", "duo-push", "--force"];
  await succeed(countersign, forced);
  assert.equal(await verify(...far), "unenrolled");
  const { stdout } = await countersign(["policy", "explain", "alice", ...far]);
  assert.match(stdout, /^methods that count: none that is on$/m);
  assert.match(stdout, /^alice is refused: what is enrolled does not count here$/m);
  await succeed(countersign, ["user", "disable", "alice"]);
  assert.equal((await explain(...near)).outlook, "disabled");
  assert.equal(await verify(...near), "reject");
  assert.ok(await phone.next());
});

test(
  "off lets everybody pass, once it is typed; on brings all of it back",
  needs("oathtool", "tmux"),
  async (t) => {
    const { home, countersign } = await enrolledHome(t);
    const verify = async () =>
      (await countersign(["verify", "alice", "--code-stdin"], { input: "000000" })).code;
    const asked = await countersign(["policy", "off"], { input: "off\n" });
    assert.deepEqual(
      [asked.code, asked.stderr.split("\n")[0]],
      [1, "error: there is no terminal to confirm this on"],
    );
    assert.match(asked.stdout, /^With the policy off, everybody/);
    assert.equal(await verify(), 1);
    const argv = [CLI, "policy", "off"];
    const wrong = await Terminal.start(t, argv, { env: home.env });
    await wrong.shows(/Type off to confirm/);
    await wrong.enter("yes");
    await wrong.shows(/not confirmed: nothing was changed/);
    const right = await Terminal.start(t, argv, { env: home.env });
    await right.shows(/Type off to confirm/);
    await right.enter("off");
    await right.shows(/the policy is off/);
    assert.equal(await verify(), 0);
    assert.match(await succeed(countersign, ["policy", "show"]), /^policy +off: everybody passes/);
    assert.match(await succeed(countersign, ["status"]), /^policy +off: everybody passes/m);
    assert.equal(
      await succeed(countersign, ["policy", "explain", "alice"]),
      `the policy is off: alice passes without a second factor, as everybody does
were it on:
no rule matches: the user must pass
`,
    );
    assert.match(await succeed(countersign, ["policy", "off", "--yes"]), /is off already\n$/);
    // alice is no administrator of this host.
    assert.equal((await countersign(["policy", "on"])).code, 1);
    const on = await countersign(["policy", "on", "--force"]);
    const forced = "forced: no administrator can pass any more at sshd, sudo, su, login";
    assertDone(on, "the policy is on\n", `warning: ${forced}`);
    assert.equal(await succeed(countersign, ["policy", "on"]), "the policy is on already\n");
    assert.equal(await verify(), 1);
  },
);

test("set unenrolled, and every change in the audit log", async (t) => {
  const { home, line } = await begun(t);
  const asked = () => line("verify bob --code-stdin", "000000");
  assertDone(
    await line("policy set unenrolled allow"),
    "who has not enrolled is let in without a code\n",
  );
  assert.equal((await asked()).code, 0);
  await line("policy set unenrolled refuse --force");
  assert.equal((await asked()).code, 3);
  await line("policy require --user root --until 2999-01-01");
  await line(`policy exempt --until 2999-01-01 --user ${"x".repeat(200)}`);
  await line("policy remove 1");
  await line("policy off --yes");
  await line("policy on --force");
  const log = JSON.parse(await succeed(home.run.bind(home), ["audit", "list", "--json"]));
  const changes = log.filter(({ action }: { action: string }) => action === "settings-set");
  assert.deepEqual(
    changes.map(({ detail }: { detail: string }) => detail),
    [
      "policy.unenrolled=allow",
      "policy.unenrolled=refuse",
      "policy.rules +1 require user root, until 2999-01-01 00:00 UTC",
      `policy.rules +2 exempt user ${"x".repeat(200)}, until 2999-01-01 00:00 UTC`,
      "policy.rules -1 require user root, until 2999-01-01 00:00 UTC",
      "policy.enabled=off",
      "policy.enabled=on",
    ],
  );
});

test("settings that do not parse are neither read nor written over", async (t) => {
  const { file, line } = await begun(t);
  for (const text of [
    '{ "policy": { "rules": [ { "say": "exe',
    '{ "policy": { "rules": [ { "say": "require", "methods": ["topt"] } ] } }',
    '{ "policy": { "rules": [ { "say": "exempt", "networks": ["10.0.0.1/8"] } ] } }',
    '{ "policy": { "rules": [ { "users": ["root"] } ] } }',
  ]) {
    await writeFile(file, text);
    for (const change of [
      "policy show",
      "policy require --everyone",
      "policy remove 1",
      "policy set unenrolled allow",
      "policy off --yes",
    ]) {
      const ended = await line(change);
      assert.equal(ended.code, 1, change);
      assert.match(ended.stderr, /^error: \S+countersign\.json: /);
    }
    assert.equal(await readFile(file, "utf8"), text);
  }
});

test("before anything is set up, a rule makes the settings and nothing else", async (t) => {
  const home = await Home.make(t);
  const added = await home.run(["policy", "require", "--everyone", "--json"]);
  assert.deepEqual([added.stderr, JSON.parse(added.stdout)], ["", { number: 1, say: "require" }]);
  const shown = await home.run(["policy", "show", "--json"]);
  assert.equal(JSON.parse(shown.stdout).rules.length, 1);
});

test("until a date who has not enrolled is let in; then set up in the login", async (t) => {
  const { line, rules, settings } = await begun(t);
  assertDone(
    await line("policy require --user daemon --by 2999-01-01"),
    "rule 1: require user daemon; who has not enrolled is let in with a reminder until 2999-01-01 00:00 UTC, then set up in the login\n",
  );
  assertDone(
    await line("policy require --user daemon --by 2999-01-01T08:00Z --unenrolled refuse --first"),
    "rule 1: require user daemon; who has not enrolled is let in with a reminder until 2999-01-01 08:00 UTC, then refused\n",
    "warning: 1 rule can no longer decide: 2",
  );
  const [refuse, enroll] = await rules();
  assert.deepEqual([refuse.by, refuse.unenrolled], ["2999-01-01T08:00Z", "refuse"]);
  assert.deepEqual([enroll.by, enroll.unenrolled], ["2999-01-01", "enroll"]);
  await line("policy remove 1");
  const told = JSON.parse((await line("policy explain daemon --json")).stdout);
  assert.deepEqual(
    [told.outlook, told.unenrolled, told.unenrolledBy],
    ["reminded", "enroll", "2999-01-01T00:00:00.000Z"],
  );
  assert.match(
    (await line("policy explain daemon")).stdout,
    /let in with a reminder until 2999-01-01/,
  );
  await line("policy remove 1");
  assertDone(
    await line("policy set unenrolled invite"),
    "who has not enrolled is set up in the login, with an invitation\n",
  );
  assert.equal((await settings()).policy.unenrolled, "invite");
  assert.equal(JSON.parse((await line("policy explain daemon --json")).stdout).outlook, "invite");
});
