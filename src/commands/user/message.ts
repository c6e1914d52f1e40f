import { Args, Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import { demandHostAccount } from "../../client/host-account.ts";
import { Fault } from "../../core/fault.ts";
import { printable } from "../../core/printable.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json, requiredUser } from "../base.ts";

export class UserMessage extends CountersignCommand {
  static override summary = "Show or change what a user is told once they are in.";

  static override description =
    `One line of at most 200 characters, shown after each second factor of theirs that was
accepted, until --clear takes it away. Never before: a stranger would learn that there is such a
user. The audit log tells that there is one, and not what it says. Who lists processes while it
is set can read it.`;

  static override examples = [
    {
      description: "Alice is to come by",
      command: "sudo <%= config.bin %> user message alice 'Please collect your new phone.'",
    },
    { description: "She has", command: "sudo <%= config.bin %> user message alice --clear" },
  ];

  static override args = {
    user: requiredUser,
    text: Args.string({ ignoreStdin: true, description: "one line" }),
  };

  static override usage = "user message USER [TEXT | --clear] [--json]";

  static override flags = {
    clear: Flags.boolean({ description: "take the message away" }),
    json,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(UserMessage);
    const { user, text } = args;
    if (flags.clear && text !== undefined) {
      throw new Fault("usage", "give a text, or --clear", {
        hint: "countersign help user message",
      });
    }
    if (text !== undefined) demandHostAccount(user);
    await withCountersign({}, async ({ service }) => {
      if (!flags.clear && text === undefined) {
        const { message } = await service.showUser(user);
        if (flags.json) return sayJson({ user, message: message ?? null });
        return say(message === undefined ? `${user} has no message` : printable(message));
      }
      const { changed } = await service.setMessage(user, text);
      if (flags.json) return sayJson({ user, message: text ?? null, changed });
      if (text === undefined) say(`${user} has no message${changed ? " any more" : ""}`);
      else say(changed ? `${user} is told so at each login` : `${user} has this message already`);
    });
  }
}
