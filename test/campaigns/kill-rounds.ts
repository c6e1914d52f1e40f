/** Rounds of killing: each in a home of its own, from the same state, at a random moment. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scopeOf } from "../../src/settings/scope.ts";
import { codeOf, done, type Handed, Post } from "../faults/post.ts";
import { lacks } from "../support/parts.ts";
import { type Before, OPERATIONS, type Operation } from "./kill-operations.ts";
import { countWrites, type Moment, runAndKill } from "./killed-run.ts";
import { type Random, randomFrom } from "./random.ts";

export interface Figures {
  rounds: number;
  killed: number;
  /** Killed, and done all the same; and killed before it was done. */
  done: number;
  undone: number;
  readonly failures: string[];
}

export interface KillOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly atOnce: number;
  /** Where strace is there: half of the rounds are killed at a system call. */
  readonly atWrites: boolean;
}

interface Template {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly handed: Handed;
  readonly pending: string;
}

/** How much of each there is in a run that is left alone. */
type Usual = Readonly<Record<Exclude<Moment["after"], "never">, number>>;

export async function killRounds(
  t: { after: (work: () => Promise<void>) => void },
  options: KillOptions,
): Promise<Map<string, Figures>> {
  const template = await makeTemplate(t);
  const figures = new Map<string, Figures>();
  const usual = new Map<string, Usual>();
  for (const operation of OPERATIONS) {
    figures.set(operation.name, { rounds: 0, killed: 0, done: 0, undone: 0, failures: [] });
    usual.set(operation.name, await measure(operation, template));
  }
  const until = Date.now() + options.seconds * 1000;
  let round = 0;
  const lane = async (): Promise<void> => {
    while (Date.now() < until) {
      const number = round++;
      const operation = OPERATIONS[number % OPERATIONS.length];
      const own = operation && figures.get(operation.name);
      const bounds = operation && usual.get(operation.name);
      if (!operation || !own || !bounds) return;
      const moment = choose(randomFrom(options.seed + number), bounds, options.atWrites);
      try {
        await playRound(operation, template, moment, own);
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error);
        own.failures.push(`after ${moment.amount} (${moment.after}): ${what}`);
      }
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, lane));
  return figures;
}

async function playRound(
  operation: Operation,
  template: Template,
  moment: Moment,
  own: Figures,
): Promise<void> {
  own.rounds++;
  await withHome(operation, template, async (home, before) => {
    const { stdout, code } = await runAndKill(
      home,
      operation.args,
      operation.input(before),
      moment,
    );
    if (code !== null && code !== 0 && code !== 137) throw new Error(`it ended with ${code}`);
    const wasKilled = code !== 0;
    const scope = scopeOf({ uid: 0, home, env: { COUNTERSIGN_HOME: home } });
    const isDone = await operation.check(scope, before, wasKilled ? undefined : stdout);
    if (!wasKilled) return;
    own.killed++;
    if (isDone) own.done++;
    else own.undone++;
  });
}

async function measure(operation: Operation, template: Template): Promise<Usual> {
  const writes = await withHome(operation, template, (home, before) =>
    lacks("strace")
      ? Promise.resolve(0)
      : countWrites(home, operation.args, operation.input(before)),
  );
  return withHome(operation, template, async (home, before) => {
    const never = { after: "never", amount: 0 } as const;
    const run = await runAndKill(home, operation.args, operation.input(before), never);
    if (run.code !== 0) throw new Error(`${operation.name} fails when it is left alone`);
    return { time: run.milliseconds, changes: run.changes, writes };
  });
}

function choose(random: Random, usual: Usual, atWrites: boolean): Moment {
  const ways = [
    "time",
    "changes",
    ...(atWrites && !lacks("strace") ? ["writes", "writes"] : []),
  ] as const;
  const after = (random.pick(ways) ?? "time") as keyof Usual;
  // A little beyond: some rounds are to run to their end.
  return { after, amount: 1 + random.below(Math.ceil(usual[after] * 1.1)) };
}

async function withHome<T>(
  { fromNothing }: Operation,
  { files, handed, pending }: Template,
  use: (home: string, before: Before) => Promise<T>,
): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), "countersign-kill-"));
  try {
    if (!fromNothing) {
      for (const [name, bytes] of files) writeFileSync(join(home, name), bytes, { mode: 0o600 });
    }
    const { secret, backupCodes } = handed;
    const codes = { code: codeOf(secret), pendingCode: codeOf(pending) };
    return await use(home, { secret, backupCodes, pending, ...codes });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function makeTemplate(t: { after: (work: () => Promise<void>) => void }): Promise<Template> {
  const post = await Post.make(t as never);
  done(await post.home.run(["config", "set", "enrollment.expiresAfter", "86400"]));
  const begun = done(await post.home.run(["enroll", "alice", "--begin", "--json"]));
  const files = readdirSync(post.home.path).map((name): [string, Buffer] => [
    name,
    readFileSync(post.file(name)),
  ]);
  return { files: new Map(files), handed: post.handed, pending: JSON.parse(begun.stdout).secret };
}
