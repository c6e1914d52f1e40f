/**
 * Help as oclif asks for it. The build renders every page once, and main.ts prints those:
 * this speaks where no page was rendered, and where there is no such command.
 */
import { type Command, Help, type Interfaces } from "@oclif/core";
import { say } from "../terminal/output.ts";
import { commandPage, rootPage, topicPage } from "./help-layout.ts";
import { unknownCommand } from "./not-found.ts";

export default class CountersignHelp extends Help {
  override async showHelp(argv: string[]): Promise<void> {
    const words = argv.filter((word) => !word.startsWith("-") && word !== "help");
    const page = words.length === 0 ? rootPage(this.config) : this.#page(words);
    if (page === undefined) throw unknownCommand(words, this.config.commandIDs);
    say(page.trimEnd());
  }

  /** What follows a command's name is its arguments; what follows a topic's, a wrong command. */
  #page(words: readonly string[]): string | undefined {
    const [first = "", second] = words.flatMap((word) => word.split(":"));
    const command = this.config.findCommand(`${first}:${second}`) ?? this.config.findCommand(first);
    if (command) return commandPage(command, this.config);
    const topic = second === undefined ? this.config.findTopic(first) : undefined;
    return topic && topicPage(topic, this.config);
  }
}

/** Every page by its name: "countersign" for the root's, "user", "user list". */
export function allPages(config: Interfaces.Config): Map<string, string> {
  const pages = new Map([[config.bin, rootPage(config)]]);
  for (const topic of config.topics.filter(({ name }) => hasCommands(name, config))) {
    pages.set(topic.name, topicPage(topic, config));
  }
  for (const command of shown(config.commands)) {
    pages.set(command.id.replaceAll(":", " "), commandPage(command, config));
  }
  return pages;
}

/** oclif calls every word of a command's name a topic. */
function hasCommands(topic: string, { commandIDs }: Interfaces.Config): boolean {
  return commandIDs.some((id) => id.startsWith(`${topic}:`));
}

function shown(commands: readonly Command.Loadable[]): Command.Loadable[] {
  return commands.filter(({ hidden }) => !hidden);
}
