/** Checkpoints of the audit log that the daemon makes by itself, as the settings say. */
import { Fault } from "../core/fault.ts";

/** Milliseconds between two looks whether one is due. */
const LOOK = 60_000;

/**
 * Looks now and every minute. What keeps it from signing is told once, and keeps no login out.
 * @returns `end`: looks no more, and waits for the look that is under way
 */
export function keepCheckpoints(
  makeIfDue: () => Promise<unknown>,
  log: (line: string) => void,
): { end(): Promise<void> } {
  let told: string | undefined;
  let underWay = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      await makeIfDue();
      told = undefined;
    } catch (error) {
      const what = error instanceof Fault ? error.message : String(error);
      if (what !== told) log(`NO CHECKPOINT of the audit log: ${what}`);
      told = what;
    }
  };
  const again = (): void => {
    underWay = underWay.then(look);
  };
  again();
  const timer = setInterval(again, LOOK).unref();
  return {
    async end() {
      clearInterval(timer);
      await underWay;
    },
  };
}
