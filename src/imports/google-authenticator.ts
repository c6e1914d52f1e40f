/**
 * The state file of pam_google_authenticator (google-authenticator-libpam), read as the
 * module reads it: a file that it refuses every login with is not let in here either.
 */
import type { ImportedAuthenticator, ImportItem } from "../contracts/imported.ts";
import { Fault } from "../core/fault.ts";
import { ALGORITHMS, type Algorithm, type Digits } from "../core/totp.ts";
import { bytesOfBase32 } from "./base32.ts";
import { itemOf } from "./fit.ts";
import { Misfit } from "./misfit.ts";
import { readScratchCodes, type ScratchCodes } from "./scratch-codes.ts";

/** Bytes of a state file, to the module and here. */
export const STATE_FILE_MAX = 65_536;

/** The largest number that fits the module's int. */
const INT_MAX = 2 ** 31 - 1;
/** Codes around the right one, or counters ahead, that count here by default. */
const USUAL_WINDOW = { totp: 3, hotp: 10 } as const;

/** Options that change nothing that comes along, or are read below. */
const KNOWN = new Set([
  ...["TOTP_AUTH", "HOTP_COUNTER", "STEP_SIZE", "WINDOW_SIZE", "DISALLOW_REUSE", "RATE_LIMIT"],
  ...["TIME_SKEW", "RESETTING_TIME_SKEW", "DIGITS", "ALGORITHM"],
]);

type Options = ReadonlyMap<string, string>;

/**
 * The one authenticator of a user's state file.
 * @param text the whole file
 * @param user whose file it is; the file itself does not tell
 * @throws Fault `import-invalid` for what is no state file
 */
export function* readStateFile(text: string, user: string): Generator<ImportItem> {
  const secret = secretOf(text);
  const item = itemOf("line 1", user, () => authenticatorOf(text, user, secret));
  // A misfit that was found before there was a candidate.
  if (item.kind === "unfit") secret.fill(0);
  yield item;
}

function secretOf(text: string): Uint8Array {
  const refuse = (why: string): never => {
    throw new Fault("import-invalid", `this is no state file of google-authenticator: ${why}`, {
      hint: "it is ~/.google_authenticator, or what secret= names in the PAM service",
    });
  };
  if (text.length > STATE_FILE_MAX || Buffer.byteLength(text) > STATE_FILE_MAX) {
    refuse(`it is longer than ${STATE_FILE_MAX / 1024} KiB`);
  }
  if (text.includes("\0")) refuse("it holds a NUL");
  const [first = ""] = text.split("\n", 1);
  // What the module takes for a slip of whoever typed it.
  const typed = first
    .replace(/[ \t\r-]/g, "")
    .replaceAll("0", "O")
    .replaceAll("1", "L")
    .replaceAll("8", "B");
  const secret = bytesOfBase32(typed);
  if (secret && secret.length > 0) return secret;
  return refuse("its first line is no secret");
}

function authenticatorOf(text: string, user: string, secret: Uint8Array): ImportedAuthenticator {
  // A counter without its last figures would let used codes in again. The module ends each line.
  if (/(?:^|[\r\n])"[^\r\n]*$/.test(text)) {
    throw new Misfit("its last option has no line break: the file may be cut off");
  }
  const options = optionsOf(text);
  const counter = leadingNumber(options.get("HOTP_COUNTER"));
  const isCounting = counter > 0;
  // The module looks for these words anywhere.
  if (!isCounting && !text.includes('" TOTP_AUTH')) {
    throw new Misfit("neither TOTP_AUTH nor HOTP_COUNTER: only its scratch codes work");
  }
  const method = isCounting ? "hotp" : "totp";
  const window = numberOf(options, "WINDOW_SIZE", { lowest: 1, highest: 100, usual: 3 });
  const scratchCodes = readScratchCodes(text);
  const own = isCounting
    ? { period: undefined, lastCounter: counter - 1, skew: 0 }
    : timed(options);
  return {
    kind: "authenticator",
    place: "line 1",
    user,
    method,
    serial: "",
    secret,
    algorithm: algorithmOf(options),
    digits: digitsOf(options),
    ...own,
    scratchCodes: scratchCodes.codes,
    remarks: [
      ...(window > USUAL_WINDOW[method]
        ? [`its window of ${window} codes does not come along`]
        : []),
      ...remarksOn(options, method),
      ...remarksOnScratchCodes(scratchCodes),
    ],
  };
}

/** The first line of a name counts; a line may end in CR, LF or both. */
function optionsOf(text: string): Options {
  const options = new Map<string, string>();
  for (const line of text.split(/[\r\n]+/)) {
    const [, name, value] = /^" ([^ \t]+)[ \t]*(.*)$/s.exec(line) ?? [];
    if (name !== undefined && value !== undefined && !options.has(name)) options.set(name, value);
  }
  return options;
}

function timed(options: Options): {
  period: number;
  lastCounter: number | undefined;
  skew: number;
} {
  const period = numberOf(options, "STEP_SIZE", { lowest: 1, highest: 60, usual: 30 });
  const skew = leadingNumber(options.get("TIME_SKEW"));
  return { period, lastCounter: lastUsedStep(options), skew };
}

/** Of the list of used steps, the module keeps those that are still in its window. */
function lastUsedStep(options: Options): number | undefined {
  const list = options.get("DISALLOW_REUSE");
  if (list === undefined) return undefined;
  const steps = list.split(/[ \t]+/).filter((step) => step !== "");
  if (!steps.every((step) => /^[0-9]{1,10}$/.test(step) && Number(step) <= INT_MAX)) {
    throw new Misfit("a DISALLOW_REUSE that holds more than time steps");
  }
  return steps.reduce((last, step) => Math.max(last, Number(step)), -1);
}

function algorithmOf(options: Options): Algorithm {
  const named = options.get("ALGORITHM")?.trim().toLowerCase() ?? "sha1";
  const algorithm = ALGORITHMS.find((each) => each === named);
  if (algorithm === undefined)
    throw new Misfit("an ALGORITHM that is none of SHA1, SHA256, SHA512");
  return algorithm;
}

function digitsOf(options: Options): Digits {
  return numberOf(options, "DIGITS", { lowest: 6, highest: 8, usual: 6 }) as Digits;
}

interface Bounds {
  readonly lowest: number;
  readonly highest: number;
  readonly usual: number;
}

function numberOf(options: Options, name: string, { lowest, highest, usual }: Bounds): number {
  const text = options.get(name);
  if (text === undefined) return usual;
  const number = Number(/^([0-9]{1,10})(?:[ \t]|$)/.exec(text)?.[1]);
  if (number >= lowest && number <= highest) return number;
  throw new Misfit(`a ${name} that is not from ${lowest} to ${highest}`);
}

/** As strtol(3) reads: what follows the digits does not count, and no digits are 0. */
function leadingNumber(text: string | undefined): number {
  return Number(/^\s*([+-]?[0-9]{1,20})/.exec(text ?? "")?.[1] ?? 0);
}

function remarksOn(options: Options, method: "totp" | "hotp"): string[] {
  const names = [...options.keys()];
  const isGrace = (name: string): boolean => /^LAST[0-9]$/.test(name);
  const remarks: string[] = [];
  if (method === "totp" && !options.has("DISALLOW_REUSE")) {
    remarks.push("a code could be used more than once");
  }
  if (options.has("RATE_LIMIT")) remarks.push("its rate limit does not come along");
  if (names.some(isGrace)) remarks.push("hosts let in without a code do not come along");
  // Not by its name: a damaged file may have anything there.
  if (names.some((name) => !KNOWN.has(name) && !isGrace(name))) {
    remarks.push("an unknown option does not come along");
  }
  return remarks;
}

function remarksOnScratchCodes({ codes, unread }: ScratchCodes): string[] {
  const remarks: string[] = [];
  if (codes.length > 0) remarks.push("scratch codes of 8 digits, shorter than backup codes");
  if (unread !== undefined) remarks.push(`line ${unread} and what follows are no scratch codes`);
  return remarks;
}
