/**
 * One decision of a large policy: which rule is it?
 *
 *   node_modules/.bin/node test/bench/policy.ts
 */
import { compile, decide, explain, type Subject } from "../../src/core/policy/decide.ts";
import type { Rule } from "../../src/core/policy/rule.ts";
import { shadowed } from "../../src/core/policy/shadowed.ts";
import { median, milliseconds, percentile, print, row } from "./measure.ts";

const RULES = 1000;
const GROUPS = 100;
const GOAL = 0.2;
/** Of so many decisions each sample is the mean: one takes too little for the clock. */
const BATCH = 20;
const SAMPLES = 500;

const NOW = Date.parse("2026-06-01");

const SUBJECT: Subject = {
  user: "alice",
  groups: new Set(Array.from({ length: GROUPS }, (_, at) => `group${at}`)),
  service: "sshd",
  rhost: "192.0.2.7",
  interactive: true,
};

/** As a large site has them; none matches but the last, so that each is looked at. */
const MIXED: readonly ((at: number) => Rule)[] = [
  (at) => ({ say: "exempt", users: [`robot${at}`], until: "2027-01-01" }),
  (at) => ({ say: "require", groups: [`team${at}`, `team${at + 1}`], methods: ["totp"] }),
  (at) => ({
    say: "exempt",
    networks: [`10.${at % 256}.0.0/16`, "2001:db8::/32"],
    services: ["sshd"],
  }),
  (at) => ({ say: "require", groups: [`team${at}`], services: ["sudo"], interactive: "yes" }),
];

/** The dearest condition in every rule. */
const DEAREST: readonly ((at: number) => Rule)[] = [
  (at) => ({
    say: "exempt",
    groups: ["group99"],
    networks: Array.from({ length: 4 }, (_, other) => `10.${at % 256}.${other}.0/24`),
  }),
];

function policyOf(kinds: readonly ((at: number) => Rule)[]): Rule[] {
  const rules = Array.from({ length: RULES - 1 }, (_, at) => kinds[at % kinds.length]?.(at));
  return [...rules.flatMap((rule) => rule ?? []), { say: "require" }];
}

function timesOf(work: () => void): number[] {
  for (let warm = 0; warm < 1000; warm++) work();
  return Array.from({ length: SAMPLES }, () => {
    const start = performance.now();
    for (let n = 0; n < BATCH; n++) work();
    return (performance.now() - start) / BATCH;
  });
}

function report(name: string, work: () => void, goal = ""): void {
  const times = timesOf(work);
  print(row(name, milliseconds(median(times)), milliseconds(percentile(times, 0.99)), goal));
}

print(row(`${RULES} rules, ${GROUPS} groups`, "p50", "p99", "goal"));
for (const [name, kinds] of [
  ["mixed", MIXED],
  ["dearest", DEAREST],
] as const) {
  const policy = compile(policyOf(kinds));
  if (decide(policy, SUBJECT, NOW)?.index !== RULES - 1) throw new Error("a rule before matches");
  report(`decide, ${name}`, () => decide(policy, SUBJECT, NOW), `under ${GOAL} ms`);
  report(`explain, ${name}`, () => explain(policy, SUBJECT, NOW));
}
const rules = policyOf(MIXED);
const start = performance.now();
compile(rules);
print(row("compile, once a reload", milliseconds(performance.now() - start)));
const before = performance.now();
shadowed(rules);
print(row("shadowed, in policy show", milliseconds(performance.now() - before)));
