/** Many logins at the same moment: how many a second, and what the daemon's memory is then. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { perSecond } from "./limits.ts";
import type { Login, Mode, Timing, Workshop } from "./login-bench.ts";
import { CountersignVerifier, GoogleAuthenticator, Oath, type Verifier } from "./verifiers.ts";

/** Logins that the codes of are made at once: done before the oldest of them expire. */
const CHUNK = 5_000;

export interface Load {
  readonly name: string;
  /** Logins a second, of each chunk. */
  readonly rates: readonly number[];
  readonly tried: number;
  readonly accepted: number;
  readonly recorded: number;
}

/** The store with the daemon that many log in to, each user once. */
export class LoadedHost {
  readonly verifier: CountersignVerifier;
  readonly home: string;
  readonly #workshop: Workshop;
  #next = 0;
  #accepted = 0;
  /** The daemon's processor time a login, in milliseconds, in the last run. */
  processorTime = 0;

  private constructor(workshop: Workshop, home: string, verifier: CountersignVerifier) {
    this.#workshop = workshop;
    this.home = home;
    this.verifier = verifier;
  }

  static async open(workshop: Workshop, users: number, profile?: string): Promise<LoadedHost> {
    const home = join(workshop.path, `load-${users}${profile ? "-profile" : ""}`);
    mkdirSync(home, { mode: 0o700 });
    const options = profile ? { profile } : {};
    const verifier = await CountersignVerifier.open(workshop, home, users, options);
    return new LoadedHost(workshop, home, verifier);
  }

  /** The next user's login, which must be made soon. */
  nextLogin(): Login {
    return this.verifier.login(this.#next++ % this.verifier.users);
  }

  /** One login that somebody else makes. */
  count(): void {
    this.#accepted++;
  }

  async run(mode: Mode, logins: number, atOnce: number): Promise<Load> {
    const place = mode === "pam" ? this.#workshop.services : this.verifier.daemon.socket;
    const before = this.verifier.daemon.processorTime();
    const timings = await inChunks(logins, (count) => {
      const chunk = Array.from({ length: count }, () => this.nextLogin());
      return this.#workshop.time(mode, place, chunk, { processes: atOnce });
    });
    this.processorTime = (this.verifier.daemon.processorTime() - before) / logins;
    const load = summary(this.verifier, timings, this.#accepted);
    this.#accepted += load.accepted;
    if (load.accepted === load.tried && load.recorded === load.accepted) return load;
    throw new Error(
      `countersign: ${load.tried} logins, ${load.accepted} let in, ${load.recorded} recorded`,
    );
  }

  async close(): Promise<void> {
    await this.verifier.close();
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** The peers under the same load. What they lose is told, not refused. */
export async function peersUnderLoad(
  workshop: Workshop,
  { users, logins, atOnce }: { users: number; logins: number; atOnce: number },
  missing: readonly string[],
): Promise<Load[]> {
  const folder = join(workshop.path, "load-peers");
  mkdirSync(folder, { mode: 0o700 });
  const peers: Verifier[] = [
    new GoogleAuthenticator(workshop, join(folder, "google"), users),
    new Oath(workshop, join(folder, "oath"), users),
  ];
  const loads: Load[] = [];
  for (const peer of peers.filter(({ name }) => !missing.includes(name))) {
    const all = Array.from({ length: logins }, (_, index) => peer.login(index % users));
    const options = { processes: atOnce };
    const timing = await workshop.time("pam", workshop.services, all, options);
    loads.push(summary(peer, [timing], 0));
  }
  rmSync(folder, { recursive: true, force: true });
  return loads;
}

async function inChunks(
  logins: number,
  run: (count: number) => Promise<Timing>,
): Promise<Timing[]> {
  const timings: Timing[] = [];
  for (let done = 0; done < logins; done += CHUNK) {
    timings.push(await run(Math.min(CHUNK, logins - done)));
  }
  return timings;
}

function summary(verifier: Verifier, timings: readonly Timing[], before: number): Load {
  const outcomes = timings.flatMap((timing) => timing.outcomes);
  return {
    name: verifier.name,
    rates: timings.map(perSecond),
    tried: outcomes.length,
    accepted: outcomes.filter(({ isIn }) => isIn).length,
    recorded: verifier.recorded() - before,
  };
}
