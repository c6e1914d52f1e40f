/**
 * The argument enroll: whether its line is reached by those alone whose first factor was right.
 * Anybody else would be told who has nothing enrolled, and be set up in their place.
 */
import { basename } from "node:path";
import { TAKES_PASSWORD } from "./first-pass.ts";
import type { LineFault } from "./line-of-countersign.ts";
import type { PamLine } from "./lines.ts";
import { codesBefore } from "./outcome.ts";
import { linesOf, type Step } from "./services.ts";

/** Beside these nothing could be shown, or the password is judged too late: see dialogue.c. */
const KEPT_BY = ["quiet", "forward_pass", "use_first_pass"];

/** @param isKeyFirst for sshd: it has judged a key before PAM is asked at all */
export function faultsOfEnroll(
  line: PamLine,
  auth: readonly Step[],
  isKeyFirst: boolean,
): LineFault[] {
  if (!saysEnroll(line)) return [];
  const beside = KEPT_BY.find((argument) => line.args.includes(argument));
  if (beside !== undefined) {
    return [{ why: `enroll does nothing beside ${beside}`, mend: `take out ${beside}, or enroll` }];
  }
  if (isKeyFirst || isBehindPassword(line, auth)) return [];
  return [
    {
      why:
        "with enroll, whoever comes here without a right password is told who has nothing " +
        "enrolled, and is enrolled in their place",
      mend: "write requisite as the control of the password's line above it, or take out enroll",
    },
  ];
}

export function saysEnroll({ args }: PamLine): boolean {
  return args.some((argument) => /^enroll(=|$)/.test(argument));
}

function isBehindPassword(line: PamLine, auth: readonly Step[]): boolean {
  const takesPassword = ({ module }: PamLine): boolean => TAKES_PASSWORD.test(basename(module));
  const codes = codesBefore(auth, line, { asks: takesPassword, counts: "any" });
  // These modules are told to look away, or never do.
  const looksAway = linesOf(auth).some(
    (each) => takesPassword(each) && each.args.some((argument) => argument.startsWith("ignore_")),
  );
  return [...codes].every((code) => code === "passed" || (code === "exempt" && !looksAway));
}
