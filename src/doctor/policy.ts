/** The policy's rules: what lets pass without an end, and what does nothing. */
import { type RuleState, statesOf } from "../core/policy/state.ts";
import type { Settings } from "../settings/schema.ts";
import type { Finding, Voice } from "./finding.ts";

export interface PolicyReaders {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Of these groups, those that the host does not know. */
  readonly unknownGroups: (names: readonly string[]) => Promise<readonly string[]>;
}

/** As many as a line holds. */
const NAMED = 10;

/** In seconds. */
const LONG_GRACE = 3600;

const SHOW = "countersign policy show";

export async function examineRules(
  { policy }: Settings,
  { now, unknownGroups }: PolicyReaders,
  { warning }: Voice,
): Promise<Finding[]> {
  const states = statesOf(policy.rules, now());
  const found: Finding[] = [];
  if (policy.enabled === "off") {
    found.push(
      warning(
        "the policy is off: everybody passes without a second factor",
        "countersign policy on",
      ),
    );
  }
  const about = (
    which: (state: RuleState) => boolean | undefined,
    message: string,
    mend: string,
  ): void => {
    const numbers = states.filter(which).map(({ index }) => String(index + 1));
    if (numbers.length > 0) found.push(warning(`${rulesNamed(numbers)}: ${message}`, mend));
  };
  about(
    ({ isOpenEnded, time }) => isOpenEnded && time !== "over",
    "exempt without an end",
    "countersign policy remove N, then policy exempt anew with --until",
  );
  about(({ time }) => time === "over", "over, and of no effect", "countersign policy remove N");
  about(
    ({ neverDecides, time }) => neverDecides !== undefined && time !== "over",
    "can never decide, since an earlier rule takes all of it",
    SHOW,
  );
  about(
    ({ rule }) => (rule.grace ?? 0) > LONG_GRACE,
    "one code covers more than an hour, also of a terminal that is left alone",
    "countersign policy remove N, then policy require anew with a shorter --grace",
  );
  about(
    ({ rule: { grace, services } }) => grace !== undefined && services?.every(isWithoutTerminal),
    "its grace is of no effect at sshd, which has no terminal yet",
    SHOW,
  );
  const unknown = await unknownGroups(policy.rules.flatMap(({ groups = [] }) => groups));
  if (unknown.length > 0) {
    const names = shortened(unknown);
    found.push(warning(`rules name groups that this host does not know: ${names}`, SHOW));
  }
  return found;
}

function isWithoutTerminal(service: string): boolean {
  return service === "sshd";
}

function rulesNamed(numbers: readonly string[]): string {
  return `${numbers.length === 1 ? "policy rule" : "policy rules"} ${shortened(numbers)}`;
}

function shortened(names: readonly string[]): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
