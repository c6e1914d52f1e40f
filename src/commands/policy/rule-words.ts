/** A rule in words: `exempt members of robots at cron, until 2026-12-01 00:00 UTC`. */
import type { Mismatch } from "../../core/policy/decide.ts";
import { LOCAL, type Rule, type Unenrolled } from "../../core/policy/rule.ts";
import { printable } from "../../core/printable.ts";
import { counted } from "../words.ts";

/** What the rule says and of whom, in one line. */
export function ruleWords(rule: Rule): string {
  return [`${rule.say} ${conditionWords(rule)}`, ...demandWords(rule)].join("; ");
}

function conditionWords(rule: Rule): string {
  const { services, networks, interactive, from, until } = rule;
  return [
    who(rule),
    ...(services ? [`at ${either(services)}`] : []),
    ...(networks ? [`from ${either(networks, networkWords)}`] : []),
    ...(interactive ? [interactive === "yes" ? "at a terminal" : "without a terminal"] : []),
    ...(from ? [`as of ${momentWords(from)}`] : []),
    ...(until ? [`until ${momentWords(until)}`] : []),
  ].join(", ");
}

function who({ users, groups }: Rule): string {
  if (users && groups) return `${either(users)} as member of ${either(groups)}`;
  if (users) return `user ${either(users)}`;
  return groups ? `members of ${either(groups)}` : "everyone";
}

function demandWords({ methods, unenrolled, by, grace }: Rule): string[] {
  const reminded = by ? [`let in with a reminder until ${momentWords(by)}`] : [];
  const then = unenrolled ? [unenrolledWords(unenrolled)] : [];
  const said = [...reminded, ...then].join(", then ");
  return [
    ...(methods ? [`only ${either(methods)} counts`] : []),
    ...(said === "" ? [] : [`who has not enrolled is ${said}`]),
    ...(grace === undefined ? [] : [`asked once in ${durationWords(grace)} at a terminal`]),
  ];
}

export function unenrolledWords(unenrolled: Unenrolled): string {
  return UNENROLLED_WORDS[unenrolled];
}

/** `5 minutes`; seconds in. */
export function durationWords(seconds: number): string {
  if (seconds % 3600 === 0) return counted(seconds / 3600, "hour");
  return seconds % 60 === 0 ? counted(seconds / 60, "minute") : counted(seconds, "second");
}

const UNENROLLED_WORDS: Readonly<Record<Unenrolled, string>> = {
  refuse: "refused",
  allow: "let in without a code",
  enroll: "set up in the login",
  invite: "set up in the login, with an invitation",
};

/** Every time of the policy is in UTC, and says so. */
export function momentWords(text: string): string {
  return text.includes("T") ? `${text.slice(0, -1).replace("T", " ")} UTC` : `${text} 00:00 UTC`;
}

function networkWords(network: string): string {
  return network === LOCAL ? "the host itself" : network;
}

/** `a`, `a or b`, `a, b or c`; an empty list matches nothing. */
function either(names: readonly string[], toWords = nameWords): string {
  const words = names.map(toWords);
  if (words.length === 0) return "(nothing)";
  const last = words.at(-1) ?? "";
  return words.length === 1 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}

/** A group of a directory service may have spaces in its name. */
export function nameWords(name: string): string {
  const text = printable(name);
  return /[\s,"]/.test(text) ? JSON.stringify(text) : text;
}

/** Why a rule does not match. */
export const MISMATCH: Readonly<Record<Mismatch, string>> = {
  user: "another user",
  group: "not in the group",
  service: "another service",
  network: "from elsewhere",
  interactive: "the terminal does not fit",
  "not-yet": "has not begun",
  over: "is over",
};
