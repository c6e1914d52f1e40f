import { Flags } from "@oclif/core";
import { accountMeant } from "../client/caller.ts";
import { withCountersign } from "../client/connect.ts";
import { printable } from "../core/printable.ts";
import { EXIT_STATUS } from "../core/verdict.ts";
import { say, sayJson } from "../terminal/output.ts";
import { CountersignCommand, codeStdin, json, optionalUser, serial } from "./base.ts";
import { conversationFor } from "./conversation.ts";
import { tellTokenRefusal, tokenDocument } from "./enroll-token.ts";

export class Resync extends CountersignCommand {
  static override summary = "Find a token again that has run ahead, by two codes in a row.";

  static override description =
    `A token that counts runs ahead when its button is pressed and nobody logs in. A login takes
the next ten codes (the setting hotp.window); two codes in a row are found among the next hundred
(hotp.resync), and the login after them takes the codes that follow. Both must be unused. A pair
counts as one attempt, and is delayed as attempts at a login are.

With --method totp, a token whose clock is up to an hour off is found by two codes in a row, one
after the other as it shows them. Only root may do this: otherwise codes that somebody saw within
the hour would be good again. A phone has its clock set instead.

The exit status is that of verify.`;

  static override examples = [
    { description: "Your own", command: "<%= config.bin %> resync" },
    {
      description: "One of several that alice has",
      command: "sudo <%= config.bin %> resync alice --serial 20261122",
    },
    {
      description: "From a script: two lines",
      command: "<%= config.bin %> resync alice --code-stdin --json < codes",
    },
  ];

  static override args = { user: optionalUser };

  static override flags = {
    method: Flags.option({
      options: ["hotp", "totp"] as const,
      default: "hotp",
      description: "what the token is enrolled as",
    })(),
    serial,
    "code-stdin": {
      ...codeStdin,
      description: "read the two codes from standard input, a line each",
    },
    json,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Resync);
    const token = { method: flags.method, serial: flags.serial };
    const status = await withCountersign({}, async ({ service, caller }) => {
      const user = accountMeant(args.user, caller);
      const conversation = conversationFor(flags["code-stdin"]);
      const outcome = await service.resynchronize(user, token, conversation);
      const { verdict } = outcome;
      if (verdict !== "accept") tellTokenRefusal(outcome, "the two codes do not fit");
      if (flags.json) sayJson(tokenDocument(outcome, { status: "resynchronized" }));
      else if (verdict === "accept") say(sentence(user, outcome.serial));
      return EXIT_STATUS[verdict];
    });
    this.exit(status);
  }
}

function sentence(user: string, serialNumber = ""): string {
  const which = serialNumber === "" ? "" : ` ${printable(serialNumber)}`;
  return `The token${which} of ${user} is in step again: log in with its next code.`;
}
