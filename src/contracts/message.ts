/** How messages go, as settings and senders name it. */

/** `starttls`: TLS from the greeting on, or nothing. `implicit`: from the first byte on. */
export const SMTP_TLS = ["starttls", "implicit", "none"] as const;
export type SmtpTls = (typeof SMTP_TLS)[number];

/** The addresses that a program is given: phone numbers, or mail addresses as well. */
export const COMMAND_TAKES = ["phone", "any"] as const;
export type CommandTakes = (typeof COMMAND_TAKES)[number];
