import { withCountersign } from "../../client/connect.ts";
import { demandHostAccount } from "../../client/host-account.ts";
import type { GraceSummary } from "../../contracts/service.ts";
import { outputColumns, say, sayJsonArray } from "../../terminal/output.ts";
import { table } from "../../terminal/table.ts";
import { CountersignCommand, json, optionalUser } from "../base.ts";
import { isoTime, shortTime } from "../words.ts";

const HEADINGS = ["user", "terminal", "from", "service", "by", "since", "until"];

export class SessionList extends CountersignCommand {
  static override summary = "List grace tickets: who is not asked again, where and how long.";

  static override description =
    `An accepted code covers the same terminal and login session for as long as the rule says that
decided it: policy require --grace. Root sees everybody's, anyone else their own.`;

  static override examples = [
    { description: "All there are", command: "sudo <%= config.bin %> session list" },
    { description: "Your own", command: "<%= config.bin %> session list" },
  ];

  static override args = {
    user: { ...optionalUser, description: "login name; for root, everybody when left out" },
  };
  static override flags = { json };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(SessionList);
    await withCountersign({}, async ({ service, caller }) => {
      const user = args.user ?? (caller.uid === 0 ? undefined : caller.login);
      const tickets = service.listTickets(user);
      if (flags.json) return sayJsonArray(documents(tickets));
      const rows = await Array.fromAsync(tickets, toRow);
      // Who is gone from the host may have some; a slip of the pen has none.
      if (rows.length === 0 && user !== undefined) demandHostAccount(user);
      if (rows.length === 0) say("No ticket is valid now.");
      else say(...table(HEADINGS, rows, { columns: outputColumns() }));
    });
  }
}

async function* documents(tickets: AsyncIterable<GraceSummary>): AsyncGenerator<object> {
  for await (const { since, until, ...ticket } of tickets) {
    yield { ...ticket, since: isoTime(since), until: isoTime(until) };
  }
}

function toRow({ user, tty, rhost, service, method, since, until }: GraceSummary): string[] {
  return [user, tty, rhost || "-", service || "-", method, shortTime(since), shortTime(until)];
}
