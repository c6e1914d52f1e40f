import { withCountersign } from "../../client/connect.ts";
import type { MethodState } from "../../contracts/service.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { table } from "../../terminal/table.ts";
import { CountersignCommand, json } from "../base.ts";

export class MethodList extends CountersignCommand {
  static override summary = "Show the methods, which are on, and how many users have each.";

  static override examples = [
    { description: "The methods", command: "sudo <%= config.bin %> method list" },
  ];

  static override flags = { json };

  override async run(): Promise<void> {
    const { flags } = await this.parse(MethodList);
    await withCountersign({}, async ({ service }) => {
      const methods = await service.listMethods();
      if (flags.json) sayJson(methods.map(toDocument));
      else say(...table(["method", "state", "enrolled"], methods.map(toRow)));
    });
  }
}

function toDocument({ method, on, enrolled }: MethodState): Record<string, unknown> {
  return { method, on, enrolled };
}

function toRow({ method, on, hasSecret, enrolled }: MethodState): string[] {
  const isSetUp = hasSecret || !method.startsWith("duo-");
  return [method, on ? "on" : isSetUp ? "off" : "not set up", String(enrolled)];
}
