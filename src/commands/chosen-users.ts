/** Whom a command for several users is for: named, on standard input, of a group, everybody. */
import { Flags } from "@oclif/core";
import type { Connection } from "../client/connect.ts";
import type { Countersign, UserQuery } from "../contracts/service.ts";
import { ACCOUNT_MAX_BYTES, isAccount } from "../core/account.ts";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { nameLines } from "../terminal/name-lines.ts";

/** All their names fit a line to the daemon, whatever characters they are of. */
const GROUPS_LONGEST = 600;
/** Of a line of names, white space at its ends included; bytes. */
const LINE_LONGEST = 4 * ACCOUNT_MAX_BYTES;
/** Names asked for at once. Nothing is held open while they are dealt with. */
const AT_ONCE = 500;

export const groupFlag = Flags.string({
  helpValue: "GROUP",
  description: "the members of this group of the host; may be repeated",
  multiple: true,
  multipleNonGreedy: true,
});

export const fromStdin = Flags.boolean({
  description: "those named on standard input, one a line",
});

/** One of several users; with a fault where what was given is no name. */
export type Chosen = string | { readonly shown: string; readonly fault: Fault };

export interface Choice {
  readonly named: readonly string[];
  readonly fromStdin: boolean;
  readonly groups: readonly string[];
  readonly all: boolean;
  /** Of a group, also the members who have never been here. */
  readonly absent?: boolean;
}

interface ChoiceFlags {
  readonly "from-stdin"?: boolean;
  readonly group: readonly string[] | undefined;
  readonly all?: boolean;
}

/**
 * @param command for the hint: "user disable"
 * @throws Fault `usage` unless users are chosen in one way, and no more
 */
export function choose(argv: readonly unknown[], flags: ChoiceFlags, command: string): Choice {
  const choice = choiceIn(argv, flags);
  const ways = [choice.named.length, choice.groups.length].filter((count) => count > 0).length;
  if (ways + Number(choice.fromStdin) + Number(choice.all) === 1) return choice;
  const all = flags.all === undefined ? "" : "--all, ";
  throw new Fault("usage", `name users, or give ${all}--group or --from-stdin`, {
    hint: `countersign help ${command}`,
  });
}

export function choiceIn(argv: readonly unknown[], flags: ChoiceFlags): Choice {
  return {
    named: argv.map(String),
    fromStdin: flags["from-stdin"] === true,
    groups: groupsGiven(flags.group) ?? [],
    all: flags.all === true,
  };
}

/** @throws Fault `usage` for more than can be asked for at once */
export function groupsGiven(groups: readonly string[] | undefined): readonly string[] | undefined {
  if (groups === undefined || groups.join("").length + groups.length <= GROUPS_LONGEST)
    return groups;
  throw new Fault("usage", "these are too many groups at once", { hint: "name fewer of them" });
}

/**
 * The users, as they are needed.
 * @param among those that --all and --group are about, where it is not everybody
 */
export async function* chosenUsers(
  { named, groups, fromStdin: isFromStdin, all, absent }: Choice,
  service: Countersign,
  among: UserQuery = {},
): AsyncGenerator<Chosen> {
  if (all) yield* usersLike(service, among);
  else if (groups.length > 0) {
    yield* usersLike(service, { ...among, groups });
    // Of the others none is left by now: they are disabled.
    if (absent) yield* usersLike(service, { groups, unenrolled: true, status: "none" });
  } else if (isFromStdin) yield* usersOnStdin();
  else yield* named;
}

/**
 * The same but for the caller: only who names themselves switches themselves off.
 * Under sudo the person is SUDO_USER: a name that only ever spares somebody may be believed.
 */
export async function* othersChosen(
  choice: Choice,
  { service, caller }: Connection,
  kept?: (user: string) => void,
): AsyncGenerator<Chosen> {
  const callers = new Set<Chosen | undefined>([caller.login, process.env.SUDO_USER]);
  for await (const user of chosenUsers(choice, service)) {
    if (choice.named.length > 0 || typeof user !== "string" || !callers.has(user)) yield user;
    else kept?.(user);
  }
}

/** On standard error: they were chosen, and are left out. */
export function noteKept(user: string): void {
  process.stderr.write(`left out ${printable(user)}, who runs this: name them to include them\n`);
}

async function* usersLike(service: Countersign, query: UserQuery): AsyncGenerator<string> {
  for (let after: string | undefined; ; ) {
    const page = { ...query, after, limit: AT_ONCE };
    const users = await Array.fromAsync(service.listUsers(page), ({ user }) => user);
    yield* users;
    after = users.at(-1);
    if (users.length < AT_ONCE) return;
  }
}

async function* usersOnStdin(): AsyncGenerator<Chosen> {
  for await (const { number, name } of nameLines(process.stdin, LINE_LONGEST)) {
    // What is shown must not be a name: cleaned, a bad one could read as another user's.
    if (name !== undefined && isAccount(name)) yield name;
    else yield { shown: `line ${number}`, fault: noName(number) };
  }
}

function noName(line: number): Fault {
  return new Fault("account-invalid", `line ${line} of standard input is no account name`, {
    hint: "give login names, one a line, as getent passwd shows them",
  });
}
