/**
 * Who asks for the password and who is handed it: use_first_pass and forward_pass among the
 * lines of a stack, pam_countersign(8).
 */
import { basename } from "node:path";
import type { LineFault } from "./line-of-countersign.ts";
import type { PamLine } from "./lines.ts";

/** These ask for a password, and keep what was typed for the lines that follow. */
export const TAKES_PASSWORD = /^pam_(unix|sss|winbind|ldap|krb5)\.so$/;

/** `isBroken`: nobody gets in, or not as meant. */
export interface PassFault extends LineFault {
  readonly isBroken: boolean;
}

/** @param auth every auth line of the service, in order */
export function faultsOfPasses(line: PamLine, auth: readonly PamLine[]): PassFault[] {
  const at = auth.indexOf(line);
  const before = auth.slice(0, at).findLast(asksForPassword);
  const after = auth.slice(at + 1).find(asksForPassword);
  const forwards = line.args.includes("forward_pass");
  const takes = line.args.includes("use_first_pass");
  const faults: (PassFault | undefined)[] = [
    takes ? withoutAsking(before, forwards) : undefined,
    forwards ? handedOn(after) : undefined,
    forwards && before && !takes && !line.args.includes("try_first_pass")
      ? askedTwice(before)
      : undefined,
  ];
  return faults.filter((fault) => fault !== undefined);
}

function withoutAsking(before: PamLine | undefined, forwards: boolean): PassFault | undefined {
  if (before === undefined) {
    return {
      isBroken: true,
      why: "with use_first_pass it never asks, and no line before it does: everybody is refused",
      mend: "take out use_first_pass",
    };
  }
  // Typed together it can be both; and a line that is optional may only be there to ask.
  if (forwards || before.control === "optional") return undefined;
  return {
    isBroken: true,
    why:
      `use_first_pass takes what ${nameOf(before)} was given, which cannot be the password ` +
      "and the code",
    mend: "take out use_first_pass, so that it asks for itself",
  };
}

function handedOn(after: PamLine | undefined): PassFault | undefined {
  if (after === undefined) {
    return {
      isBroken: true,
      why: "forward_pass asks for password and code, and no line after it judges the password",
      mend: "add below it: auth required pam_unix.so use_first_pass",
    };
  }
  if (after.args.some((argument) => /^(use|try)_first_pass$/.test(argument))) return undefined;
  return {
    isBroken: false,
    why: `forward_pass hands on the password, and ${nameOf(after)} asks for it again`,
    mend: "write use_first_pass behind that line",
  };
}

function askedTwice(before: PamLine): PassFault {
  return {
    isBroken: false,
    why: `forward_pass asks for the password again, after ${nameOf(before)}`,
    mend: "take out forward_pass, or let the code's line come first",
  };
}

function asksForPassword({ module }: PamLine): boolean {
  return TAKES_PASSWORD.test(basename(module));
}

function nameOf({ module, place }: PamLine): string {
  return `${basename(module)} (${place})`;
}
