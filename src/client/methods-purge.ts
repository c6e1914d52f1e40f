/** The end of a method: its settings first, so that nobody begins with it anew meanwhile. */
import type { Countersign, PurgeOutcome } from "../contracts/service.ts";
import { currentScope } from "./connect.ts";
import { duringAsOwner } from "./owner.ts";

/** The groups of settings that are one method's alone. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "duo-push": ["duo.push"],
  "duo-prompt": ["duo.prompt"],
  message: ["message"],
  yubikey: ["yubikey"],
};

const DEFAULT_METHOD = "policy.defaultMethod";

/** @throws Fault */
export async function purgeMethod(service: Countersign, method: string): Promise<PurgeOutcome> {
  const { changeSettings } = await import("../settings/writer.ts");
  const scope = currentScope();
  const own = [`methods.${method}`, ...(GROUPS[method] ?? [])];
  await duringAsOwner(scope, () =>
    changeSettings(scope, (writer) => {
      for (const name of own) writer.delete(name);
      if (writer.get(DEFAULT_METHOD) === method) writer.delete(DEFAULT_METHOD);
    }),
  );
  for (const name of own) await service.recordSetting("settings-unset", name);
  return service.purgeMethod(method);
}
