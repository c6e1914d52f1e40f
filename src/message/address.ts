/**
 * Where a message goes: one mail address, or one phone number. Strict, since it becomes a line
 * of SMTP, a header, and an argument of a program: what is let through can be none of their
 * control characters, no list, no option and nothing that a shell would take apart.
 */

export type AddressKind = "mail" | "phone";

export interface Address {
  readonly kind: AddressKind;
  readonly text: string;
}

/** RFC 5321 4.5.3.1: of the local part, and of a path without its brackets. */
const LOCAL_MAX = 64;
const MAIL_MAX = 254;

/** Dot-atoms of RFC 5322, without the characters of theirs that mean something to a shell. */
const LOCAL = /^[A-Za-z0-9][A-Za-z0-9_+-]*(?:\.[A-Za-z0-9_+-]+)*$/;
const DOMAIN = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
/** E.164: at most 15 digits, the country's first. */
const PHONE = /^\+[1-9][0-9]{6,14}$/;
/** How people set off the digits of a phone number. */
const SET_OFF = /[ ()./-]/g;

/** Undefined for what is neither; of a phone number, what sets its digits off is left out. */
export function readAddress(typed: string): Address | undefined {
  const text = typed.replace(/^[ \t]+|[ \t\r\n]+$/g, "");
  if (isMailAddress(text)) return { kind: "mail", text };
  const digits = text.startsWith("+") ? text.replace(SET_OFF, "") : "";
  return PHONE.test(digits) ? { kind: "phone", text: digits } : undefined;
}

export function isMailAddress(text: string): boolean {
  const at = text.lastIndexOf("@");
  if (at < 1 || at > LOCAL_MAX || text.length > MAIL_MAX) return false;
  const labels = text.slice(at + 1).split(".");
  return LOCAL.test(text.slice(0, at)) && labels.every((label) => DOMAIN.test(label));
}

/**
 * What a prompt shows of it to whoever typed a password, who need not be its owner: the last two
 * digits, or the first letter. Not the domain: people's own are few, and tell more than a letter.
 */
export function mask({ kind, text }: Address): string {
  return kind === "phone" ? `+..${text.slice(-2)}` : `${text.slice(0, 1).toLowerCase()}..@..`;
}

/** How many of 256 mail addresses begin as their owner's login name does, about. */
const ALIKE = 192;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/**
 * An address that is nobody's, for the prompt of whoever has none: the same at each login of a
 * user, and masked like any other.
 * @param digest keyed, of the user, 4 bytes at least: who lacks the key cannot tell it from a real one
 * @param kinds those that messages are sent to, at least one
 */
export function decoyAddress(
  user: string,
  digest: Uint8Array,
  kinds: readonly AddressKind[],
): Address {
  const [which = 0, like = 0, first = 0, second = 0] = digest;
  if (kinds[which % kinds.length] === "phone") {
    return {
      kind: "phone",
      text: `+99900000${String((first * 256 + second) % 100).padStart(2, "0")}`,
    };
  }
  const own = /^[a-z]/i.exec(user)?.[0];
  const letter = own !== undefined && like < ALIKE ? own : LETTERS[first % LETTERS.length];
  return { kind: "mail", text: `${letter}@invalid` };
}
