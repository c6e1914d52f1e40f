/** Enrolling a YubiKey: it is touched, and where nobody knows its AES key yet, that is asked for. */
import type { Countersign, YubikeyEnrollment } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import { say, sayJson } from "../terminal/output.ts";
import { conversationFor } from "./conversation.ts";
import { backupCodeLines } from "./words.ts";

const OWN_FLAGS = ["method", "local", "secret-stdin", "json"];

export interface YubikeyWay {
  /** Its AES key is asked for whatever validation servers there are. */
  readonly isLocal: boolean;
  /** Every answer is a line of standard input. */
  readonly secretStdin: boolean;
  readonly json: boolean;
}

/** @throws Fault `usage` for flags that somebody gave in vain */
export function demandYubikeyFlags(given: readonly string[]): void {
  const foreign = given.filter((flag) => !OWN_FLAGS.includes(flag));
  if (foreign.length === 0) return;
  throw new Fault("usage", `--${foreign[0]} is not for --method yubikey`, {
    hint: "countersign help enroll",
  });
}

/** @throws Fault `usage` */
export function demandNoYubikeyFlags(given: readonly string[]): void {
  const foreign = given.find((flag) => flag === "local" || flag === "secret-stdin");
  if (foreign === undefined) return;
  throw new Fault("usage", `--${foreign} is for --method yubikey`, {
    hint: "countersign help enroll",
  });
}

/** @throws Fault as `Countersign.enrollYubikey` */
export async function enrollYubikey(
  service: Countersign,
  user: string,
  { isLocal, secretStdin, json }: YubikeyWay,
): Promise<void> {
  const conversation = conversationFor(secretStdin);
  const enrolled = await service.enrollYubikey(user, isLocal, conversation);
  if (json) sayJson(document(enrolled));
  else say(...lines(enrolled));
}

function document({ user, serial, judged, backupCodes }: YubikeyEnrollment): object {
  return { user, method: "yubikey", serial, status: "active", judged, backupCodes };
}

function lines({ user, serial, judged, backupCodes }: YubikeyEnrollment): string[] {
  const byWhom = judged === "here" ? "this host" : "the validation servers";
  return [
    `${user} is enrolled with the YubiKey ${serial}, which ${byWhom} will judge.`,
    `To try it, touch it at: countersign verify ${user}`,
    ...(backupCodes.length > 0 ? ["", ...backupCodeLines(backupCodes)] : []),
  ];
}
