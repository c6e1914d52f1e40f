/** A hardware token, or an app, that counts: each press of its button shows the next code. */
import { type CodeParameters, codeAt, DEFAULT_PARAMETERS } from "../../src/core/totp.ts";

export class Token {
  readonly secret: Uint8Array;
  /** The counter of the next code. */
  next: number;
  readonly #parameters: CodeParameters;

  constructor(secret: Uint8Array, next = 0, parameters: CodeParameters = DEFAULT_PARAMETERS) {
    this.secret = secret;
    this.next = next;
    this.#parameters = parameters;
  }

  press(): string {
    return this.at(this.next++);
  }

  /** Pressed to no purpose, as in a pocket. */
  skip(presses: number): void {
    this.next += presses;
  }

  /** The code of any counter. */
  at(counter: number): string {
    return codeAt(this.secret, counter, this.#parameters);
  }

  /** A code that is none of those near. */
  wrongCode(): string {
    const near = new Set(
      Array.from({ length: 2_001 }, (_, n) => this.at(Math.max(0, this.next + n - 1_000))),
    );
    for (let code = 0; ; code++) {
      const text = `${code}`.padStart(this.#parameters.digits, "0");
      if (!near.has(text)) return text;
    }
  }
}
