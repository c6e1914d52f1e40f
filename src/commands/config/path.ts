import { currentScope } from "../../client/connect.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json } from "../base.ts";

export class ConfigPath extends CountersignCommand {
  static override summary = "Say where settings, store and key file are.";

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
