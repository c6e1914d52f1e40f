import { Args, Flags } from "@oclif/core";
import { grantRole } from "../../client/roles.ts";
import { ROLE_ACTS } from "../../core/policy/role.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json } from "../base.ts";
import { warnUnrecorded } from "../config/unrecorded.ts";
import { warn, warnOfOwn } from "../policy/changed.ts";
import { roleDocument, roleNotes, roleWords } from "./role-words.ts";

const groups = (description: string) =>
  ({ helpValue: "GROUP", description, multiple: true, multipleNonGreedy: true }) as const;

export class RoleGrant extends CountersignCommand {
  static override summary = "Let members of one group help those of another.";

  static override description =
    `Without root, through countersignd: show users, reset them, unlock them, disable and enable
them, invite them. Never themselves, root, an administrator (a member of sudo, wheel, admin or
root), or whoever holds a role. A role holds for the groups that these names stand for now: one
that is renamed or made anew has no part in it until it is granted again.`;

  static override examples = [
    {
      description: "A help desk that helps students who lost their phone",
      command: "sudo <%= config.bin %> role grant desk --may reset --may unlock --over students",
    },
    {
      description: "All of staff but those who may use sudo by a rule of their own",
      command: "sudo <%= config.bin %> role grant desk --may reset --over staff --except ops",
    },
  ];

  static override args = {
    group: Args.string({
      ignoreStdin: true,
      name: "group",
      required: true,
      description: "the group whose members may",
    }),
  };

  static override usage =
    "role grant GROUP --may ACT ... --over GROUP ... [--except GROUP ...] [--json]";

  static override flags = {
    may: Flags.option({
      options: ROLE_ACTS,
      required: true,
      multiple: true,
      multipleNonGreedy: true,
      description: "what they may do; may be repeated. Whoever may do anything may see, too",
    })(),
    over: Flags.string({
      ...groups("whose members they may do it to; may be repeated"),
      required: true,
    }),
    except: Flags.string(groups("whose members they may not do it to; may be repeated")),
    json,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RoleGrant);
    const { changed, unrecorded } = await grantRole({
      group: args.group,
      may: [...new Set(flags.may)],
      over: [...new Set(flags.over)],
      except: [...new Set(flags.except ?? [])],
    });
    const [state] = changed;
    if (state) {
      if (flags.json) sayJson(roleDocument(state));
      else say(roleWords(state.role));
      for (const note of roleNotes(state)) warn(note);
    }
    warnUnrecorded(unrecorded);
    warnOfOwn();
  }
}
