/** One login after the other, to each verifier in turn, so that a drifting machine hits all alike. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { commitTimes } from "./limits.ts";
import type { Login, Outcome, Workshop } from "./login-bench.ts";
import { median } from "./measure.ts";
import { CountersignVerifier, GoogleAuthenticator, Oath, type Verifier } from "./verifiers.ts";

/** The first ones, which no table counts: caches fill, and code is compiled. */
const WARM_UP = 200;
/**
 * Logins to one verifier before those to the next: a sync writes what the file system still
 * holds of others' changes too, and the first after another verifier's pays for that one.
 */
const BLOCK = 25;
/** Rounds between two looks at the host's clock. */
const CHUNK = 100;

export interface Comparison {
  readonly verifiers: readonly Times[];
  /** Milliseconds of a durable commit between their logins. */
  readonly commit: number;
}

export interface Times {
  readonly verifier: string;
  /** Users in its store. */
  readonly users: number;
  /** Milliseconds of each login. */
  readonly whole: readonly number[];
  readonly authenticate: readonly number[];
}

/** @param missing names of peers that are not to be measured */
export async function loginTimes(
  workshop: Workshop,
  users: number,
  rounds: number,
  missing: readonly string[],
): Promise<Comparison> {
  const folder = join(workshop.path, `users-${users}`);
  const clockFile = join(workshop.path, `clock-${users}`);
  mkdirSync(join(folder, "home"), { recursive: true, mode: 0o700 });
  const verifiers: Verifier[] = [
    await CountersignVerifier.open(workshop, join(folder, "home"), users, { clockFile }),
  ];
  try {
    if (!missing.includes("pam_google_authenticator.so")) {
      verifiers.push(new GoogleAuthenticator(workshop, join(folder, "google"), users));
    }
    if (!missing.includes("pam_oath.so")) {
      verifiers.push(new Oath(workshop, join(folder, "oath"), users));
    }
    const { outcomes, commits } = await inRounds(workshop, verifiers, users, rounds, clockFile);
    checkRecorded(verifiers, outcomes);
    const counted = outcomes.slice(warmUpLogins(outcomes));
    return {
      verifiers: verifiers.map((verifier) => timesOf(verifier, counted)),
      commit: median(commits),
    };
  } finally {
    for (const verifier of verifiers) await verifier.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inRounds(
  workshop: Workshop,
  verifiers: readonly Verifier[],
  users: number,
  rounds: number,
  clockFile: string,
): Promise<{ outcomes: Outcome[]; commits: number[] }> {
  const outcomes: Outcome[] = [];
  const commits: number[] = [];
  for (let first = 0; first < WARM_UP + rounds; first += CHUNK) {
    const chunk: Login[] = [];
    const end = Math.min(first + CHUNK, WARM_UP + rounds);
    for (let block = first; block < end; block += BLOCK) {
      for (const verifier of verifiers) chunk.push(...loginsOf(verifier, block, users));
    }
    const timing = await workshop.time("pam", workshop.services, chunk, { clockFile });
    outcomes.push(...timing.outcomes);
    commits.push(...commitTimes(workshop, 1, 4 * BLOCK).slice(BLOCK));
  }
  return { outcomes, commits };
}

function loginsOf(verifier: Verifier, first: number, users: number): Login[] {
  return Array.from({ length: BLOCK }, (_, index) => first + index)
    .filter((round) => round % roundsBetween(verifier, users) === 0)
    .map((round) => verifier.login((round * 7919) % verifier.users));
}

/** pam_oath rewrites all of its users at each login: of a million, one is enough to see it. */
function roundsBetween({ name }: Verifier, users: number): number {
  if (name !== "pam_oath.so" || users < 10_000) return 1;
  return users >= 1_000_000 ? 40 : 10;
}

/** The outcomes of the warm-up are the first ones, up to countersign's last of them. */
function warmUpLogins(outcomes: readonly Outcome[]): number {
  const own = outcomes.flatMap(({ service }, index) =>
    service === "pam_countersign.so" ? [index] : [],
  );
  return own[WARM_UP] ?? 0;
}

function checkRecorded(verifiers: readonly Verifier[], outcomes: readonly Outcome[]): void {
  for (const verifier of verifiers) {
    const own = outcomes.filter(({ service }) => service === verifier.name);
    const accepted = own.filter(({ isIn }) => isIn).length;
    if (accepted === own.length && verifier.recorded() === accepted) continue;
    throw new Error(
      `${verifier.name}: ${own.length} logins, ${accepted} let in, ${verifier.recorded()} recorded`,
    );
  }
}

function timesOf({ name, users }: Verifier, outcomes: readonly Outcome[]): Times {
  const own = outcomes.filter(({ service }) => service === name);
  return {
    verifier: name,
    users,
    whole: own.map(({ whole }) => whole),
    authenticate: own.map(({ authenticate }) => authenticate),
  };
}
