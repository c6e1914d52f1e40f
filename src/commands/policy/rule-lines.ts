/** Rules as `policy show` prints them: numbered, in words, with what is wrong with each. */
import type { Rule } from "../../core/policy/rule.ts";
import type { RuleState } from "../../core/policy/state.ts";
import type { Style } from "../../terminal/style.ts";
import { fillLines } from "../help-text.ts";
import { nameWords, ruleWords } from "./rule-words.ts";

/** Names that rules have and the host does not know. */
export interface Unknown {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

/** Below this, wrapping makes it worse. */
const ROOM_MIN = 20;
const READ_BY_PROGRAM = Number.POSITIVE_INFINITY;

export function ruleLines(
  states: readonly RuleState[],
  unknown: Unknown,
  columns: number,
  style: Style,
): string[] {
  const width = String(states.length).length;
  const margin = " ".repeat(width + 4);
  const room = columns === READ_BY_PROGRAM ? columns : Math.max(ROOM_MIN, columns - margin.length);
  return states.flatMap((state) => {
    const [first = "", ...more] = fillLines(ruleWords(state.rule), "  ", room);
    const notes = notesOn(state, unknown).flatMap((note) => fillLines(`! ${note}`, "  ", room));
    return [
      `  ${String(state.index + 1).padStart(width)}  ${first}`,
      ...more.map((line) => margin + line),
      ...notes.map((line) => margin + style.yellow(line)),
    ];
  });
}

/** What an administrator should know of a rule, one line each. */
function notesOn({ rule, time, isOpenEnded, neverDecides }: RuleState, unknown: Unknown): string[] {
  return [
    ...(time === "over" ? ["is over"] : []),
    ...(time === "not-yet" ? ["has not begun"] : []),
    ...(isOpenEnded ? ["without end"] : []),
    ...(neverDecides ? [shadowWords(neverDecides)] : []),
    ...unknownNotes(rule, unknown),
  ];
}

export function unknownNotes(rule: Rule, unknown: Unknown): string[] {
  const { users, groups } = unknownIn(rule, unknown);
  return [
    ...users.map((name) => `this host knows no user ${nameWords(name)}`),
    ...groups.map((name) => `this host knows no group ${nameWords(name)}`),
  ];
}

export function unknownIn(
  { users, groups }: Rule,
  unknown: Unknown,
): { users: string[]; groups: string[] } {
  return {
    users: users?.filter((name) => unknown.users.has(name)) ?? [],
    groups: groups?.filter((name) => unknown.groups.has(name)) ?? [],
  };
}

export function shadowWords({ by, contradicts }: NonNullable<RuleState["neverDecides"]>): string {
  const against = contradicts ? ", and says the opposite" : "";
  return `never decides: rule ${by + 1} takes all of it${against}`;
}
