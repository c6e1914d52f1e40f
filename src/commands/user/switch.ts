/** What `user disable`, `enable` and `unlock` share: several users, counted, failures listed. */
import type { UserChange } from "../../contracts/service.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { progress } from "../../terminal/progress.ts";
import { eachUser } from "../each-user.ts";
import { counted } from "../words.ts";

/**
 * @param done what became of each: "disabled"
 * @returns the exit status: 1 when it failed for any
 */
export async function switchUsers(
  users: Iterable<string> | AsyncIterable<string>,
  done: string,
  json: boolean,
  apply: (user: string) => Promise<UserChange>,
): Promise<number> {
  const line = progress();
  let seen = 0;
  const outcomes = await eachUser(users, (user) => {
    line.update(`${counted(++seen, "user")}: ${user}`);
    return apply(user);
  });
  line.done();
  const failed = outcomes.filter(({ error }) => error);
  if (json) {
    sayJson(
      outcomes.map(({ user, result, error }) => ({
        user,
        changed: result?.changed ?? false,
        ...(error ? { error } : {}),
      })),
    );
  } else {
    say(
      ...sentences(
        outcomes.flatMap(({ result }) => result ?? []),
        done,
      ),
    );
    if (failed.length > 0) say(`failed for ${counted(failed.length, "user")}`);
  }
  return failed.length > 0 ? 1 : 0;
}

function sentences(changes: readonly UserChange[], done: string): string[] {
  const changed = changes.filter((change) => change.changed);
  const same = changes.length - changed.length;
  const names =
    changed.length > 0 && changed.length <= 5
      ? `: ${changed.map(({ user }) => user).join(", ")}`
      : "";
  return [
    `${done} ${counted(changed.length, "user")}${names}`,
    ...(same > 0 ? [`${counted(same, "user")} ${same === 1 ? "was" : "were"} so already`] : []),
  ];
}
