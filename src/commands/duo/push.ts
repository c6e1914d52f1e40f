import { Flags } from "@oclif/core";
import { accountMeant, callerOfThisProcess } from "../../client/caller.ts";
import { withCountersign } from "../../client/connect.ts";
import { EXIT_STATUS } from "../../core/verdict.ts";
import { CountersignCommand, json, optionalUser } from "../base.ts";
import { VERIFY_FLAGS } from "../verify-flags.ts";
import { verifyAsAsked } from "../verify-run.ts";

/** As many as an answer can name. */
const LAST_DEVICE = 99;

export class DuoPush extends CountersignCommand {
  static override summary = "Verify one user by a push of Duo's.";

  static override description =
    `Sends a push to the user's phone, or calls it, and waits for what they do with it: one
verification, as if they had answered push to the prompt of countersign verify, and judged,
counted and recorded as such. It needs no terminal. Ctrl-C stops waiting; an approval after
that lets nobody in.

The exit status is that of countersign verify: 0 accepted, 1 rejected, 2 not set up, 3 the
user has nothing enrolled, 4 throttled, 5 Duo out of reach.

A user of this host who has nothing enrolled, and whom Duo does not know yet, is shown
Duo's own enrollment address first.`;

  static override examples = [
    { description: "Try it out", command: "<%= config.bin %> duo push alice" },
    { description: "The second device", command: "<%= config.bin %> duo push alice --device 2" },
    { description: "From a script", command: "<%= config.bin %> duo push alice --json" },
  ];

  static override args = { user: optionalUser };

  static override flags = {
    device: Flags.integer({
      description: "which of the user's devices, counted from 1 in Duo's order",
      helpValue: "N",
      min: 1,
      max: LAST_DEVICE,
    }),
    phone: Flags.boolean({ description: "call the phone in place of a push" }),
    service: Flags.string({
      description: "service that asks, for the phone to show",
      helpValue: VERIFY_FLAGS.service.value,
    }),
    rhost: Flags.string({
      description: "host the user comes from, for the phone to show",
      helpValue: VERIFY_FLAGS.rhost.value,
    }),
    json,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(DuoPush);
    const answer = `${flags.phone ? "phone" : "push"}${flags.device ?? ""}`;
    const request = {
      user: accountMeant(args.user, callerOfThisProcess()),
      origin: { service: flags.service, rhost: flags.rhost },
      pam: false,
      codeStdin: false,
      json: flags.json,
      command: [],
      answer: { text: answer, word: "push" as const },
    };
    this.exit((await verifyAsAsked(request, withCountersign)) ?? EXIT_STATUS.unavailable);
  }
}
