import { Args } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import { Fault } from "../../core/fault.ts";
import { outputColumns, say, sayJson } from "../../terminal/output.ts";
import { styleFor } from "../../terminal/style.ts";
import { CountersignCommand, json } from "../base.ts";
import { findingLines } from "../findings.ts";

export class MethodCheck extends CountersignCommand {
  static override summary = "See whether messages could be sent, without sending one.";

  static override description =
    `Signs in at the mail server, with its certificate looked at, and sees that the program is
there and nobody else's to change. Nobody is sent anything. Duo is asked with duo check.
Exit status 1 when there is a problem.`;

  static override examples = [
    { description: "The ways of messages", command: "sudo <%= config.bin %> method check message" },
  ];

  static override args = {
    method: Args.string({
      ignoreStdin: true,
      required: true,
      options: ["message"],
      description: "message",
    }),
  };

  static override flags = { json };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(MethodCheck);
    const found = await withCountersign({}, ({ service }) =>
      service.checkMethod(args.method).then(
        () => ({ state: "ok", message: "every way that is set up is open" }) as const,
        (error: unknown) => problem(error),
      ),
    );
    if (flags.json) sayJson({ method: args.method, ...found });
    else {
      const style = styleFor(process.env, process.stdout);
      say(...findingLines([{ name: args.method, ...found }], outputColumns(), style));
    }
    if (found.state === "problem") this.exit(1);
  }
}

/** @throws what keeps any command from its work, such as a store that cannot be read */
function problem(error: unknown) {
  if (
    !(error instanceof Fault) ||
    !/^(?:message-|file-|usage$|settings-invalid$)/.test(error.code)
  ) {
    throw error;
  }
  const { code, message, hint } = error;
  return { state: "problem", message, ...(hint ? { mend: hint } : {}), code } as const;
}
