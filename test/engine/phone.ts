/** An authenticator app: it has the secret, and a clock that may be off. */
import type { Clock } from "../../src/contracts/clock.ts";
import { decodeBase32 } from "../../src/core/base32.ts";
import { codeAt, DEFAULT_PARAMETERS, type OtpParameters, timeStepAt } from "../../src/core/totp.ts";

export class Phone {
  readonly secret: Uint8Array;
  readonly #clock: Clock;
  readonly #parameters: OtpParameters;

  constructor(secret: string, clock: Clock, parameters: OtpParameters = DEFAULT_PARAMETERS) {
    this.secret = decodeBase32(secret);
    this.#clock = clock;
    this.#parameters = parameters;
  }

  /** The code of now, or of that many steps later. */
  code(steps = 0): string {
    const { period } = this.#parameters;
    return codeAt(this.secret, timeStepAt(this.#clock.now(), period) + steps, this.#parameters);
  }

  /** A code that is right neither now nor anywhere near. */
  wrongCode(): string {
    const near = new Set(Array.from({ length: 2_001 }, (_, index) => this.code(index - 1_000)));
    for (let code = 0; ; code++) {
      const text = `${code}`.padStart(this.#parameters.digits, "0");
      if (!near.has(text)) return text;
    }
  }
}
