import { Args } from "@oclif/core";
import { unsetSetting } from "../../client/settings.ts";
import { say } from "../../terminal/output.ts";
import { CountersignCommand } from "../base.ts";
import { warnUnrecorded } from "./unrecorded.ts";

export class ConfigUnset extends CountersignCommand {
  static override summary = "Give a setting its default back.";

  static override description = "Every change is told to the audit log.";

  static override examples = [
    {
      description: "Refuse who has not enrolled, as by default",
      command: "sudo <%= config.bin %> config unset policy.unenrolled",
    },
  ];

  static override args = {
    setting: Args.string({
      ignoreStdin: true,
      required: true,
      description: "its name, as config list shows it",
    }),
  };

  override async run(): Promise<void> {
    const { args } = await this.parse(ConfigUnset);
    const { changed, unrecorded } = await unsetSetting(args.setting);
    if (!changed) say(`${args.setting} has its default already`);
    warnUnrecorded(unrecorded);
  }
}
