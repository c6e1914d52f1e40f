import { listSettings } from "../../client/settings.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json } from "../base.ts";

export class ConfigList extends CountersignCommand {
  static override summary = "List the settings.";

  static override description =
    "Every setting with its value and meaning; man countersign.json has the ranges.";

  static override examples = [
    { description: "With what they mean", command: "<%= config.bin %> config list" },
  ];

  static override flags = { json };

  override async run(): Promise<void> {
    const { flags } = await this.parse(ConfigList);
    const settings = await listSettings();
    if (flags.json) {
      const entries = settings.map(({ name, value }) => [name, value ?? null]);
      return sayJson(Object.fromEntries(entries));
    }
    const width = Math.max(...settings.map(({ name }) => name.length));
    for (const { name, value, origin, description } of settings) {
      say(
        `${name.padEnd(width)}  ${value ?? "-"}${origin === "file" ? " *" : ""}`,
        `  ${description}`,
      );
    }
    say("", "* set in the settings file; everything else has its default");
  }
}
