import { setSetting } from "../../client/settings.ts";
import { CountersignCommand } from "../base.ts";
import { warnUnrecorded } from "../config/unrecorded.ts";
import { requiredMethod } from "./arguments.ts";

export class MethodEnable extends CountersignCommand {
  static override summary = "Offer and accept a method.";

  static override description =
    `Whoever had enrolled in it has it again. Nobody else is affected until they
enroll. Duo's methods are set up first: duo configure. So are messages, which are off at
first: config set message.smtp.host and message.smtp.from, or message.command.`;

  static override examples = [
    { description: "Backup codes", command: "sudo <%= config.bin %> method enable backup-code" },
  ];

  static override args = { method: requiredMethod };

  override async run(): Promise<void> {
    const { args } = await this.parse(MethodEnable);
    warnUnrecorded(await setSetting(`methods.${args.method}`, "on"));
  }
}
