import { Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import { demandHostAccount } from "../../client/host-account.ts";
import { Fault } from "../../core/fault.ts";
import { formatInvitationCode } from "../../core/invitation-code.ts";
import { mendNetwork } from "../../core/policy/network-mend.ts";
import { printable } from "../../core/printable.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json, requiredUser } from "../base.ts";
import { shortTime } from "../words.ts";
import { invitationDocument, invitationWords } from "./document.ts";

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export class InviteCreate extends CountersignCommand {
  static override summary = "Make an invitation, with which one user can enroll.";

  static override description =
    `For users of whom the policy asks one: policy require --unenrolled invite. It is good once,
for 24 hours unless --expires or the setting invite.expiresAfter says otherwise.
The code is shown here and never again: hand it over by another way than the password went. Who
is asked for it enrolls with it, and nobody else sees their secret. Disabling or resetting the
user takes it back.`;

  static override examples = [
    { description: "For alice", command: "sudo <%= config.bin %> invite create alice" },
    {
      description: "For three days, and from the office alone",
      command: "sudo <%= config.bin %> invite create alice --expires 3d --from 192.0.2.0/24",
    },
  ];

  static override args = { user: requiredUser };

  static override usage =
    "invite create USER [--expires TIME] [--host HOST] [--from CIDR] [--json]";

  static override flags = {
    expires: Flags.string({
      helpValue: "TIME",
      description: "how long it is good: 90m, 24h or 3d, at most 30d",
    }),
    host: Flags.string({ helpValue: "HOST", description: "good on this host alone" }),
    from: Flags.string({
      helpValue: "CIDR",
      description: "good in a login from this network alone, or local: from the host itself",
    }),
    json,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(InviteCreate);
    const { user } = args;
    const { host, from: network } = flags;
    const lifetime = flags.expires === undefined ? undefined : lifetimeOf(flags.expires);
    demandHostAccount(user);
    const made = await withCountersign({}, ({ service }) =>
      service.createInvitation(user, { lifetime, host, network }).catch((error: unknown) => {
        throw withMend(error, network);
      }),
    );
    const code = formatInvitationCode(made.code);
    if (flags.json) return sayJson({ ...invitationDocument(made), code });
    say(
      `invitation  ${code}`,
      `for         ${invitationWords(made)}`,
      `until       ${shortTime(made.expiresAt)}`,
      "",
      "It is not shown again. Hand it over by another way than the password went.",
      `To take it back: countersign invite revoke ${user}`,
    );
  }
}

/** Milliseconds. @throws Fault `usage` */
function lifetimeOf(text: string): number {
  const [, count, unit] = /^([1-9][0-9]{0,4})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * UNITS[unit as keyof typeof UNITS];
  throw new Fault("usage", `--expires: this is no time: ${printable(text, 64)}`, {
    hint: "90m, 24h or 3d",
  });
}

/** The network that somebody meant whose host part is not zero. */
function withMend(error: unknown, network: string | undefined): unknown {
  const mended = network === undefined ? undefined : mendNetwork(network);
  if (!(error instanceof Fault) || !/network/.test(error.message) || !mended) return error;
  return new Fault(error.code, error.message, { hint: `--from ${mended}` });
}
