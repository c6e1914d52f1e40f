import { readRoles } from "../../client/roles.ts";
import { outputColumns, say, sayJson } from "../../terminal/output.ts";
import { styleFor } from "../../terminal/style.ts";
import { CountersignCommand, json } from "../base.ts";
import { fillLines } from "../help-text.ts";
import { roleDocument, roleNotes, roleWords } from "./role-words.ts";

export class RoleList extends CountersignCommand {
  static override summary = "List who may help whom, besides root.";

  static override description =
    `Marked are roles whose groups this host has no more, or by another id than when they were
granted: they have no effect.`;

  static override examples = [
    { description: "The roles, in words", command: "sudo <%= config.bin %> role list" },
  ];

  static override flags = { json };

  override async run(): Promise<void> {
    const { flags } = await this.parse(RoleList);
    const states = await readRoles();
    if (flags.json) return sayJson(states.map(roleDocument));
    if (states.length === 0) return say("No group holds a role: countersign help role grant");
    const style = styleFor(process.env, process.stdout);
    const columns = outputColumns();
    for (const state of states) {
      say(...fillLines(roleWords(state.role), "  ", columns));
      for (const note of roleNotes(state)) {
        for (const line of fillLines(`! ${note}`, "  ", columns - 2))
          say(`  ${style.yellow(line)}`);
      }
    }
  }
}
