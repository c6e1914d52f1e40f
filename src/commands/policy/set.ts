import { Args, Flags } from "@oclif/core";
import { changePolicy } from "../../client/policy.ts";
import { Fault } from "../../core/fault.ts";
import { METHOD_NAMES } from "../../core/method-name.ts";
import { UNENROLLED } from "../../core/policy/rule.ts";
import { say } from "../../terminal/output.ts";
import { CountersignCommand } from "../base.ts";
import { warnOfChange } from "./changed.ts";
import { force } from "./rule-flags.ts";
import { unenrolledWords } from "./rule-words.ts";

const NONE = "none";

export class PolicySet extends CountersignCommand {
  static override summary = "Say what holds where neither a rule nor the user says it.";

  static override description =
    `unenrolled refuse keeps out users who have not enrolled; allow lets them in without a
code, after the same prompt; enroll sets them up in the login, and invite does with an invitation,
where the line of PAM says that the first factor is right by then: see pam_countersign(8).
Elsewhere both refuse. A rule may say otherwise for those it requires. What shuts out every
administrator is refused without --force; who is still to be set up counts as shut out.

With --default-method, just Enter at the prompt begins duo-push, duo-prompt or message,
for who has not chosen with user prefer; anything else begins nothing. The prompt stays as it is.`;

  static override examples = [
    {
      description: "A gentle start: let in who has not enrolled yet",
      command: "sudo <%= config.bin %> policy set unenrolled allow",
    },
    {
      description: "Enter rings the phone",
      command: "sudo <%= config.bin %> policy set --default-method duo-push",
    },
  ];

  static override usage =
    "policy set (unenrolled refuse|allow|enroll|invite | --default-method METHOD|none) [--force]";

  static override args = {
    setting: Args.string({
      ignoreStdin: true,
      options: ["unenrolled"],
      description: "unenrolled",
    }),
    value: Args.string({
      ignoreStdin: true,
      options: [...UNENROLLED],
      description: UNENROLLED.join(", ").replace(/, (?=\w+$)/, " or "),
    }),
  };

  static override flags = {
    "default-method": Flags.string({
      helpValue: "METHOD",
      options: [...METHOD_NAMES, NONE],
      description: "what just Enter begins",
    }),
    force,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(PolicySet);
    const defaultMethod = flags["default-method"];
    const unenrolled = UNENROLLED.find((each) => each === args.value);
    if ((unenrolled === undefined) === (defaultMethod === undefined)) {
      const isCut = args.setting !== undefined && unenrolled === undefined;
      throw new Fault("usage", isCut ? "missing: VALUE" : "give one thing to set", {
        hint: "countersign help policy set",
      });
    }
    const set = unenrolled === undefined ? { defaultMethod } : { unenrolled };
    const told = Object.entries(set).map(([name, value]) => `policy.${name}=${value}`);
    const changed = await changePolicy(
      (policy) => ({ policy: { ...policy, ...set }, told: told.join(" ") }),
      // What Enter begins shuts nobody out. Who is to be set up first may not come so far.
      { ...flags, opens: unenrolled === undefined || unenrolled === "allow" },
    );
    if (unenrolled) say(`who has not enrolled is ${unenrolledWords(unenrolled)}`);
    else if (defaultMethod === NONE) say("just Enter begins nothing, unless a user prefers so");
    else say(`who has not chosen prefers ${defaultMethod}`);
    warnOfChange(changed);
  }
}
