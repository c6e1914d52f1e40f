import { placesInForce } from "../../client/settings.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json } from "../base.ts";

export class ConfigPath extends CountersignCommand {
  static override summary = "Show where settings, store and key file are.";

  static override description =
    `Root's are the host's, anyone else's their own. The store is where the settings say; the
key file is used unless the setting key names another place.`;

  static override examples = [
    { description: "What to back up", command: "sudo <%= config.bin %> config path" },
  ];

  static override flags = { json };

  override async run(): Promise<void> {
    const { flags } = await this.parse(ConfigPath);
    const { settingsFile, storeFile, keyFile } = placesInForce();
    if (flags.json) sayJson({ settingsFile, storeFile, keyFile });
    else say(`settings  ${settingsFile}`, `store     ${storeFile}`, `key file  ${keyFile}`);
  }
}
