/** Where a verification comes from, as its opening has it. */
import type { Origin } from "../contracts/service.ts";
import type { Opening } from "../protocol/messages.ts";

export function originOf({
  service,
  rhost,
  tty,
  ruser,
  session,
  command,
  callback = "",
  enroll,
}: Extract<Opening, { kind: "verify" }>): Origin {
  const callbackPort = /^[0-9]{4,5}$/.test(callback) ? Number(callback) : undefined;
  return { service, rhost, tty, ruser, session, command, callbackPort, enrolls: enroll };
}
