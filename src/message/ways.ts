/** The ways that this host has for messages, and the one for an address. */
import type { AddressKind } from "./address.ts";
import { openProgram } from "./command.ts";
import type { Line } from "./line.ts";
import type { MessageSetUp } from "./set-up.ts";
import { openMail } from "./smtp.ts";

/** The kinds of address that messages can be sent to. */
export function kindsOf({ server, program, programTakesMail }: MessageSetUp): AddressKind[] {
  const mail = server !== undefined || (program !== undefined && programTakesMail);
  return [...(mail ? ["mail" as const] : []), ...(program ? ["phone" as const] : [])];
}

/**
 * Does what comes before a message, whoever it is for, so that an outage looks alike for who is
 * sent one and for who is not.
 * @param kind one of `kindsOf`
 * @param password of the mail server
 * @throws Fault of a `message-…` code, or what keeps this host from trying
 */
export async function openLine(
  { server, program }: MessageSetUp,
  kind: AddressKind,
  password: Buffer,
  signal: AbortSignal,
): Promise<Line> {
  if (kind === "mail" && server) return openMail(server, password, signal);
  if (program) return openProgram(program, signal);
  throw new Error("no line for a kind that there is none for");
}
