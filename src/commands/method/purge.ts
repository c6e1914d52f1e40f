import { withCountersign } from "../../client/connect.ts";
import { purgeMethod } from "../../client/methods-purge.ts";
import type { PurgeOutcome } from "../../contracts/service.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json, yes } from "../base.ts";
import { confirmByWord } from "../confirm.ts";
import { counted } from "../words.ts";
import { requiredMethod } from "./arguments.ts";

export class MethodPurge extends CountersignCommand {
  static override summary = "Remove a method's settings, and what every user has of it.";

  static override description =
    `At once and for good: to switch it off and keep all that, use: method disable.
Backup codes go too where nothing else is left. Asks for the method's name.`;

  static override examples = [
    {
      description: "Duo is no longer used here",
      command: "sudo <%= config.bin %> method purge duo-push",
    },
  ];

  static override args = { method: requiredMethod };
  static override flags = { yes, json };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(MethodPurge);
    await withCountersign({}, async ({ service }) => {
      const found = (await service.listMethods()).find(({ method }) => method === args.method);
      const users = counted(found?.enrolled ?? 0, "user");
      const question = `Type ${args.method} to remove it from ${users} for good: `;
      await confirmByWord(question, args.method, flags.yes);
      const outcome = await purgeMethod(service, args.method);
      if (flags.json) sayJson(outcome);
      else say(sentence(outcome));
    });
  }
}

function sentence({ method, removed, backupCodeSets }: PurgeOutcome): string {
  const codes = backupCodeSets > 0 ? `, and ${counted(backupCodeSets, "set")} of backup codes` : "";
  return `${method}: removed from ${counted(removed, "user")}${codes}`;
}
