import { Args } from "@oclif/core";
import { accountMeant } from "../client/caller.ts";
import { type Connection, withCountersign } from "../client/connect.ts";
import { isDuoMethod } from "../client/duo.ts";
import type { Conversation } from "../contracts/conversation.ts";
import type { Countersign, ResetOutcome } from "../contracts/service.ts";
import { printable } from "../core/printable.ts";
import { say, sayJsonArray } from "../terminal/output.ts";
import { CountersignCommand, codeStdin, json, method, serial, yes } from "./base.ts";
import {
  type Choice,
  choiceIn,
  choose,
  fromStdin,
  groupFlag,
  noteKept,
  othersChosen,
} from "./chosen-users.ts";
import { confirm } from "./confirm.ts";
import { conversationFor } from "./conversation.ts";
import { eachUser, Tally, type UserOutcome } from "./each-user.ts";
import { counted } from "./words.ts";

export class Reset extends CountersignCommand {
  static override summary = "Remove what users have enrolled, as for a lost phone.";

  static override description =
    `Removes authenticators, backup codes and grace tickets at once and for good: the users enroll
anew. Resetting yourself takes a fresh code or a backup code, unless you are root. To switch a user off and keep the secrets, use: user disable.

With --group or --from-stdin the caller is left out: only who names themselves resets
themselves. Members of a group who have never been here are left out as well.

What Duo knows of a user stays at Duo: remove a lost phone in Duo's Admin Panel too. The
next login then shows Duo's enrollment address.`;

  static override examples = [
    { description: "Alice lost her phone", command: "sudo <%= config.bin %> reset alice" },
    {
      description: "Only what she enrolled with Duo",
      command: "sudo <%= config.bin %> reset alice --method duo-push",
    },
    {
      description: "One of several tokens",
      command: "sudo <%= config.bin %> reset alice --method hotp --serial 20261122",
    },
    {
      description: "Several, without being asked",
      command: "sudo <%= config.bin %> reset alice bob --yes",
    },
    {
      description: "A list of them",
      command: "sudo <%= config.bin %> reset --from-stdin --yes < names",
    },
  ];

  static override args = {
    user: Args.string({
      ignoreStdin: true,
      name: "user",
      description: "login names; your own when left out",
    }),
  };
  static override strict = false;
  static override usage =
    "reset [USER ... | --group GROUP ... | --from-stdin] [--method METHOD] [--serial SERIAL] [--yes] [--code-stdin] [--json]";
  static override flags = {
    group: groupFlag,
    "from-stdin": { ...fromStdin, exclusive: ["code-stdin"] },
    method,
    serial,
    yes,
    "code-stdin": codeStdin,
    json,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Reset);
    const isUnsaid = argv.length === 0 && !flags["from-stdin"] && !flags.group;
    const said = isUnsaid ? undefined : choose(argv, flags, "reset");
    const status = await withCountersign({}, async (connection) => {
      const { service, caller } = connection;
      const choice = said ?? choiceIn([accountMeant(undefined, caller)], flags);
      const which = { method: flags.method, serial: flags.serial };
      const what = whatOf(which);
      await confirm(`Remove ${what} of ${whose(choice)} for good?`, flags.yes);
      const conversation = conversationFor(flags["code-stdin"]);
      return resetEach(choice, connection, flags.json, (user) =>
        resetOne(service, user, which, conversation),
      );
    });
    this.exit(status);
  }
}

interface Which {
  readonly method: string | undefined;
  readonly serial: string | undefined;
}

function whatOf({ method, serial: number }: Which): string {
  if (number !== undefined) return `the ${method ?? "token"} ${printable(number)}`;
  return method ?? "every authenticator and backup code";
}

function whose({ named, groups }: Choice): string {
  if (named.length > 0) return named.join(", ");
  if (groups.length > 0) return `everybody in ${groups.join(", ")}`;
  return "everybody named on standard input";
}

/** @returns the exit status: 1 when it failed for any */
async function resetEach(
  choice: Choice,
  connection: Connection,
  isJson: boolean,
  apply: (user: string) => Promise<Done>,
): Promise<number> {
  const tally = new Tally();
  const done: AtDuo = { count: 0, users: [] };
  const outcomes = told(
    eachUser(othersChosen(choice, connection, noteKept), apply),
    tally,
    done,
    isJson,
  );
  if (isJson) await sayJsonArray(documents(outcomes));
  else {
    for await (const _ of outcomes);
    if (tally.changed + tally.unchanged + tally.failed !== 1) say(tally.summary("reset"));
    say(...staysAtDuo(done));
  }
  return tally.failed > 0 ? 1 : 0;
}

async function* told(
  outcomes: AsyncIterable<UserOutcome<Done>>,
  tally: Tally,
  atDuo: AtDuo,
  isJson: boolean,
): AsyncGenerator<UserOutcome<Done>> {
  for await (const outcome of outcomes) {
    const { user, result } = outcome;
    if (!result) tally.failed++;
    else tally[isChange(result) ? "changed" : "unchanged"]++;
    if (result?.isAtDuo && atDuo.count++ < NAMED) atDuo.users.push(user);
    if (result && !isJson) say(sentence(result));
    yield outcome;
  }
}

async function* documents(outcomes: AsyncIterable<UserOutcome<Done>>): AsyncGenerator<object> {
  for await (const { user, result, error } of outcomes) {
    yield { user, ...result?.outcome, ...(error ? { error } : {}) };
  }
}

/** As many are named; there may be very many. */
const NAMED = 20;

interface AtDuo {
  count: number;
  readonly users: string[];
}

interface Done {
  readonly outcome: ResetOutcome;
  /** True where something goes that Duo keeps as well. */
  readonly isAtDuo: boolean;
}

async function resetOne(
  service: Countersign,
  user: string,
  { method, serial: number }: Which,
  conversation: Conversation,
): Promise<Done> {
  const { methods } = await service.showUser(user);
  const isMeant = (given: string | undefined, own: string) => given === undefined || given === own;
  const gone = methods.filter(
    (each) => isMeant(method, each.method) && isMeant(number, each.serial ?? ""),
  );
  const outcome = await service.reset(user, method, conversation, number);
  return { outcome, isAtDuo: gone.some((each) => isDuoMethod(each.method)) };
}

function sentence({ outcome: { user, authenticators, backupCodes, tokens } }: Done): string {
  const removed = `${counted(authenticators, "authenticator")}, ${counted(backupCodes, "unused backup code")}`;
  const back = tokens === undefined ? "" : `; ${counted(tokens, "token")} back in the inventory`;
  return `${user}: removed ${removed}${back}`;
}

function isChange({ outcome: { authenticators, backupCodes } }: Done): boolean {
  return authenticators + backupCodes > 0;
}

function staysAtDuo({ count, users }: AtDuo): string[] {
  if (count === 0) return [];
  const others = count > users.length ? ` and ${count - users.length} others` : "";
  return [
    "",
    `Duo still knows the phone of ${users.join(", ")}${others}. For a lost phone, remove it in`,
    "Duo's Admin Panel too: the next login then shows Duo's enrollment address.",
  ];
}
