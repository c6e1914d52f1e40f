import { currentScope } from "../../client/connect.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json } from "../base.ts";

export class ConfigPath extends CountersignCommand {
  static override summary = "Show where settings, store and key file are.";

  static override description =
    `Their places in this scope: root's is the host's, anyone else's their own. The settings
store and key, where set, move the store or the key elsewhere: see config list.`;

  static override examples = [
    { description: "What to back up", command: "sudo <%= config.bin %> config path" },
  ];

  static override flags = { json };

  override async run(): Promise<void> {
    const { flags } = await this.parse(ConfigPath);
    const { settingsFile, storeFile, keyFile } = currentScope();
    if (flags.json) sayJson({ settingsFile, storeFile, keyFile });
    else say(`settings  ${settingsFile}`, `store     ${storeFile}`, `key file  ${keyFile}`);
  }
}
