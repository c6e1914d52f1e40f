/** What is said to a command that does not exist: which one was probably meant. */
import type { Hook } from "@oclif/core";
import { Fault } from "../core/fault.ts";
import { nearest } from "../core/nearest.ts";

/** oclif's hook `command_not_found`. Every word before the first flag is in `id`. */
const commandNotFound: Hook<"command_not_found"> = async ({ id, config }) => {
  throw unknownCommand(id.split(":"), config.commandIDs);
};

export default commandNotFound;

/** @param ids of all commands, as oclif spells them: `user:list` */
export function unknownCommand(words: readonly string[], ids: readonly string[]): Fault {
  const names = ids.map((id) => id.replaceAll(":", " "));
  const topics = new Set(names.filter((name) => name.includes(" ")).map(topicOf));
  const [first = "", second] = words;
  // oclif takes the arguments of a command that has none for a part of its name.
  const called = [`${first} ${second}`, first].find((name) => names.includes(name));
  if (called !== undefined) {
    const message = `${called} takes no arguments`;
    return new Fault("usage", message, { hint: `countersign help ${called}` });
  }
  const typed = topics.has(first) && second !== undefined ? `${first} ${second}` : first;
  const meant = guess(first, second, names, topics);
  return new Fault("usage", `${typed} is not a countersign command`, {
    hint: meant === undefined ? "countersign help" : `countersign ${meant}`,
  });
}

function guess(
  first: string,
  second: string | undefined,
  names: readonly string[],
  topics: ReadonlySet<string>,
): string | undefined {
  const same = names.filter((name) => name.endsWith(` ${first}`));
  if (same.length > 1) return same.join(", ");
  const [one] = nearest(first, [...topics, ...names]);
  if (one === undefined || !topics.has(one)) return one;
  if (second === undefined) return `help ${one}`;
  const [two] = nearest(
    second,
    names.filter((name) => topicOf(name) === one),
  );
  return two ?? `help ${one}`;
}

function topicOf(name: string): string {
  return name.slice(0, name.indexOf(" "));
}
