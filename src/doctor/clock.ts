/**
 * The clock: time-based codes are right or wrong by it. Whoever keeps it is asked in turn,
 * and the store's newest event shows whether it was stepped back.
 */
import { CLOCK_STEP } from "../core/throttle.ts";
import type { Ask } from "./ask-program.ts";
import { type Finding, voiceOf } from "./finding.ts";

export interface ClockReaders {
  readonly ask: Ask;
  readonly exists: (path: string) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** When the store's newest event happened, by the clock of that time; undefined without one. */
  readonly newestEvent: () => Promise<number | undefined>;
}

/** One time keeper's word. `offset`: how far the clock is off, in seconds. */
interface Word {
  readonly by: string;
  readonly synchronized: boolean;
  readonly offset?: number;
}

/** Seconds off, from where the first and then all codes of a right phone are refused. */
const OFFSET_WARNING = 5;
const OFFSET_PROBLEM = 30;

const INSTALL = "install a time keeper, such as chrony: apt install chrony";

const { ok, warning, problem } = voiceOf("clock");

export async function examineClock(readers: ClockReaders): Promise<Finding[]> {
  const [kept, stepped] = await Promise.all([examineKeeper(readers), examineStep(readers)]);
  return [kept, ...stepped];
}

async function examineKeeper({ ask, exists }: ClockReaders): Promise<Finding> {
  if (exists("/run/systemd/timesync/synchronized")) return ok("synchronized by systemd-timesyncd");
  let doubt: Word | undefined;
  for (const keeper of [askTimedatectl, askChrony, askNtpd]) {
    const word = await keeper(ask);
    if (word?.synchronized) return judge(word);
    doubt ??= word;
  }
  if (doubt === undefined) return warning("nothing here says whether the clock is right", INSTALL);
  return warning(
    `not synchronized, says ${doubt.by}: codes fail once it is half a minute off`,
    "see that the time keeper runs and reaches its servers; where there is none: apt install chrony",
  );
}

function judge({ by, offset = 0 }: Word): Finding {
  const off = Math.abs(offset);
  if (off < OFFSET_WARNING) return ok(`synchronized, says ${by}`);
  const message = `${off.toFixed(1)} seconds off, says ${by}`;
  const mend = by === "chronyc" ? "chronyc makestep" : "let the time keeper step the clock";
  return off < OFFSET_PROBLEM ? warning(message, mend) : problem(message, mend);
}

async function askTimedatectl(ask: Ask): Promise<Word | undefined> {
  const text = await answerOf(ask, "timedatectl", ["show", "-p", "NTPSynchronized", "--value"]);
  const value = text?.trim();
  if (value !== "yes" && value !== "no") return undefined;
  return { by: "timedatectl", synchronized: value === "yes" };
}

async function askChrony(ask: Ask): Promise<Word | undefined> {
  const text = await answerOf(ask, "chronyc", ["-n", "tracking"]);
  const leap = /^Leap status\s*:\s*(.+)$/m.exec(text ?? "")?.[1]?.trim();
  if (leap === undefined) return undefined;
  const offset = Number(/^System time\s*:\s*([0-9.]+) seconds/m.exec(text ?? "")?.[1] ?? 0);
  return { by: "chronyc", synchronized: !/^not synchroni[sz]ed$/i.test(leap), offset };
}

async function askNtpd(ask: Ask): Promise<Word | undefined> {
  const text = await answerOf(ask, "ntpq", ["-c", "rv"]);
  const leap = /\bleap_([a-z_0-9]+)/.exec(text ?? "")?.[1];
  if (leap === undefined) return undefined;
  // ntpq says milliseconds.
  const offset = Number(/\boffset=([-+0-9.]+)/.exec(text ?? "")?.[1] ?? 0) / 1000;
  const alarm = leap === "alarm" || /\bsync_unspec\b/.test(text ?? "");
  return { by: "ntpq", synchronized: !alarm, offset };
}

async function answerOf(ask: Ask, name: string, args: string[]): Promise<string | undefined> {
  for (const folder of ["/usr/bin", "/usr/sbin"]) {
    const answer = await ask(`${folder}/${name}`, args);
    if (answer === "silent") return undefined;
    if (answer !== "absent") return answer.code === 0 ? answer.stdout : undefined;
  }
  return undefined;
}

async function examineStep({ now, newestEvent }: ClockReaders): Promise<Finding[]> {
  const newest = await newestEvent();
  if (newest === undefined || newest - now() <= CLOCK_STEP) return [];
  const until = new Date(newest).toISOString();
  return [
    problem(
      `the clock stepped back: the store's newest event is of ${until}; codes of a time that ` +
        "was used before are refused until the clock has caught up",
      "set the clock right; if it is right now, wait until then or enroll anew: countersign reset",
    ),
  ];
}
