/** How this host sends messages. */
import type { Program } from "./command.ts";
import type { MailServer } from "./smtp.ts";

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
