/** Who gets in, by verdict, control and stack: a table, for what a stack means is data. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { succeed } from "../commands/enrolled.ts";
import { DAEMON, DaemonHost } from "./daemon-host.ts";

const CONTROLS = ["required", "requisite", "[success=ok ignore=ignore default=die]", "sufficient"];

const STACKS = {
  alone: "OURS",
  "then permit": "OURS\nauth required pam_permit.so",
  "then deny": "OURS\nauth required pam_deny.so",
  "permit first": "auth required pam_permit.so\nOURS",
} as const;

type Stack = keyof typeof STACKS;

/** Where a line that has to be passed lets in; and `sufficient`, which no page tells to write. */
const LETS_IN: Readonly<Record<string, readonly [must: readonly Stack[], may: readonly Stack[]]>> =
  {
    accept: [
      ["alone", "then permit", "permit first"],
      ["alone", "then permit", "then deny", "permit first"],
    ],
    // PAM_IGNORE: as if the line were not there, and never a success of its own.
    exempt: [
      ["then permit", "permit first"],
      ["then permit", "permit first"],
    ],
    reject: [[], ["then permit", "permit first"]],
    unenrolled: [[], ["then permit", "permit first"]],
    throttled: [[], ["then permit", "permit first"]],
    unavailable: [[], ["then permit", "permit first"]],
  };

async function tried(host: DaemonHost, user: string, answer: () => Promise<string>) {
  const table: Record<string, Stack[]> = {};
  for (const control of CONTROLS) {
    table[control] = [];
    for (const [name, stack] of Object.entries(STACKS) as [Stack, string][]) {
      await host.stack(stack.replace("OURS", `auth ${control} MODULE verifier=/opt/none`));
      if ((await host.login([await answer()], user)) === "success") table[control].push(name);
    }
  }
  return table;
}

function expected(verdict: string): Record<string, readonly Stack[]> {
  const [must = [], may = []] = LETS_IN[verdict] ?? [];
  return Object.fromEntries(
    CONTROLS.map((control) => [control, control === "sufficient" ? may : must]),
  );
}

async function set(host: DaemonHost, name: string, value: string): Promise<void> {
  await succeed(host.countersign, ["config", "set", name, value]);
  // The daemon reads changed settings a moment later.
  await sleep(400);
}

test("accept, reject, throttled, unavailable", DAEMON, async (t) => {
  const host = await DaemonHost.open(t);
  await set(host, "throttle.freeFailures", "100");
  const codes = [...host.backupCodes];
  const right = async (): Promise<string> => codes.pop() ?? (await host.phone.next());
  assert.deepEqual(await tried(host, "alice", right), expected("accept"));
  assert.equal(await host.lastVerdict(), "accept");
  const wrong = (): Promise<string> => host.phone.wrong();
  assert.deepEqual(await tried(host, "alice", wrong), expected("reject"));
  assert.equal(await host.lastVerdict(), "reject: wrong-code");
  await set(host, "throttle.freeFailures", "1");
  await set(host, "throttle.firstDelay", "300");
  await host.login([await wrong()]);
  assert.deepEqual(await tried(host, "alice", right), expected("throttled"));
  assert.equal(await host.lastVerdict(), "throttled: too-many-failures");
  await host.stop("SIGTERM");
  assert.deepEqual(await tried(host, "alice", right), expected("unavailable"));
});

test("unenrolled, refused and exempt", DAEMON, async (t) => {
  const host = await DaemonHost.open(t);
  await set(host, "throttle.freeFailures", "100");
  const any = async (): Promise<string> => "123456";
  assert.deepEqual(await tried(host, "bob", any), expected("unenrolled"));
  await set(host, "policy.unenrolled", "allow");
  assert.deepEqual(await tried(host, "bob", any), expected("exempt"));
  assert.equal(await host.lastVerdict(), "exempt: unenrolled-allowed");
});

test("pam_setcred never succeeds where authentication did not", DAEMON, async (t) => {
  const host = await DaemonHost.open(t);
  for (const control of CONTROLS.slice(0, 3)) {
    await host.stack(`auth ${control} MODULE verifier=/opt/none`);
    const refused = await host.harness(["x"]);
    assert.notEqual(refused.returned[0], 0, control);
    assert.notEqual(refused.setcred[0], 0, control);
    const accepted = await host.harness([await host.phone.next()]);
    assert.deepEqual([accepted.returned, accepted.setcred], [[0], [0]], control);
  }
});
