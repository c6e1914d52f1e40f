import { listSettings } from "../../client/settings.ts";
import { outputColumns, say, sayJson } from "../../terminal/output.ts";
import { table } from "../../terminal/table.ts";
import { CountersignCommand, json } from "../base.ts";

export class ConfigList extends CountersignCommand {
  static override summary = "List the settings.";

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
    const rows = settings.map(({ name, value, origin, description }) => [
      name,
      `${value ?? "-"}${origin === "file" ? " *" : ""}`,
      description,
    ]);
    say(...table(["setting", "value", "meaning"], rows, { columns: outputColumns() }));
    say("", "* set in the settings file; everything else has its default");
  }
}
