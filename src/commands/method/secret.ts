import { Args, Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import { Fault } from "../../core/fault.ts";
import { isPrintable } from "../../core/printable.ts";
import { say } from "../../terminal/output.ts";
import { CountersignCommand } from "../base.ts";
import { askForSecret } from "../duo/secret.ts";

/** Those whose secret is no part of an application at Duo, and what it is. */
const SECRETS = { message: "password of the mail server" } as const;

const LONGEST = 1024;

export class MethodSecret extends CountersignCommand {
  static override summary = "Keep the secret that a method needs: the mail server's password.";

  static override description =
    `It is asked for on the terminal, or read from standard input, and kept sealed in the
store, in place of an earlier one; it is never an argument. Duo's secrets are given with
duo configure.`;

  static override examples = [
    {
      description: "The password that message.smtp.user signs in with",
      command: "sudo <%= config.bin %> method secret message",
    },
    {
      description: "The same, from a file",
      command: "sudo <%= config.bin %> method secret message --secret-stdin < password",
    },
  ];

  static override args = {
    method: Args.string({
      ignoreStdin: true,
      required: true,
      options: Object.keys(SECRETS),
      description: "message",
    }),
  };

  // What is too much may be a secret: oclif would repeat it.
  static override strict = false;

  static override flags = {
    "secret-stdin": Flags.boolean({ description: "read it from standard input" }),
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(MethodSecret);
    if (argv.length > 1) {
      throw new Fault("usage", "method secret takes one method; secrets are never arguments", {
        hint: "countersign help method secret",
      });
    }
    const name = SECRETS.message;
    await withCountersign({ begin: true }, async ({ service }) => {
      // Before it is asked for: the engine decides whose it is.
      await service.status(Date.now());
      const source = "give it on the terminal, or with --secret-stdin";
      const secret = await askForSecret(name, flags["secret-stdin"] === true, source);
      await service.setMethodSecret("message", fit(secret, name));
    });
    say("kept, and sealed", "try: countersign method check message");
  }
}

/** The line break that ends a file is no part of it. */
function fit(typed: string, name: string): string {
  const secret = typed.replace(/[\r\n]+$/, "");
  if (secret !== "" && secret.length <= LONGEST && isPrintable(secret)) return secret;
  throw new Fault("usage", `the ${name} is not 1 to ${LONGEST} printable characters`, {
    hint: "give it alone, on one line; nothing was changed",
  });
}
