/** A user enrolled through the command itself, and the phone that shows their codes. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Home } from "../support/cli.ts";
import { oathtool, oathtoolSteps } from "../support/clock.ts";
import type { Run, RunOptions } from "../support/run.ts";

/** Runs countersign with these arguments, wherever it is tried. */
export type Countersign = (args: readonly string[], options?: RunOptions) => Promise<Run>;

const STEP = 30_000;
/** The time step, from now, whose code confirms an enrollment. */
const FIRST = -7;

/** An authenticator app with one entry: oathtool computes what it shows. */
export class Phone {
  readonly #secret: string;
  /** Steps from now of the next code that no earlier one spends. */
  #ahead: number;
  readonly #since = Math.floor(Date.now() / STEP);

  constructor(secret: string, ahead = 0) {
    this.#secret = secret;
    this.#ahead = ahead;
  }

  /** What it shows with a clock that is `offset` milliseconds ahead. */
  code(offset = 0): Promise<string> {
    return oathtool(this.#secret, Date.now() + offset);
  }

  /** A code that was not given out before, later than all that were. */
  next(): Promise<string> {
    return oathtool(this.#secret, (this.#since + this.#ahead++) * STEP);
  }

  /** Six digits that no clock near this one shows. */
  async wrong(): Promise<string> {
    const shown = new Set(await oathtoolSteps(this.#secret, Date.now() - 15 * STEP, 31));
    const wrong = ["000000", "111111", "222222"].find((code) => !shown.has(code));
    assert.ok(wrong, "no code is wrong");
    return wrong;
  }
}

export interface Enrolled {
  readonly phone: Phone;
  readonly backupCodes: readonly string[];
}

/**
 * Enrolls a user with the two-step form that scripts use. Codes of many steps around now are
 * good then, so that a test need not wait for a new one: it has some fifteen to spend.
 */
export async function enroll(countersign: Countersign, user = "alice"): Promise<Enrolled> {
  return inHand(await enrollSecret(countersign, user));
}

/** What an enrollment hands out. */
export interface HandedOut {
  readonly secret: string;
  readonly backupCodes: readonly string[];
}

/** As its user holds it then: a phone, of whose codes none is spent but the one that confirmed. */
export function inHand({ secret, backupCodes }: HandedOut): Enrolled {
  return { phone: new Phone(secret, FIRST + 1), backupCodes };
}

/** The same as `enroll`, for an enrollment that is copied. */
export async function enrollSecret(countersign: Countersign, user = "alice"): Promise<HandedOut> {
  await succeed(countersign, ["init"]);
  await succeed(countersign, ["config", "set", "totp.window", "10"]);
  const begun = JSON.parse(await succeed(countersign, ["enroll", user, "--begin", "--json"]));
  const code = await new Phone(begun.secret, FIRST).next();
  const confirm = ["enroll", user, "--confirm", "--code-stdin", "--json"];
  const { backupCodes } = JSON.parse(await succeed(countersign, confirm, code));
  return { secret: begun.secret, backupCodes };
}

interface Original extends HandedOut {
  readonly path: string;
}

/** What one test file starts from, by its user: made once, and copied for each test. */
const originals = new Map<string, Promise<Original>>();

/** A home of a test's own where alice, or somebody else, is enrolled. */
export async function enrolledHome(t: Pick<TestContext, "after">, user = "alice") {
  const original = originals.get(user) ?? makeOriginal(user);
  originals.set(user, original);
  const { path, ...handedOut } = await original;
  const home = await Home.make(t);
  await cp(path, home.path, { recursive: true });
  const countersign = home.run.bind(home);
  return { home, countersign, ...inHand(handedOut) };
}

async function makeOriginal(user: string): Promise<Original> {
  const path = mkdtempSync(join(tmpdir(), "countersign-test-"));
  process.on("exit", () => rmSync(path, { recursive: true, force: true }));
  const home = new Home(path);
  return { path, ...(await enrollSecret(home.run.bind(home), user)) };
}

/** Standard output of a command that has to succeed. */
export async function succeed(
  countersign: Countersign,
  args: readonly string[],
  input = "",
): Promise<string> {
  const ended = await countersign(args, { input });
  assert.deepEqual([ended.stderr, ended.code], ["", 0], args.join(" "));
  return ended.stdout;
}
