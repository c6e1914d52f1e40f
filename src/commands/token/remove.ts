import { Args, Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import { printable } from "../../core/printable.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json, yes } from "../base.ts";
import { confirm } from "../confirm.ts";

export class TokenRemove extends CountersignCommand {
  static override summary = "Remove a token that is nobody's yet, for good.";

  static override description =
    `Its key is gone then: only the file that it came from brings it back. A token that is
somebody's is removed by: reset USER --method hotp --serial SERIAL.`;

  static override examples = [
    {
      description: "One that was lost before anybody had it",
      command: "sudo <%= config.bin %> token remove 20261122",
    },
  ];

  static override args = {
    serial: Args.string({
      ignoreStdin: true,
      required: true,
      description: "its serial number, as token list shows it",
    }),
  };

  static override flags = {
    method: Flags.string({
      options: ["totp", "hotp", "yubikey"],
      description: "its method, where several tokens have this number",
    }),
    yes,
    json,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(TokenRemove);
    await withCountersign({}, async ({ service }) => {
      await confirm(`Remove the token ${printable(args.serial)} for good?`, flags.yes);
      const { method, serial } = await service.removeToken(args.serial, flags.method);
      if (flags.json) sayJson({ method, serial, removed: true });
      else say(`removed the ${method} token ${printable(serial)}`);
    });
  }
}
