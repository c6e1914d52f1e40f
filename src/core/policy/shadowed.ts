/** Rules that can never decide, since an earlier one matches whatever they would. */
import { parseMoment } from "./date.ts";
import { isIn, parseNetwork } from "./network.ts";
import { LOCAL, type Rule } from "./rule.ts";

export interface Shadowed {
  readonly index: number;
  /** The earlier rule that takes all of it. */
  readonly by: number;
}

export function shadowed(rules: readonly Rule[]): Shadowed[] {
  return rules.flatMap((rule, index) => {
    const by = rules.slice(0, index).findIndex((earlier) => covers(earlier, rule));
    return by < 0 ? [] : [{ index, by }];
  });
}

/** True when `wide` matches every login that `narrow` matches. */
function covers(wide: Rule, narrow: Rule): boolean {
  // What is not known of a login matches a `require` rule, and no `exempt` one.
  const losesUnknown = wide.say === "exempt" && narrow.say === "require";
  const takes = (name: "users" | "groups" | "services", mayBeUnknown: boolean): boolean => {
    const [all, some] = [wide[name], narrow[name]];
    if (all === undefined) return true;
    return !(losesUnknown && mayBeUnknown) && (some?.every((each) => all.includes(each)) ?? false);
  };
  return (
    takes("users", false) &&
    takes("groups", true) &&
    takes("services", true) &&
    takesNetworks(wide, narrow, losesUnknown) &&
    (wide.interactive === undefined ||
      (!losesUnknown && wide.interactive === narrow.interactive)) &&
    moment(wide.from, Number.NEGATIVE_INFINITY) <= moment(narrow.from, Number.NEGATIVE_INFINITY) &&
    moment(wide.until, Number.POSITIVE_INFINITY) >= moment(narrow.until, Number.POSITIVE_INFINITY)
  );
}

function takesNetworks(wide: Rule, narrow: Rule, losesUnknown: boolean): boolean {
  const all = wide.networks;
  if (all === undefined) return true;
  return !losesUnknown && (narrow.networks?.every((each) => isWithin(each, all)) ?? false);
}

function isWithin(text: string, all: readonly string[]): boolean {
  if (text === LOCAL) return all.includes(LOCAL);
  const network = parseNetwork(text);
  if (!network) return false;
  return all.some((each) => {
    const wide = parseNetwork(each);
    return wide !== undefined && wide.bits <= network.bits && isIn(network.address, wide);
  });
}

function moment(text: string | undefined, absent: number): number {
  return text === undefined ? absent : (parseMoment(text) ?? absent);
}
