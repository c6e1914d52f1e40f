/** Who gets in, by the line's place in a PAM stack: a table, for what a stack means is data. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { EXEC, PAM, PamHost } from "./pam-service.ts";

/** The answers a stack is tried with; each row says for whom it opens, in this order. */
const ANSWERS = ["right", "wrong", "unenrolled", "exempt", "broken"] as const;
type Answer = (typeof ANSWERS)[number];

/**
 * `exempt` is let in wherever an accepted code is: pam_exec knows only success and failure.
 * The two that open to everybody are what the pages warn of.
 */
const STACKS: readonly { stack: string; opensTo: readonly Answer[] }[] = [
  { stack: "required", opensTo: ["right", "exempt"] },
  { stack: "requisite", opensTo: ["right", "exempt"] },
  { stack: "required + required pam_permit", opensTo: ["right", "exempt"] },
  { stack: "requisite + required pam_permit", opensTo: ["right", "exempt"] },
  { stack: "required + sufficient pam_permit", opensTo: ["right", "exempt"] },
  { stack: "required + required pam_deny", opensTo: [] },
  { stack: "sufficient + required pam_deny", opensTo: ["right", "exempt"] },
  { stack: "sufficient", opensTo: ["right", "exempt"] },
  { stack: "[success=done default=die] + required pam_permit", opensTo: ["right", "exempt"] },
  {
    stack: "[success=ok ignore=ignore default=die] + required pam_permit",
    opensTo: ["right", "exempt"],
  },
  {
    stack: "[success=1 default=ignore] + requisite pam_deny + required pam_permit",
    opensTo: ["right", "exempt"],
  },
  { stack: "sufficient + required pam_permit", opensTo: [...ANSWERS] },
  { stack: "optional + required pam_permit", opensTo: [...ANSWERS] },
];

/** `required + required pam_deny` as /etc/pam.d has it; the first control is ours. */
function linesOf(stack: string): string {
  const [own, ...others] = stack.split(" + ");
  return [`${own} ${EXEC}`, ...others.map((line) => `${line}.so`)]
    .map((line) => `auth ${line}\n`)
    .join("");
}

/** Which of the stacks open to that answer. */
async function opening(host: PamHost, user: string, answer: () => Promise<string> | string) {
  const open: string[] = [];
  for (const { stack } of STACKS) {
    await host.service(linesOf(stack));
    if (await host.login(await answer(), { user })) open.push(stack);
  }
  return open;
}

function expected(answer: Answer): string[] {
  return STACKS.filter(({ opensTo }) => opensTo.includes(answer)).map(({ stack }) => stack);
}

test("the table covers what may come of an answer", () => {
  for (const answer of ANSWERS) assert.ok(expected(answer).length >= 2, answer);
});

test("a right and a wrong code", PAM, async (t) => {
  const { host, phone, backupCodes } = await PamHost.open(t);
  await succeed(host.countersign, ["config", "set", "throttle.freeFailures", "100"]);
  const codes = [...backupCodes];
  // More right answers are needed than the phone has at this moment.
  const right = async (): Promise<string> => codes.pop() ?? (await phone.next());
  assert.deepEqual(await opening(host, "alice", right), expected("right"));
  const wrong = await phone.wrong();
  assert.deepEqual(await opening(host, "alice", () => wrong), expected("wrong"));
});

test("who has nothing enrolled, refused and exempt", PAM, async (t) => {
  const { host } = await PamHost.open(t);
  await succeed(host.countersign, ["config", "set", "throttle.freeFailures", "100"]);
  assert.deepEqual(await opening(host, "bob", () => "000000"), expected("unenrolled"));
  await succeed(host.countersign, ["config", "set", "policy.unenrolled", "allow"]);
  assert.deepEqual(await opening(host, "bob", () => "000000"), expected("exempt"));
});

test("a right code with the store out of reach", PAM, async (t) => {
  const { host, phone } = await PamHost.open(t);
  await host.sandbox.sh("mv /var/lib/countersign /var/lib/elsewhere");
  const code = await phone.next();
  assert.deepEqual(await opening(host, "alice", () => code), expected("broken"));
  await host.sandbox.sh("mv /var/lib/elsewhere /var/lib/countersign");
  await host.service(linesOf("required"));
  assert.equal(await host.login(code), true, "and in again when it is back");
});
