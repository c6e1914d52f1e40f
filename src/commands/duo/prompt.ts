import { Flags } from "@oclif/core";
import { accountMeant, callerOfThisProcess } from "../../client/caller.ts";
import { withCountersign } from "../../client/connect.ts";
import { HIGHEST_PORT, LOWEST_PORT } from "../../core/redirect.ts";
import { EXIT_STATUS } from "../../core/verdict.ts";
import { CountersignCommand, json, optionalUser } from "../base.ts";
import { VERIFY_FLAGS } from "../verify-flags.ts";
import { verifyAsAsked } from "../verify-run.ts";

export class DuoPrompt extends CountersignCommand {
  static override summary = "Verify a user by Duo's prompt in a browser.";

  static override description =
    `One verification, as if the answer to verify had been browser; it ends with the same exit
status. The address of Duo's prompt is shown, and opened where a browser is on this machine.
The browser comes back to a port of this machine's localhost. From another machine it does so
through ssh -L, as shown; or the address that it ends at is pasted here.

The port is the setting duo.prompt.callbackPort, or a free one above 61000.`;

  static override examples = [
    { description: "In a browser on this machine", command: "<%= config.bin %> duo prompt" },
    {
      description: "Logged in by ssh -L 8443:localhost:8443, with the browser at the other end",
      command: "<%= config.bin %> duo prompt --callback-port 8443",
    },
  ];

  static override args = { user: optionalUser };

  static override flags = {
    "callback-port": Flags.integer({
      description: `port that the browser comes back to, from ${LOWEST_PORT} on`,
      helpValue: "N",
      min: LOWEST_PORT,
      max: HIGHEST_PORT,
    }),
    service: Flags.string({ description: VERIFY_FLAGS.service.description, helpValue: "NAME" }),
    rhost: Flags.string({ description: VERIFY_FLAGS.rhost.description, helpValue: "HOST" }),
    json,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(DuoPrompt);
    const { service, rhost, "callback-port": callbackPort } = flags;
    const request = {
      user: accountMeant(args.user, callerOfThisProcess()),
      origin: { service, rhost, callbackPort },
      pam: false,
      codeStdin: false,
      json: flags.json,
      command: [],
      answer: { text: "browser", word: "browser" as const },
    };
    this.exit((await verifyAsAsked(request, withCountersign)) ?? EXIT_STATUS.unavailable);
  }
}
