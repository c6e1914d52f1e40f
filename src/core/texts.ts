/** What people are told at a login, in the host's own words where it has some. */
import { printable } from "./printable.ts";

/** Each is one line of printable characters. */
export interface Texts {
  /** What a login asks for, without the colon. */
  readonly prompt: string;
  /** Shown to whoever enrolls. */
  readonly banner?: string | undefined;
  /** For whoever is refused, whatever the cause, unless they are throttled. */
  readonly refusal?: string | undefined;
  /** For who has not enrolled and is let in all the same, for now. */
  readonly reminder?: string | undefined;
}

export const DEFAULT_PROMPT = "Verification code";

/** The settings' texts, cleaned once more: whatever wrote them, a terminal obeys none of it. */
export function cleanTexts({ prompt, banner, refusal, reminder }: Texts): Texts {
  const clean = (text: string | undefined) => text && printable(text);
  return {
    prompt: printable(prompt),
    ...{ banner: clean(banner), refusal: clean(refusal), reminder: clean(reminder) },
  };
}
