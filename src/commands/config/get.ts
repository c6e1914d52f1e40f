import { Args } from "@oclif/core";
import { getSetting } from "../../client/settings.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json } from "../base.ts";

export class ConfigGet extends CountersignCommand {
  static override summary = "Print one setting.";

  static override description =
    "The value alone, or its default; an empty line for one that has neither.";

  static override examples = [
    {
      description: "Failures before the first delay",
      command: "<%= config.bin %> config get throttle.freeFailures",
    },
  ];

  static override args = {
    setting: Args.string({
      ignoreStdin: true,
      required: true,
      description: "its name, as config list shows it",
    }),
  };

  static override flags = { json };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigGet);
    const { name, value } = await getSetting(args.setting);
    if (flags.json) sayJson({ [name]: value ?? null });
    else say(`${value ?? ""}`);
  }
}
