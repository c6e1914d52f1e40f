import { Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import type { UserQuery, UserSummary } from "../../contracts/service.ts";
import { ACCOUNT_ORDERS, ACCOUNT_STATES } from "../../contracts/store.ts";
import { isAccount } from "../../core/account.ts";
import { Fault } from "../../core/fault.ts";
import { outputColumns, say, sayJsonArray, whileRead } from "../../terminal/output.ts";
import { table } from "../../terminal/table.ts";
import { CountersignCommand, json, method } from "../base.ts";
import { groupFlag, groupsGiven } from "../chosen-users.ts";
import { USER_HEADINGS, userDocument, userRow } from "./document.ts";

/** Rows laid out together: columns are as wide as the widest cell among them. */
const CHUNK = 500;
/** How long a row waits for others, in milliseconds: few may be like that. */
const PATIENCE = 100;
/** In milliseconds. */
const DAY = 86_400_000;

export class UserList extends CountersignCommand {
  static override summary = "List users: everybody, or those asked for.";

  static override description =
    `Everyone who has ever enrolled or been disabled here. A user's status is active,
pending (begun and not confirmed), disabled, or none (nothing enrolled). What is asked for
must all be true of a user.

The members of a group are those whom the host lists in it, and those whose primary group it
is, as far as the host tells all its users: some directory services do not. A user whom --stale
lists has never used what they enrolled, or not for so many days. By last use, those who have
never used theirs come first; those who have nothing active come last.`;

  static override examples = [
    { description: "A table", command: "sudo <%= config.bin %> user list" },
    {
      description: "Who of the staff has yet to enroll",
      command: "sudo <%= config.bin %> user list --group staff --unenrolled",
    },
    {
      description: "Who has not logged in for 90 days, longest ago first",
      command: "sudo <%= config.bin %> user list --stale 90 --sort last-used",
    },
    {
      description: "Who has few backup codes left",
      command:
        "sudo <%= config.bin %> user list --json |\n  jq -r '.[] | select(.backupCodesLeft < 3).user'",
    },
  ];

  static override usage =
    "user list [--status active|pending|disabled|none] [--method METHOD] [--group GROUP ...] [--unenrolled] [--stale DAYS] [--sort name|last-used|enrolled] [--limit N] [--after USER] [--json]";
  static override flags = {
    status: Flags.string({ options: [...ACCOUNT_STATES], description: "only with this status" }),
    method: { ...method, description: "only who has this method, or has begun to enroll in it" },
    group: groupFlag,
    unenrolled: Flags.boolean({
      description: "only who has nothing active; of a group, also who has never been here",
      default: false,
    }),
    stale: Flags.integer({
      helpValue: "DAYS",
      description: "only who has something active, and has not used it for so long",
      min: 1,
      max: 36_500,
    }),
    sort: Flags.string({
      options: [...ACCOUNT_ORDERS],
      description: "by this, longest ago first; by name when left out",
    }),
    limit: Flags.integer({ helpValue: "N", description: "no more than so many", min: 1 }),
    after: Flags.string({ helpValue: "USER", description: "go on after this user of the list" }),
    json,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(UserList);
    const query = queryFrom(flags, Date.now());
    await withCountersign({}, async ({ service }) => {
      const users = whileRead(service.listUsers(query));
      if (flags.json) return sayJsonArray(documents(users));
      const printed = await printTable(users);
      if (printed > 0) return;
      say(query ? "No user is like that" : "Nobody has enrolled here yet: countersign enroll USER");
    });
  }
}

interface ListFlags {
  readonly status?: string | undefined;
  readonly method?: string | undefined;
  readonly group?: readonly string[] | undefined;
  readonly unenrolled: boolean;
  readonly stale?: number | undefined;
  readonly sort?: string | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

/** Undefined where everybody is wanted, by name. */
function queryFrom(flags: ListFlags, now: number): UserQuery | undefined {
  const { after, group, stale } = flags;
  if (after !== undefined && !isAccount(after)) {
    throw new Fault("usage", "--after takes a login name", { hint: "countersign help user list" });
  }
  const query: UserQuery = {
    status: ACCOUNT_STATES.find((status) => status === flags.status),
    method: flags.method,
    groups: groupsGiven(group),
    unenrolled: flags.unenrolled || undefined,
    unusedSince: stale === undefined ? undefined : now - stale * DAY,
    sort: ACCOUNT_ORDERS.find((order) => order === flags.sort),
    limit: flags.limit,
    after,
  };
  return Object.values(query).some((value) => value !== undefined) ? query : undefined;
}

async function* documents(users: AsyncIterable<UserSummary>): AsyncGenerator<object> {
  for await (const user of users) yield userDocument(user);
}

/** How many users it printed. */
async function printTable(users: AsyncIterable<UserSummary>): Promise<number> {
  let rows: string[][] = [];
  let printed = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    const lines = table(USER_HEADINGS, rows, { columns: outputColumns() });
    say(...(printed === 0 ? lines : lines.slice(1)));
    printed += rows.length;
    rows = [];
  };
  for await (const user of users) {
    rows.push(userRow(user));
    if (rows.length === 1) timer = setTimeout(flush, PATIENCE);
    if (rows.length === CHUNK) flush();
  }
  if (rows.length > 0) flush();
  return printed;
}
