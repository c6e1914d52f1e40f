import { Args } from "@oclif/core";
import { changePolicySetting, isOfPolicy } from "../../client/policy.ts";
import { getSetting, unsetSetting } from "../../client/settings.ts";
import { say } from "../../terminal/output.ts";
import { CountersignCommand } from "../base.ts";
import { warnOfChange } from "../policy/changed.ts";
import { force } from "../policy/rule-flags.ts";
import { warnUnrecorded } from "./unrecorded.ts";

export class ConfigUnset extends CountersignCommand {
  static override summary = "Give a setting its default back.";

  static override description =
    `Every change is told to the audit log. One of the policy that shuts out every administrator is
refused without --force.`;

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

  static override flags = { force };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigUnset);
    const { setting } = args;
    if ((await getSetting(setting)).origin === "default") say(`${setting} has its default already`);
    else if (isOfPolicy(setting))
      warnOfChange(await changePolicySetting(setting, undefined, flags));
    else warnUnrecorded((await unsetSetting(setting)).unrecorded);
  }
}
