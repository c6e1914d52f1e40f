/** What `user disable`, `enable` and `unlock` share: several users, counted, failures listed. */
import type { UserChange } from "../../contracts/service.ts";
import { say, sayJsonArray } from "../../terminal/output.ts";
import { type Progress, progress } from "../../terminal/progress.ts";
import type { Chosen } from "../chosen-users.ts";
import { eachUser, Tally, type UserOutcome } from "../each-user.ts";
import { counted } from "../words.ts";

/** As many are named where all went well; a longer list is only counted. */
const NAMED = 5;

export interface Switching {
  /** What became of each: "disabled". */
  readonly done: string;
  readonly json: boolean;
  readonly apply: (user: string) => Promise<UserChange>;
}

/** @returns the exit status: 1 when it failed for any */
export async function switchUsers(
  users: Iterable<Chosen> | AsyncIterable<Chosen>,
  { done, json, apply }: Switching,
): Promise<number> {
  const [tally, line, names] = [new Tally(), progress(), [] as string[]];
  const outcomes = told(eachUser(users, apply), tally, names, line);
  if (json) await sayJsonArray(documents(outcomes));
  else {
    // One at a time, and none is kept: there may be a million.
    for await (const _ of outcomes);
    say(summaryOf(tally, names, done));
  }
  return tally.failed > 0 ? 1 : 0;
}

async function* told(
  outcomes: AsyncIterable<UserOutcome<UserChange>>,
  tally: Tally,
  names: string[],
  line: Progress,
): AsyncGenerator<UserOutcome<UserChange>> {
  let seen = 0;
  try {
    for await (const outcome of outcomes) {
      line.update(`${counted(++seen, "user")}: ${outcome.user}`);
      tally[stateOf(outcome)]++;
      if (outcome.result?.changed && names.length <= NAMED) names.push(outcome.user);
      yield outcome;
    }
  } finally {
    line.done();
  }
}

function stateOf({ result, error }: UserOutcome<UserChange>): "changed" | "unchanged" | "failed" {
  if (error !== undefined) return "failed";
  return result?.changed ? "changed" : "unchanged";
}

async function* documents(
  outcomes: AsyncIterable<UserOutcome<UserChange>>,
): AsyncGenerator<object> {
  for await (const { user, result, error } of outcomes) {
    yield { user, changed: result?.changed ?? false, ...(error ? { error } : {}) };
  }
}

function summaryOf(tally: Tally, names: readonly string[], done: string): string {
  if (tally.unchanged + tally.failed > 0) return tally.summary(done);
  const named = names.length > 0 && names.length <= NAMED ? `: ${names.join(", ")}` : "";
  return `${done} ${counted(tally.changed, "user")}${named}`;
}
