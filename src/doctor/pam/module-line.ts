/** The lines of pam_countersign.so, and what is wrong with one by itself. */
import { existsSync, lstatSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { Fault } from "../../core/fault.ts";
import { nearest } from "../../core/nearest.ts";
import type { LineFault } from "./line-of-countersign.ts";
import type { PamLine } from "./lines.ts";
import { checkProgram, checkRootsFile } from "./program.ts";

const NAME = "countersign";
const MODULE = `pam_${NAME}.so`;

/** What the module is built with: src/pam/arguments.c. */
const VERIFIER = "/usr/local/bin/countersign";
const SOCKET = "/run/countersign/socket";

const SWITCHES = ["try_first_pass", "use_first_pass", "forward_pass", "quiet", "debug", "enroll"];

/** Bytes that a path or a text may have, by PAM_MAX_MSG_SIZE and sockaddr_un, less the NUL. */
const TEXT_MAX = 511;
const SOCKET_MAX = 107;

const VALUES: Readonly<Record<string, (value: string) => boolean>> = {
  enroll: (value) => value === "utf8",
  socket: (value) => isAbsolute(value) && Buffer.byteLength(value) <= SOCKET_MAX,
  verifier: (value) => isAbsolute(value) && Buffer.byteLength(value) <= TEXT_MAX,
  prompt: (value) => value !== "" && Buffer.byteLength(value) <= TEXT_MAX,
  timeout: (value) => isWithin(value, 1, 600),
  digits: (value) => isWithin(value, 6, 8),
};

/** True for a line of the module, however wrong. */
export function isModule({ module }: PamLine): boolean {
  return basename(module) === MODULE;
}

/** True for a module that is not there, under a name so near that this one is meant. */
export function isMisspelled({ module }: PamLine, directories: readonly string[]): boolean {
  const [, stem = ""] = /^pam_(.+)\.so$/.exec(basename(module)) ?? [];
  return (
    stem !== NAME &&
    nearest(stem, [NAME]).length > 0 &&
    !pathsOf(module, directories).some((path) => existsSync(path))
  );
}

/** libpam has a module that it does not find fail. */
export function faultOfName({ module }: PamLine): LineFault {
  return { why: `there is no module ${module}`, mend: `write ${MODULE} in its place` };
}

/** The socket that such a line asks at. */
export function socketOf({ args }: PamLine): string {
  return lastOf(args, "socket") ?? SOCKET;
}

/** @param directories where libpam looks for modules; one of them has it */
export function faultsOfModule(line: PamLine, directories: readonly string[]): LineFault[] {
  if (line.type !== "auth")
    return [{ why: `${line.type} lines ask for nothing`, mend: "let the line begin with auth" }];
  return [
    ...line.args.filter((argument) => !isKnown(argument)).map(unknown),
    ...faultsOfFile(line.module, directories),
  ];
}

/** What is wrong with the program that runs where no daemon does: nobody gets in then. */
export function faultOfVerifier({ args }: PamLine): LineFault | undefined {
  const verifier = lastOf(args, "verifier") ?? VERIFIER;
  const fault = refusalOf(() => checkProgram(verifier));
  if (!fault) return undefined;
  const why = `without countersignd nobody gets in: its verifier ${fault.message}`;
  const mend = fault.code === "not-found" ? "install it there, or write verifier=PATH" : fault.hint;
  return { why, ...(mend === undefined ? {} : { mend }) };
}

function unknown(argument: string): LineFault {
  return {
    why: `it does not understand ${argument}, and refuses everybody`,
    mend: "see the arguments in pam_countersign(8)",
  };
}

function isKnown(argument: string): boolean {
  if (SWITCHES.includes(argument)) return true;
  const [name = ""] = argument.split("=", 1);
  const isFit = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
  return argument.includes("=") && isFit?.(argument.slice(name.length + 1)) === true;
}

function isWithin(value: string, least: number, most: number): boolean {
  return /^[0-9]{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most;
}

/** The last one counts, as for the module. */
function lastOf(args: readonly string[], name: string): string | undefined {
  return args.findLast((argument) => argument.startsWith(`${name}=`))?.slice(name.length + 1);
}

function pathsOf(module: string, directories: readonly string[]): string[] {
  return isAbsolute(module) ? [module] : directories.map((each) => join(each, module));
}

function faultsOfFile(module: string, directories: readonly string[]): LineFault[] {
  const path = pathsOf(module, directories).find((each) =>
    lstatSync(each, { throwIfNoEntry: false }),
  );
  if (path === undefined) {
    return [
      {
        why: `${module} is in no directory of PAM's modules`,
        mend: "install it: make -C src/pam install",
      },
    ];
  }
  const fault = refusalOf(() => checkRootsFile(path));
  if (!fault) return [];
  return [{ why: fault.message, ...(fault.hint === undefined ? {} : { mend: fault.hint }) }];
}

function refusalOf(check: () => void): Fault | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}
