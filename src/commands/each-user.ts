/** Does one thing to several users; what fails for one does not keep it from the others. */
import { Fault } from "../core/fault.ts";
import { report } from "../terminal/report.ts";

export interface UserOutcome<T> {
  readonly user: string;
  readonly result?: T;
  /** Told on standard error already. */
  readonly error?: string;
}

export async function eachUser<T>(
  users: Iterable<string> | AsyncIterable<string>,
  apply: (user: string) => Promise<T>,
): Promise<UserOutcome<T>[]> {
  const outcomes: UserOutcome<T>[] = [];
  for await (const user of users) {
    try {
      outcomes.push({ user, result: await apply(user) });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      report(error);
      outcomes.push({ user, error: error.message });
    }
  }
  return outcomes;
}
