/** The lines that run countersign through pam_exec(8), and what is wrong with one by itself. */
import { basename, isAbsolute } from "node:path";
import { Fault } from "../../core/fault.ts";
import type { PamLine } from "./lines.ts";
import { checkProgram } from "./program.ts";

/** Wrong with one line, and its mend. */
export interface LineFault {
  readonly why: string;
  readonly mend?: string;
}

const NAMES = ["countersign", "countersign.js"];

/** pam_exec reads options up to the first word that is none; the program follows. */
const OPTION = /^(debug|expose_authtok|seteuid|quiet|quiet_log|stdout|(log|type)=.*)$/;

/** True for a line that runs countersign, however wrong. */
export function runsCountersign({ module, args }: PamLine): boolean {
  return basename(module) === "pam_exec.so" && args.some((arg) => NAMES.includes(basename(arg)));
}

/** The options of pam_exec, and the program with its arguments. */
export function splitExec({ args }: PamLine): { options: string[]; command: string[] } {
  const begin = args.findIndex((arg) => !OPTION.test(arg));
  const at = begin < 0 ? args.length : begin;
  return { options: args.slice(0, at), command: args.slice(at) };
}

/** @param owner uid that the program may belong to besides root */
export function faultsOfLine(line: PamLine, owner: number): LineFault[] {
  const { options, command } = splitExec(line);
  const [program = "", ...args] = command;
  if (line.type !== "auth")
    return [{ why: `${line.type} lines ask for nothing`, mend: "let the line begin with auth" }];
  return [
    ...faultsOfOptions(options, args),
    ...(NAMES.includes(basename(program)) ? faultsOfArguments(args) : [indirect(program)]),
    ...faultsOfProgram(program, owner),
  ];
}

function faultsOfOptions(options: readonly string[], args: readonly string[]): LineFault[] {
  const faults: LineFault[] = [];
  const onlyFor = options.find((option) => option.startsWith("type=") && option !== "type=auth");
  if (onlyFor)
    faults.push({ why: `${onlyFor} keeps it from running`, mend: `take out ${onlyFor}` });
  if (!options.includes("expose_authtok")) {
    const late = args.includes("expose_authtok");
    faults.push({
      why: late
        ? "expose_authtok stands behind the program, so no code arrives"
        : "expose_authtok is missing, so no code arrives and everybody is refused",
      mend: "write expose_authtok before the program's path",
    });
  }
  return faults;
}

function faultsOfArguments(args: readonly string[]): LineFault[] {
  if (args[0] !== "verify")
    return [{ why: "it does not run countersign verify", mend: "end the line in: verify --pam" }];
  if (!args.includes("--pam"))
    return [
      {
        why: "without --pam it takes the user and the settings from whoever logs in",
        mend: "end the line in: verify --pam",
      },
    ];
  return [];
}

function indirect(program: string): LineFault {
  return {
    why: `it runs countersign through ${program}, whose exit status counts instead`,
    mend: "write the path of countersign itself",
  };
}

function faultsOfProgram(program: string, owner: number): LineFault[] {
  try {
    checkProgram(program, owner);
    return [];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const shown = isAbsolute(program) ? error.message : `the program ${error.message}`;
    return [{ why: shown, ...(error.hint === undefined ? {} : { mend: error.hint }) }];
  }
}
