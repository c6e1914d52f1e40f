import { Args } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import { demandHostAccount } from "../../client/host-account.ts";
import { METHOD_NAMES } from "../../core/method-name.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json, requiredUser } from "../base.ts";

const NONE = "none";

export class UserPrefer extends CountersignCommand {
  static override summary = "Show or choose the method that just Enter begins.";

  static override description =
    `With duo-push, duo-prompt or message, an empty answer begins it, where it is on and
counts for the login; with totp or backup-code it begins nothing. none goes back to what
policy set --default-method says. Everybody may choose for themselves, root for all.`;

  static override examples = [
    {
      description: "Enter rings the phone",
      command: "<%= config.bin %> user prefer alice duo-push",
    },
    {
      description: "As the policy has it",
      command: "sudo <%= config.bin %> user prefer alice none",
    },
  ];

  static override args = {
    user: requiredUser,
    method: Args.string({
      ignoreStdin: true,
      options: [...METHOD_NAMES, NONE],
      description: `${METHOD_NAMES.join(", ")} or ${NONE}`,
    }),
  };

  static override flags = { json };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(UserPrefer);
    const { user } = args;
    const method = METHOD_NAMES.find((name) => name === args.method);
    if (method !== undefined) demandHostAccount(user);
    await withCountersign({}, async ({ service }) => {
      if (args.method === undefined) {
        const { preferredMethod } = await service.showUser(user);
        if (flags.json) return sayJson({ user, preferredMethod: preferredMethod ?? null });
        return say(wordsFor(user, preferredMethod));
      }
      const { changed } = await service.setPreferredMethod(user, method);
      if (flags.json) return sayJson({ user, preferredMethod: method ?? null, changed });
      say(changed ? wordsFor(user, method) : `nothing to change: ${wordsFor(user, method)}`);
    });
  }
}

function wordsFor(user: string, method: string | undefined): string {
  return method === undefined ? `${user} prefers no method` : `${user} prefers ${method}`;
}
