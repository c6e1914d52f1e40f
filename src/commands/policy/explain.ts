import { Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import type { PolicyExplanation } from "../../contracts/service.ts";
import type { Outlook } from "../../core/policy/outlook.ts";
import type { Rule } from "../../core/policy/rule.ts";
import { outputColumns, say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json, requiredUser } from "../base.ts";
import { fillLines } from "../help-text.ts";
import {
  durationWords,
  MISMATCH,
  momentWords,
  nameWords,
  ruleWords,
  unenrolledWords,
} from "./rule-words.ts";

/** sshd has no terminal yet when it asks, and says this instead. */
const SSHD = { service: "sshd", tty: "ssh" };
const SOME_TTY = "tty";

export class PolicyExplain extends CountersignCommand {
  static override summary = "Say which rule decides a login, and what would happen.";

  static override description =
    `By the code that decides the login itself: why the rules before do not match, which one
decides, which methods count, and what becomes of the user. Nothing is asked and nothing recorded.`;

  static override examples = [
    {
      description: "alice, by ssh from afar",
      command: "sudo <%= config.bin %> policy explain alice --service sshd --rhost 192.0.2.7",
    },
    {
      description: "A script of hers that runs sudo",
      command: "sudo <%= config.bin %> policy explain alice --service sudo --non-interactive",
    },
  ];

  static override args = { user: requiredUser };

  static override flags = {
    service: Flags.string({ helpValue: "NAME", description: "the service of PAM that asks" }),
    rhost: Flags.string({
      helpValue: "HOST",
      description: "where the user comes from; from this host when absent",
    }),
    "non-interactive": Flags.boolean({ description: "nobody is at a terminal" }),
    json,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(PolicyExplain);
    const { service, rhost } = flags;
    const tty = service === SSHD.service ? SSHD.tty : SOME_TTY;
    const origin = { service, rhost, ...(flags["non-interactive"] ? {} : { tty }) };
    const told = await withCountersign({}, (door) => door.service.explainPolicy(args.user, origin));
    if (flags.json) return sayJson(document(told));
    const columns = Math.min(outputColumns(), 80);
    say(...lines(told).flatMap((text) => fillLines(text, "  ", columns)));
  }
}

function document(told: PolicyExplanation): object {
  const { rules, passed, rule: index, groups, unenrolledBy: by, ...rest } = told;
  const deciding = index === undefined ? undefined : rules[index];
  return {
    ...rest,
    ...(by === undefined ? {} : { unenrolledBy: new Date(by).toISOString() }),
    groups: groups ?? null,
    rule: deciding && index !== undefined ? { number: index + 1, ...deciding } : null,
    passed: passed.map((because, at) => ({ number: at + 1, because })),
  };
}

function lines(told: PolicyExplanation): string[] {
  const { user, enabled, passed, rules, rule: index, groups } = told;
  const off = `the policy is off: ${nameWords(user)} ${OUTLOOK["policy-off"]}`;
  return [
    ...(enabled ? [] : [off, "were it on:"]),
    ...(groups ? [`groups: ${groups.map(nameWords).join(", ") || "none"}`] : unknownGroups(told)),
    ...passed.map(
      (because, at) => `rule ${at + 1} does not match: ${MISMATCH[because]}: ${wordsAt(rules, at)}`,
    ),
    index === undefined
      ? "no rule matches: the user must pass"
      : `rule ${index + 1} decides: ${wordsAt(rules, index)}`,
    ...(enabled ? follows(told) : []),
  ];
}

/** What requires matches whoever is not known, and a name that was mistyped is one. */
function unknownGroups({ user, rules }: PolicyExplanation): string[] {
  if (!rules.some((rule) => rule.groups !== undefined)) return [];
  return [`groups: not known; does this host have a user ${nameWords(user)}?`];
}

function wordsAt(rules: readonly Rule[], index: number): string {
  const rule = rules[index];
  return rule ? ruleWords(rule) : "";
}

/** Everything that follows from the deciding rule. */
function follows(told: PolicyExplanation): string[] {
  const { user, say: says, methods, enrolledIn, outlook } = told;
  const who = nameWords(user);
  if (says === "exempt") return [`${who} ${OUTLOOK[outlook]}`];
  return [
    `methods that count: ${methods.join(", ") || "none that is on"}`,
    `${who} is enrolled in ${enrolledIn.join(", ") || "none of them"}`,
    ...(enrolledIn.length > 0 ? [] : [`who has not enrolled is ${fate(told)}`]),
    ...(told.grace === undefined ? [] : [graceWords(told.grace)]),
    `${who} ${outlook === "unenrolled" ? refusal(told) : OUTLOOK[outlook]}`,
  ];
}

function graceWords(seconds: number): string {
  const time = durationWords(seconds);
  return `an accepted code covers ${time} of the same terminal and login session, unasked`;
}

function fate({ unenrolled, unenrolledBy: by }: PolicyExplanation): string {
  if (by === undefined) return unenrolledWords(unenrolled);
  const until = new Date(by).toISOString().slice(0, 16);
  return `let in with a reminder until ${momentWords(`${until}Z`)}, then ${unenrolledWords(unenrolled)}`;
}

function refusal({ methods, hasEnrolled }: PolicyExplanation): string {
  if (hasEnrolled) return "is refused: what is enrolled does not count here";
  // The first login may enroll there: see engine/challenge.ts.
  const atDuo = methods.some((name) => name.startsWith("duo-"));
  return `${OUTLOOK.unenrolled}${atDuo ? ", unless Duo has them enroll on the way" : ""}`;
}

const OUTLOOK: Readonly<Record<Outlook, string>> = {
  "policy-off": "passes without a second factor, as everybody does",
  exempt: "passes without a second factor",
  asked: "must pass",
  "let-in": "is let in, whatever is typed",
  reminded: "is let in, with a reminder",
  enroll: "is set up in the login where its line of PAM says enroll, and refused elsewhere",
  invite:
    "is set up in the login with an invitation where its line of PAM says enroll, and refused elsewhere",
  unenrolled: "is refused: nothing is enrolled",
  disabled: "is refused: disabled by an administrator",
};
