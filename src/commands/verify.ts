/** `verify` as oclif knows it: for help and completion. It runs in verify-run.ts. */
import { Args, Flags } from "@oclif/core";
import { CountersignCommand, optionalUser } from "./base.ts";
import { verifyOnEitherSide } from "./verify-either-side.ts";
import { VERIFY_FLAGS } from "./verify-flags.ts";

export class Verify extends CountersignCommand {
  static override summary = "Ask for one code and judge it.";

  static override description =
    `Asks for a verification code: the one the authenticator app shows, or a backup code. Each
is good once. The exit status says how it was judged:

  0  accepted, or exempt by a rule
  1  rejected: wrong, used before, expired, cancelled, no answer
  2  wrong usage, or settings that do not parse: nobody gets in
  3  the user has nothing enrolled
  4  throttled: too many failures, try again later
  5  unavailable: store, key or Duo out of reach

With COMMAND, countersign becomes that command once the code is accepted.

With --pam it answers pam_exec(8), for logins that ask for no password, such as ssh with
a key: pam_exec passes on the password where one was asked before. Read USING IT FROM
PAM in man countersign first, and keep a root shell open while you try it.`;

  static override examples = [
    { description: "Ask on the terminal", command: "<%= config.bin %> verify alice" },
    {
      description: "From a script; the code is never an argument",
      command: "printf '%s' \"$code\" | <%= config.bin %> verify alice --code-stdin --json",
    },
    {
      description: "Guard a command",
      command: "<%= config.bin %> verify -- systemctl restart nginx",
    },
    {
      description: "In /etc/pam.d/sshd, in place of the password",
      command:
        "auth required pam_exec.so quiet seteuid expose_authtok \\\n    /usr/local/bin/countersign verify --pam\nauth required pam_permit.so",
    },
  ];

  static override usage =
    "verify [USER] [--service NAME] [--rhost HOST] [--code-stdin | --pam] [--json] [-- COMMAND ...]";
  static override args = {
    user: optionalUser,
    command: Args.string({
      ignoreStdin: true,
      name: "command",
      description: "program to become on acceptance, after --",
    }),
  };
  static override strict = false;

  static override flags = Object.fromEntries(
    Object.entries(VERIFY_FLAGS).map(([name, flag]) => [
      name,
      flag.type === "boolean"
        ? Flags.boolean({ description: flag.description })
        : Flags.string({ description: flag.description, helpValue: flag.value }),
    ]),
  );

  override async run(): Promise<void> {
    this.exit(await verifyOnEitherSide(this.argv));
  }
}
