/** Time for tests: a clock that is set by hand, and codes as another program computes them. */
import type { Clock } from "../../src/contracts/clock.ts";
import type { OtpParameters } from "../../src/core/totp.ts";
import { runOrThrow } from "./run.ts";

/** A clock that moves only when told to, and backwards too. */
export class SettableClock implements Clock {
  #now: number;

  /** `now` is in milliseconds, or a date such as "2026-01-01T00:00:00Z". */
  constructor(now: number | string) {
    this.#now = new Date(now).getTime();
  }

  now(): number {
    return this.#now;
  }

  set(now: number | string): void {
    this.#now = new Date(now).getTime();
  }

  /** Milliseconds; negative steps back. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

/**
 * The code that oathtool, an independent implementation, computes for a base32 secret at
 * `now` (milliseconds). The secret goes by standard input: arguments are for all to read.
 */
export async function oathtool(
  secret: string,
  now = Date.now(),
  parameters: Partial<OtpParameters> = {},
): Promise<string> {
  const [code = ""] = await oathtoolSteps(secret, now, 1, parameters);
  return code;
}

/** The same of so many time steps, from the one of `now` on. */
export async function oathtoolSteps(
  secret: string,
  now: number,
  count: number,
  parameters: Partial<OtpParameters> = {},
): Promise<readonly string[]> {
  const { algorithm = "sha1", digits = 6, period = 30 } = parameters;
  const at = `@${Math.floor(now / 1000)}`;
  const form = [
    `--totp=${algorithm}`,
    "--base32",
    `--digits=${digits}`,
    `--time-step-size=${period}s`,
    `--window=${count - 1}`,
  ];
  const ended = await runOrThrow(["oathtool", ...form, `--now=${at}`, "-"], { input: secret });
  return ended.stdout.trim().split("\n");
}

/** What a token of oathtool's shows at `counter` and, pressed on, after that: `count` codes. */
export async function oathtoolCounters(
  secret: string,
  counter: number,
  count: number,
  digits = 6,
): Promise<readonly string[]> {
  const form = ["--hotp", "--base32", `--digits=${digits}`, `--window=${count - 1}`];
  const argv = ["oathtool", ...form, `--counter=${counter}`, "-"];
  return (await runOrThrow(argv, { input: secret })).stdout.trim().split("\n");
}
