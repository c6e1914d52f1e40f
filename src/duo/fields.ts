/**
 * Reads one of Duo's replies field by field. What is not of the form the documentation gives
 * is a fault, and never a default: `undefined` must not come to mean "allow".
 */
import { printable } from "../core/printable.ts";
import { DuoFault, type Effect, mayHaveActed } from "./duo-fault.ts";

/** The call whose reply it is. */
export interface Call {
  readonly name: string;
  readonly effect: Effect;
}

/** Seconds: the last that a Date holds. */
const LATEST = 8_640_000_000_000;
const LONGEST_URL = 2048;
const LONGEST_IDENTIFIER = 512;

export class Fields {
  readonly #call: Call;
  readonly #values: Readonly<Record<string, unknown>>;

  /** @throws DuoFault `nonsense`, as every member does */
  constructor(value: unknown, call: Call) {
    this.#call = call;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw nonsense(call, "is no object");
    }
    this.#values = value as Record<string, unknown>;
  }

  has(name: string): boolean {
    // Duo has null where there is nothing, in some fields.
    return Object.hasOwn(this.#values, name) && this.#values[name] !== null;
  }

  /** What people read: one line, nothing that a terminal obeys. It may be empty. */
  text(name: string): string {
    return oneLine(this.#string(name));
  }

  optionalText(name: string): string | undefined {
    return (this.has(name) && this.text(name)) || undefined;
  }

  /** What only goes back to Duo, or into a QR code: visible ASCII. */
  identifier(name: string): string {
    const value = this.#string(name);
    if (!/^[\x21-\x7e]+$/.test(value) || value.length > LONGEST_IDENTIFIER) {
      throw this.#unfit(name);
    }
    return value;
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.#string(name);
    const found = values.find((each) => each === value);
    if (found === undefined) throw this.#unfit(name);
    return found;
  }

  /** An address that a person is sent to. */
  https(name: string): string {
    const value = this.#string(name);
    const url = URL.parse(value);
    const fits = value.length <= LONGEST_URL && url?.protocol === "https:";
    if (!fits || url.username !== "" || url.password !== "") throw this.#unfit(name);
    return url.href;
  }

  /** Seconds since the epoch there, milliseconds here. */
  time(name: string): number {
    const value = this.#values[name];
    if (typeof value !== "number" || !Number.isInteger(value)) throw this.#unfit(name);
    if (value < 0 || value > LATEST) throw this.#unfit(name);
    return value * 1000;
  }

  /** Of a list of texts, those known here: more may come. */
  known<T extends string>(name: string, values: readonly T[]): T[] {
    const list: unknown[] = this.has(name) ? this.#list(name) : [];
    return values.filter((each) => list.includes(each));
  }

  records(name: string): Fields[] {
    return this.#list(name).map((each) => new Fields(each, this.#call));
  }

  #list(name: string): unknown[] {
    const value = this.#values[name];
    if (!Array.isArray(value)) throw this.#unfit(name);
    return value;
  }

  #string(name: string): string {
    const value = this.has(name) ? this.#values[name] : undefined;
    if (typeof value !== "string") throw this.#unfit(name);
    return value;
  }

  #unfit(name: string): DuoFault {
    return nonsense(this.#call, `has no "${name}" that fits`);
  }
}

/** Text of Duo's as one line: white space of every kind becomes one space. */
export function oneLine(text: string, limit = 256): string {
  return printable(text.replace(/\s+/gu, " ").trim(), limit);
}

export function nonsense({ name, effect }: Call, what: string): DuoFault {
  return new DuoFault("nonsense", `Duo's reply to ${name} ${what}`, {
    mayHaveActed: mayHaveActed(effect, true),
  });
}
