/** What every command shares: a short way to flags, accounts and failures. */
import { Args, Command, Flags } from "@oclif/core";
import { BACKUP_CODE } from "../core/backup-code.ts";
import { METHOD_NAMES } from "../core/method-name.ts";

/** oclif is not to print: failures are thrown on to the one place that does. */
export abstract class CountersignCommand extends Command {
  protected override async catch(error: Error): Promise<never> {
    throw error;
  }
}

export const json = Flags.boolean({ description: "print one JSON document, for programs" });

export const yes = Flags.boolean({ description: "do not ask for confirmation" });

export const codeStdin = Flags.boolean({
  description: "read the code from standard input",
});

export const method = Flags.string({
  description: "only this method",
  // Backup codes have commands of their own.
  options: METHOD_NAMES.filter((name) => name !== BACKUP_CODE),
});

export const serial = Flags.string({
  helpValue: "SERIAL",
  description: "only the token with this serial number",
});

// An argument that is left out is never taken from standard input, as oclif would: what
// waits there is a code.

/** USER, by default the caller. */
export const optionalUser = Args.string({
  ignoreStdin: true,
  name: "user",
  description: "login name; the caller's own when left out",
});

export const requiredUser = Args.string({
  ignoreStdin: true,
  name: "user",
  description: "login name",
  required: true,
});
