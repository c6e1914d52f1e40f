import { Args } from "@oclif/core";
import { accountMeant } from "../client/caller.ts";
import { withCountersign } from "../client/connect.ts";
import { isDuoMethod } from "../client/duo.ts";
import type { Conversation } from "../contracts/conversation.ts";
import type { Countersign, ResetOutcome } from "../contracts/service.ts";
import { say, sayJson } from "../terminal/output.ts";
import { CountersignCommand, codeStdin, json, method, yes } from "./base.ts";
import { confirm } from "./confirm.ts";
import { conversationFor } from "./conversation.ts";
import { eachUser } from "./each-user.ts";
import { counted } from "./words.ts";

export class Reset extends CountersignCommand {
  static override summary = "Remove what users have enrolled, as for a lost phone.";

  static override description =
    `Removes authenticators and backup codes at once and for good: the users enroll anew.
Resetting yourself takes a fresh code or a backup code, unless you
are root. To switch a user off and keep the secrets, use: user disable.

What Duo knows of a user stays at Duo: remove a lost phone in Duo's Admin Panel too. The
next login then shows Duo's enrollment address.`;

  static override examples = [
    { description: "Alice lost her phone", command: "sudo <%= config.bin %> reset alice" },
    {
      description: "Only what she enrolled with Duo",
      command: "sudo <%= config.bin %> reset alice --method duo-push",
    },
    {
      description: "Several, without being asked",
      command: "sudo <%= config.bin %> reset alice bob --yes",
    },
  ];

  static override args = {
    user: Args.string({
      ignoreStdin: true,
      name: "user",
      description: "login names; your own when left out",
    }),
  };
  static override strict = false;
  static override usage =
    "reset [USER ...] [--method totp|duo-push|duo-prompt] [--yes] [--code-stdin] [--json]";
  static override flags = { method, yes, "code-stdin": codeStdin, json };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Reset);
    await withCountersign({}, async ({ service, caller }) => {
      const users = argv.length > 0 ? argv.map(String) : [accountMeant(undefined, caller)];
      const what = flags.method ?? "every authenticator and backup code";
      await confirm(`Remove ${what} of ${users.join(", ")} for good?`, flags.yes);
      const conversation = conversationFor(flags["code-stdin"]);
      const outcomes = await eachUser(users, (user) =>
        resetOne(service, user, flags.method, conversation),
      );
      if (flags.json)
        sayJson(
          outcomes.map(({ user, result, error }) => ({
            user,
            ...result?.outcome,
            ...(error ? { error } : {}),
          })),
        );
      else {
        const done = outcomes.flatMap(({ result }) => result ?? []);
        say(...done.map(sentence), ...staysAtDuo(done));
      }
      if (outcomes.some(({ error }) => error)) this.exit(1);
    });
  }
}

interface Done {
  readonly outcome: ResetOutcome;
  /** True where something goes that Duo keeps as well. */
  readonly isAtDuo: boolean;
}

async function resetOne(
  service: Countersign,
  user: string,
  method: string | undefined,
  conversation: Conversation,
): Promise<Done> {
  const { methods } = await service.showUser(user);
  const gone = methods.filter((each) => method === undefined || each.method === method);
  const outcome = await service.reset(user, method, conversation);
  return { outcome, isAtDuo: gone.some((each) => isDuoMethod(each.method)) };
}

function sentence({ outcome: { user, authenticators, backupCodes } }: Done): string {
  const removed = `${counted(authenticators, "authenticator")}, ${counted(backupCodes, "unused backup code")}`;
  return `${user}: removed ${removed}`;
}

function staysAtDuo(done: readonly Done[]): string[] {
  const users = done.filter(({ isAtDuo }) => isAtDuo).map(({ outcome }) => outcome.user);
  if (users.length === 0) return [];
  return [
    "",
    `Duo still knows the phone of ${users.join(", ")}. For a lost phone, remove it in`,
    "Duo's Admin Panel too: the next login then shows Duo's enrollment address.",
  ];
}
