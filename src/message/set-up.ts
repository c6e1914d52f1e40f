/** How this host sends messages. */
import type { SmtpTls } from "../contracts/message.ts";
import { Fault } from "../core/fault.ts";

export interface MessageSetUp {
  /** For mail addresses. */
  readonly server: MailServer | undefined;
  /** For phone numbers. */
  readonly program: Program | undefined;
  /** True where the program takes mail addresses too, for want of a server. */
  readonly programTakesMail: boolean;
  /** Messages to one user. */
  readonly mostPerHour: number;
  /** This host, as messages name it. */
  readonly hostName: string;
}

export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly tls: SmtpTls;
  /** Undefined for one that takes mail of this host without a password. */
  readonly user: string | undefined;
  readonly from: string;
  readonly subject: string;
  /** Those who vouch for the server, in PEM; undefined: the public ones. @throws Fault */
  readonly authorities: () => string | undefined;
}

export interface Program {
  /** An absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  /** @throws Fault `file-…`, or `settings-invalid` where it is not there */
  readonly check: () => void;
}

/**
 * Codes and passwords cross no network in the clear.
 * @throws Fault `settings-invalid`
 */
export function demandPrivacy({ host, tls }: Pick<MailServer, "host" | "tls">): void {
  if (tls !== "none" || host === "localhost" || host === "::1" || isLoopback(host)) return;
  throw new Fault("settings-invalid", "without TLS a mail server must be on this host", {
    hint: "set message.smtp.tls to starttls or implicit, or message.smtp.host to localhost",
  });
}

function isLoopback(host: string): boolean {
  return /^127(?:\.[0-9]{1,3}){3}$/.test(host);
}
