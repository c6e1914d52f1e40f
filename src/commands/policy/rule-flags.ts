/** The flags of `policy require` and `policy exempt`, and the rule that they spell. */
import { Flags } from "@oclif/core";
import { isAccount } from "../../core/account.ts";
import { Fault } from "../../core/fault.ts";
import { GRACE, parseDuration } from "../../core/grace.ts";
import { METHOD_NAMES } from "../../core/method-name.ts";
import { nearest } from "../../core/nearest.ts";
import { parseMoment } from "../../core/policy/date.ts";
import { parseNetwork } from "../../core/policy/network.ts";
import { mendNetwork } from "../../core/policy/network-mend.ts";
import { LOCAL, type Rule, UNENROLLED } from "../../core/policy/rule.ts";
import { printable } from "../../core/printable.ts";
import { json } from "../base.ts";

const several = (helpValue: string, description: string) =>
  Flags.string({ helpValue, description, multiple: true, multipleNonGreedy: true });

const date = (description: string) => Flags.string({ helpValue: "DATE", description });

/** Whom, where and when; where in the list. */
export const conditionFlags = {
  user: several("USER", "this user; may be repeated"),
  group: several("GROUP", "the members of this group of the host; may be repeated"),
  everyone: Flags.boolean({ description: "everybody", exclusive: ["user", "group"] }),
  service: several("SERVICE", "only at this service of PAM, such as sudo; may be repeated"),
  network: several(
    "CIDR",
    `only from this network, or ${LOCAL}: from the host itself; may be repeated`,
  ),
  interactive: Flags.boolean({
    description: "only where a person is at a terminal",
    exclusive: ["non-interactive"],
  }),
  "non-interactive": Flags.boolean({ description: "only where nobody is at a terminal" }),
  from: date("from this day on: YYYY-MM-DD or YYYY-MM-DDTHH:MMZ, in UTC"),
  until: date("until this day begins, or this minute, in UTC"),
  first: Flags.boolean({ description: "before all other rules", exclusive: ["before"] }),
  before: Flags.integer({ helpValue: "N", description: "before the rule N of policy show" }),
};

export const force = Flags.boolean({
  description: "also where no administrator could pass any more",
});

export const demandFlags = {
  method: several("METHOD", "only this method counts; may be repeated"),
  unenrolled: Flags.string({
    options: [...UNENROLLED],
    description: "what becomes of who has not enrolled; as policy set says when absent",
  }),
  grace: Flags.string({
    helpValue: "TIME",
    description: "an accepted code covers the same terminal for so long: 5m, 90s, 2h",
  }),
  by: date("until then they are let in with a reminder; with no --unenrolled: enroll"),
};

export const requireFlags = { ...conditionFlags, ...demandFlags, force, json };
export const exemptFlags = { ...conditionFlags, force, json };

/** The flags as oclif has read them. */
export interface RuleFlags {
  readonly user?: readonly string[] | undefined;
  readonly group?: readonly string[] | undefined;
  readonly everyone?: boolean;
  readonly service?: readonly string[] | undefined;
  readonly network?: readonly string[] | undefined;
  readonly interactive?: boolean;
  readonly "non-interactive"?: boolean;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly method?: readonly string[] | undefined;
  readonly unenrolled?: string | undefined;
  readonly grace?: string | undefined;
  readonly by?: string | undefined;
}

/**
 * @param now milliseconds since the epoch
 * @throws Fault `usage`
 */
export function ruleFrom(say: Rule["say"], flags: RuleFlags, now: number): Rule {
  const { user, group, everyone, service, network, method, unenrolled, by, grace } = flags;
  if (!everyone && !user?.length && !group?.length) {
    throw new Fault("usage", "whom the rule is for is missing", {
      hint: "--user, --group or --everyone",
    });
  }
  user?.forEach(assertAccount);
  network?.forEach(assertNetwork);
  method?.forEach(assertMethod);
  assertDates(flags, now);
  // After a date on which they are to be set up, they are: a refusal has to be asked for.
  const then = unenrolled ?? (by === undefined ? undefined : "enroll");
  const listed = { users: user, groups: group, services: service, networks: network };
  return {
    say,
    ...Object.fromEntries(Object.entries(listed).flatMap(([key, all]) => withList(key, all))),
    ...(flags.interactive ? { interactive: "yes" } : {}),
    ...(flags["non-interactive"] ? { interactive: "no" } : {}),
    ...(flags.from === undefined ? {} : { from: flags.from }),
    ...(flags.until === undefined ? {} : { until: flags.until }),
    ...Object.fromEntries(withList("methods", method)),
    ...(then === undefined ? {} : { unenrolled: UNENROLLED.find((it) => it === then) }),
    ...(by === undefined ? {} : { by }),
    ...(grace === undefined ? {} : { grace: graceIn(grace) }),
  } as Rule;
}

function withList(key: string, all: readonly string[] | undefined): [string, string[]][] {
  return all?.length ? [[key, [...new Set(all)]]] : [];
}

function assertAccount(user: string): void {
  if (isAccount(user)) return;
  throw new Fault("usage", `--user: this is no account name: ${said(user)}`, {
    hint: "the login name, as getent passwd shows it",
  });
}

function assertNetwork(text: string): void {
  if (text === LOCAL || parseNetwork(text)) return;
  throw new Fault("usage", `--network: this is no network: ${said(text)}`, {
    hint: mendNetwork(text) ?? `a network such as 10.0.0.0/8 or 2001:db8::/32, or ${LOCAL}`,
  });
}

function assertMethod(name: string): void {
  if (METHOD_NAMES.some((known) => known === name)) return;
  const near = nearest(name, METHOD_NAMES);
  throw new Fault("usage", `--method: there is no method ${said(name)}`, {
    hint: (near.length > 0 ? near : METHOD_NAMES).join(" or "),
  });
}

function assertDates({ from, until, by, unenrolled }: RuleFlags, now: number): void {
  const begins = momentOf("from", from) ?? Number.NEGATIVE_INFINITY;
  const ends = momentOf("until", until) ?? Number.POSITIVE_INFINITY;
  if (ends <= now) throw new Fault("usage", `--until ${until} is past`, { hint: "a day to come" });
  if (ends <= begins) {
    throw new Fault("usage", `--until ${until} is not after --from ${from}`, {
      hint: "a rule holds from the one until the other",
    });
  }
  const enforced = momentOf("by", by);
  if (enforced === undefined) return;
  if (unenrolled === "allow") {
    throw new Fault("usage", "--by says when letting in ends, and allow goes on with it", {
      hint: "--unenrolled enroll, invite or refuse",
    });
  }
  if (enforced <= now) throw new Fault("usage", `--by ${by} is past`, { hint: "a day to come" });
  if (enforced >= ends) {
    throw new Fault("usage", `--by ${by} is not before --until ${until}`, {
      hint: "the rule would be over before it is enforced",
    });
  }
}

function momentOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const moment = parseMoment(text);
  if (moment !== undefined) return moment;
  throw new Fault("usage", `--${flag}: this is no date: ${said(text)}`, {
    hint: "YYYY-MM-DD or YYYY-MM-DDTHH:MMZ, in UTC",
  });
}

function graceIn(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds >= GRACE.least && seconds <= GRACE.most) return seconds;
  throw new Fault("usage", `--grace: this is no such time: ${said(text)}`, {
    hint: "from one minute to twelve hours: 90s, 5m, 2h",
  });
}

function said(text: string): string {
  return printable(text, 64);
}
