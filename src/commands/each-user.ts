/** Does one thing to several users; what fails for one does not keep it from the others. */
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { report } from "../terminal/report.ts";
import type { Chosen } from "./chosen-users.ts";

export interface UserOutcome<T> {
  readonly user: string;
  readonly result?: T;
  /** Told on standard error already. */
  readonly error?: string;
}

/** How many of them it was so for, and how many it was not. */
export class Tally {
  changed = 0;
  unchanged = 0;
  failed = 0;

  /** @param done what became of those changed: "disabled" */
  summary(done: string): string {
    const { changed, unchanged, failed } = this;
    return [
      `${done} ${changed}`,
      ...(unchanged > 0 ? [`unchanged ${unchanged}`] : []),
      ...(failed > 0 ? [`failed ${failed}`] : []),
    ].join(", ");
  }
}

/** What became of each, as it becomes. */
export async function* eachUser<T>(
  users: Iterable<Chosen> | AsyncIterable<Chosen>,
  apply: (user: string) => Promise<T>,
): AsyncGenerator<UserOutcome<T>> {
  for await (const chosen of users) {
    if (typeof chosen !== "string") {
      report(chosen.fault);
      yield { user: chosen.shown, error: chosen.fault.message };
      continue;
    }
    yield await outcomeOf(chosen, apply);
  }
}

async function outcomeOf<T>(
  user: string,
  apply: (user: string) => Promise<T>,
): Promise<UserOutcome<T>> {
  try {
    return { user, result: await apply(user) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    report(ofUser(user, error));
    return { user, error: error.message };
  }
}

/** Of several, whom it failed for must be told. */
function ofUser(user: string, { code, message, hint }: Fault): Fault {
  const name = printable(user);
  if (message.includes(name)) return new Fault(code, message, hint ? { hint } : {});
  return new Fault(code, `${name}: ${message}`, hint ? { hint } : {});
}
