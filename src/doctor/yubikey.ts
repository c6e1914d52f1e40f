/** Validation servers of YubiKeys: whether they are set up as a whole, and take the API key. */
import { Fault } from "../core/fault.ts";
import { type Finding, voiceOf } from "./finding.ts";

export interface YubikeyReaders {
  /** Undefined where none are set up, or the method is off. @throws Fault where settings do not parse */
  readonly servers: () => ValidationFacts | undefined;
}

/** What is set up, and how to look further. */
export interface ValidationFacts {
  /** @throws Fault for addresses, or a CA file, that do not hold */
  readonly checkSettings: () => void;
  /** Undefined where the store cannot be looked into, which its own check tells. */
  readonly hasSecret: () => Promise<boolean | undefined>;
  /** Undefined without the master key. @throws Fault */
  readonly ask: () => Promise<number | undefined>;
}

const { ok, warning, problem } = voiceOf("yubikey");

export async function examineYubikey({ servers }: YubikeyReaders): Promise<readonly Finding[]> {
  let facts: ValidationFacts | undefined;
  try {
    facts = servers();
  } catch {
    return [warning("not looked for: the settings do not parse")];
  }
  return facts ? [await examineServers(facts)] : [];
}

async function examineServers({
  checkSettings,
  hasSecret,
  ask,
}: ValidationFacts): Promise<Finding> {
  try {
    checkSettings();
    const isStored = await hasSecret();
    if (isStored === undefined) return warning("not asked: the store cannot be looked into");
    if (!isStored) {
      const mend = "countersign yubikey configure --client-id ID";
      return problem("the API key of the validation servers is not stored", mend);
    }
    const offset = await ask();
    if (offset === undefined) return warning("not asked: the master key is not to be had");
    return ok("the validation servers take the API key");
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return problem(error.message, error.hint);
  }
}
