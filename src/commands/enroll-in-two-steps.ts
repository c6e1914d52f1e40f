/** Enrollment for scripts: one call prints the secret, another takes the code. */
import type { Confirmation, Countersign, EnrollOptions } from "../contracts/service.ts";
import { groupsOfFour } from "../core/base32.ts";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { say, sayJson } from "../terminal/output.ts";
import { writeQrFile } from "../terminal/qr-file.ts";
import { conversationFor } from "./conversation.ts";
import { checkQrFile } from "./qr-picture.ts";
import { backupCodeLines, clockWords, isoTime, shortTime } from "./words.ts";

interface Way {
  readonly json: boolean;
  readonly codeStdin: boolean;
  /** Where the QR code is written to as well. */
  readonly file: string | undefined;
}

export async function beginForScript(
  service: Countersign,
  user: string,
  options: EnrollOptions,
  way: Way,
): Promise<void> {
  if (way.file !== undefined) checkQrFile(way.file);
  const conversation = conversationFor(way.codeStdin);
  const begun = await service.beginEnrollment(user, options, conversation);
  const { method, secret, uri } = begun;
  try {
    if (way.file !== undefined) await writeQrFile(way.file, uri);
  } catch (error) {
    await service.cancelEnrollment(user, method);
    throw error;
  }
  const expiresAt = isoTime(begun.expiresAt);
  if (way.json) return sayJson({ user, method, secret, uri, expiresAt });
  say(
    ...(begun.banner === undefined ? [] : [printable(begun.banner), ""]),
    `account  ${user}`,
    `key      ${groupsOfFour(secret)}`,
    `address  ${uri}`,
    "",
    `Confirm it before ${shortTime(begun.expiresAt)} with: countersign enroll ${user} --confirm`,
  );
}

/** @throws Fault `refused` when the code does not fit, `conflict` when nothing was begun */
export async function confirmForScript(
  service: Countersign,
  user: string,
  method: string,
  way: Way,
): Promise<void> {
  const reply = await conversationFor(way.codeStdin).prompt("Code from the app: ");
  const code = reply.kind === "text" ? reply.text : "";
  const confirmation = await service.confirmEnrollment(user, method, code);
  if (confirmation.status !== "active") throw refusal(user, confirmation);
  const { backupCodes } = confirmation;
  if (way.json) return sayJson({ user, method, status: "active", backupCodes });
  say(`${user} is enrolled.`, "", ...backupCodeLines(backupCodes));
}

function refusal(user: string, confirmation: Exclude<Confirmation, { status: "active" }>): Fault {
  if (confirmation.status === "not-begun") {
    return new Fault("conflict", `no enrollment of ${user} is under way, or it has expired`, {
      hint: `countersign enroll ${user} --begin`,
    });
  }
  const { clockOffset } = confirmation;
  if (clockOffset === undefined) {
    return new Fault("refused", "the code does not fit", {
      hint: "give the next code the app shows",
    });
  }
  return new Fault("refused", `the code does not fit: ${clockWords(clockOffset)}`, {
    hint: "set the clock that is wrong, and give the next code",
  });
}
