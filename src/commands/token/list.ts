import { withCountersign } from "../../client/connect.ts";
import type { TokenSummary } from "../../contracts/service.ts";
import { printable } from "../../core/printable.ts";
import { outputColumns, say, sayJsonArray } from "../../terminal/output.ts";
import { table } from "../../terminal/table.ts";
import { CountersignCommand, json } from "../base.ts";
import { isoTime, shortTime } from "../words.ts";

const HEADINGS = ["serial", "method", "codes", "added"];

export class TokenList extends CountersignCommand {
  static override summary = "List hardware tokens that are nobody's yet.";

  static override description =
    `They come by import, and are kept by serial number until one is given to a user:
enroll USER --method hotp --serial SERIAL. Whose a token is then, user show says.`;

  static override examples = [
    { description: "What is in the drawer", command: "sudo <%= config.bin %> token list" },
  ];

  static override flags = { json };

  override async run(): Promise<void> {
    const { flags } = await this.parse(TokenList);
    await withCountersign({}, async ({ service }) => {
      const all = service.listTokens();
      if (flags.json) return sayJsonArray(documents(all));
      const rows = await Array.fromAsync(all, toRow);
      if (rows.length === 0) say("There are no tokens: countersign import brings them.");
      else say(...table(HEADINGS, rows, { columns: outputColumns() }));
    });
  }
}

async function* documents(all: AsyncIterable<TokenSummary>): AsyncGenerator<object> {
  for await (const { addedAt, ...token } of all) {
    const { method, serial, algorithm = null, digits = null, period = null } = token;
    yield { method, serial, algorithm, digits, period, addedAt: isoTime(addedAt) };
  }
}

function toRow({ method, serial, addedAt, ...codes }: TokenSummary): string[] {
  return [printable(serial), method, codeWords(codes), shortTime(addedAt)];
}

function codeWords({
  algorithm,
  digits,
  period,
}: Pick<TokenSummary, "algorithm" | "digits" | "period">): string {
  if (algorithm === undefined) return "-";
  const pace = period === undefined ? "" : `, every ${period} s`;
  return `${algorithm}, ${digits} digits${pace}`;
}
