import { Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import { changePolicySetting } from "../../client/policy.ts";
import type { MethodState } from "../../contracts/service.ts";
import { Fault } from "../../core/fault.ts";
import { CountersignCommand } from "../base.ts";
import { warnOfChange } from "../policy/changed.ts";
import { requiredMethod } from "./arguments.ts";

export class MethodDisable extends CountersignCommand {
  static override summary = "Neither offer nor accept a method; keep what users have of it.";

  static override description =
    `It counts from the next verification on. Whoever has enrolled in nothing else is
refused until it is enabled again, and needs to enroll in nothing anew then.`;

  static override examples = [
    { description: "Backup codes", command: "sudo <%= config.bin %> method disable backup-code" },
  ];

  static override args = { method: requiredMethod };

  static override flags = {
    force: Flags.boolean({ description: "also the last one, though nobody could log in then" }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(MethodDisable);
    await withCountersign({}, async ({ service }) => {
      const methods = await service.listMethods();
      const others = methods.filter((each) => each.method !== args.method && isWayIn(each));
      const isLast = args.method !== "backup-code" && others.length === 0;
      if (isLast && !flags.force) throw lockOut(args.method);
    });
    warnOfChange(await changePolicySetting(`methods.${args.method}`, "off", flags));
  }
}

/** On from the beginning, and of use once somebody has such a device. */
const OF_DEVICES: readonly string[] = ["hotp", "yubikey"];

/** Backup codes run out, and a device that nobody has lets nobody in. */
function isWayIn({ method, on, enrolled }: MethodState): boolean {
  return on && method !== "backup-code" && (enrolled > 0 || !OF_DEVICES.includes(method));
}

function lockOut(method: string): Fault {
  return new Fault("refused", `without ${method} nobody could pass, administrators included`, {
    hint: "enable another method first, or add --force",
  });
}
