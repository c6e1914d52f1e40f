import { Args } from "@oclif/core";
import { setSetting } from "../../client/settings.ts";
import { CountersignCommand } from "../base.ts";
import { warnUnrecorded } from "./unrecorded.ts";

export class ConfigSet extends CountersignCommand {
  static override summary = "Change a setting.";

  static override description =
    `It counts from the next verification on. Names, values and defaults: man
countersign.json. Every change is told to the audit log.`;

  static override examples = [
    {
      description: "The name shown in authenticator apps",
      command: "sudo <%= config.bin %> config set issuer Example",
    },
    {
      description: "Let in who has not enrolled yet",
      command: "sudo <%= config.bin %> config set policy.unenrolled allow",
    },
  ];

  static override args = {
    setting: Args.string({
      ignoreStdin: true,
      required: true,
      description: "its name, as config list shows it",
    }),
    value: Args.string({ ignoreStdin: true, required: true, description: "its new value" }),
  };

  override async run(): Promise<void> {
    const { args } = await this.parse(ConfigSet);
    warnUnrecorded(await setSetting(args.setting, args.value));
  }
}
