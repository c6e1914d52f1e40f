/** Messages: whether there is a way for them, and it is open. Nothing is sent. */
import { Fault } from "../core/fault.ts";
import { type Finding, voiceOf } from "./finding.ts";

export interface MessageReaders {
  /** @throws Fault where the settings do not parse */
  readonly isOn: () => boolean;
  /** Opens every way; false where that takes a password, and it is not to be had. @throws Fault */
  readonly ask: () => Promise<boolean>;
}

const { ok, warning, problem } = voiceOf("message");

export async function examineMessage({ isOn, ask }: MessageReaders): Promise<readonly Finding[]> {
  try {
    if (!isOn()) return [];
  } catch {
    return [warning("not looked for: the settings do not parse")];
  }
  try {
    if (await ask()) return [ok("every way that is set up is open")];
    return [warning("not tried: the store or the master key is not to be had")];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return [problem(error.message, error.hint)];
  }
}
