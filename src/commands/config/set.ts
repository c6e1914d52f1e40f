import { Args } from "@oclif/core";
import { changePolicySetting, isOfPolicy } from "../../client/policy.ts";
import { setSetting } from "../../client/settings.ts";
import { CountersignCommand } from "../base.ts";
import { warnOfChange } from "../policy/changed.ts";
import { force } from "../policy/rule-flags.ts";
import { warnUnrecorded } from "./unrecorded.ts";

export class ConfigSet extends CountersignCommand {
  static override summary = "Change a setting.";

  static override description =
    `It counts from the next verification on. Names, values and defaults: man
countersign.json. Every change is told to the audit log. One of the policy, or of the
methods, that shuts out every administrator is refused without --force.`;

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

  static override flags = { force };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigSet);
    const { setting, value } = args;
    if (isOfPolicy(setting)) warnOfChange(await changePolicySetting(setting, value, flags));
    else warnUnrecorded(await setSetting(setting, value));
  }
}
