/**
 * What a PSKC file allows a key for (RFC 6030 section 5). Whatever of it is not understood, or
 * cannot be kept to here, forbids the key: so the RFC demands.
 */
import { Misfit } from "./misfit.ts";
import { childOf, PSKC, textOf } from "./pskc-elements.ts";
import type { XmlElement } from "./xml-children.ts";

const UNDERSTOOD = ["StartDate", "ExpiryDate", "PINPolicy", "KeyUsage"];
const USAGES = [
  ...["OTP", "CR", "Encrypt", "Integrity", "Verify", "Unlock"],
  ...["Decrypt", "KeyWrap", "Unwrap", "Derive", "Generate"],
];
const PIN_ATTRIBUTES = [
  ...["PINKeyId", "PINUsageMode", "MaxFailedAttempts", "MinLength", "MaxLength", "PINEncoding"],
];
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * Remarks on what of the policy does not come along.
 * @param at milliseconds since the epoch
 * @throws Misfit when the key may not be used
 */
export function readPolicy(policy: XmlElement | undefined, at: number): string[] {
  if (policy === undefined) return [];
  for (const { uri, local } of policy.children) {
    if (uri !== PSKC || !UNDERSTOOD.includes(local)) {
      throw new Misfit("its policy asks for what cannot be kept to here");
    }
  }
  checkUsage(policy.children.filter(({ local }) => local === "KeyUsage"));
  checkPin(childOf(policy, "PINPolicy"));
  const start = dateOf(childOf(policy, "StartDate"));
  const expiry = dateOf(childOf(policy, "ExpiryDate"));
  if (start && start.at > at) throw new Misfit(`it is not to be used before ${start.day}`);
  if (!expiry) return [];
  if (expiry.at <= at) throw new Misfit(`it expired on ${expiry.day}`);
  return [`its end on ${expiry.day} is not kept`];
}

function checkUsage(usages: readonly XmlElement[]): void {
  const named = usages.map((usage) => textOf(usage) ?? "");
  if (named.some((usage) => !USAGES.includes(usage))) {
    throw new Misfit("its policy names a usage that is not known");
  }
  if (named.length > 0 && !named.includes("OTP")) {
    throw new Misfit("its policy is not for one-time passwords");
  }
}

/** `Local` is the token's own affair; of all others, the PIN would have to be checked here. */
function checkPin(pin: XmlElement | undefined): void {
  if (pin === undefined) return;
  const known = [...pin.attributes.keys()].every((name) => PIN_ATTRIBUTES.includes(name));
  if (!known || pin.attributes.get("PINUsageMode") !== "Local") {
    throw new Misfit("its policy wants a PIN that the token does not check itself");
  }
}

function dateOf(element: XmlElement | undefined): { at: number; day: string } | undefined {
  const text = textOf(element);
  if (text === undefined) return undefined;
  const parts = DATE_TIME.exec(text);
  // Without a time zone it is taken as UTC, so that it means the same on every host.
  const at = parts ? Date.parse(parts[2] ? text : `${text}Z`) : Number.NaN;
  if (Number.isNaN(at)) throw new Misfit("its policy has a date that is none");
  return { at, day: text.slice(0, 10) };
}
