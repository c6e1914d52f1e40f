/** The three that are compared: each writes down every login before it lets anybody in. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeBase32 } from "../../src/core/base32.ts";
import { DEFAULT_PARAMETERS, timeStepAt } from "../../src/core/totp.ts";
import { Daemon, type DaemonOptions } from "./daemon-under-test.ts";
import { acceptsIn, codeOf, enrollMany, nameOf, secretOf } from "./enrolled.ts";
import type { Login, Workshop } from "./login-bench.ts";

const PERIOD = DEFAULT_PARAMETERS.period * 1000;
/** Files that are made at most so long, in milliseconds; more would only fill the disk. */
const PATIENCE = 120_000;

export interface Verifier {
  /** Of the module, and of its PAM service. */
  readonly name: string;
  /** Users who can log in: all that are asked for, unless that took too long. */
  readonly users: number;
  /** The user's next login, with a code that was not used before. */
  login(user: number): Login;
  /** Logins that it has written down. */
  recorded(): number;
  close(): Promise<void>;
}

/** Where Debian puts the modules of others. */
function moduleOf(name: string): string {
  const folders = ["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/lib", "/usr/lib"];
  const found = folders.map((folder) => join(folder, "security", name)).find(existsSync);
  return found ?? name;
}

export const PEERS = [
  { name: "pam_google_authenticator.so", part: "libpam-google-authenticator" },
  { name: "pam_oath.so", part: "libpam-oath" },
] as const;

/** The peers that this machine lacks, with the package that brings them. */
export function missingPeers(): readonly { name: string; part: string }[] {
  return PEERS.filter(({ name }) => !existsSync(moduleOf(name)));
}

function serve(workshop: Workshop, name: string, stack: string): void {
  writeFileSync(join(workshop.services, name), `auth required ${stack}\n`);
}

/**
 * pam_countersign.so with a real daemon. With a clock file, each login is a time step after
 * the one before; without, it is at the host's own time, so that a user has one in 30 s.
 */
export class CountersignVerifier implements Verifier {
  readonly name = "pam_countersign.so";
  readonly users: number;
  readonly daemon: Daemon;
  readonly #home: string;
  readonly #isClockSet: boolean;
  #clock = Date.now();

  private constructor(home: string, users: number, daemon: Daemon, isClockSet: boolean) {
    this.#home = home;
    this.users = users;
    this.daemon = daemon;
    this.#isClockSet = isClockSet;
  }

  /** @param home a directory that is there; its store is made when it has none */
  static async open(
    workshop: Workshop,
    home: string,
    users: number,
    options: DaemonOptions = {},
  ): Promise<CountersignVerifier> {
    if (!existsSync(join(home, "store.db"))) await enrollMany(home, users);
    const daemon = await Daemon.start(home, options);
    const verifier = new CountersignVerifier(home, users, daemon, options.clockFile !== undefined);
    const stack = `${workshop.module} socket=${daemon.socket} verifier=/nonexistent`;
    serve(workshop, verifier.name, stack);
    return verifier;
  }

  login(user: number): Login {
    if (this.#isClockSet) this.#clock += PERIOD;
    const at = this.#isClockSet ? this.#clock : Date.now();
    const code = codeOf(user, timeStepAt(at, DEFAULT_PARAMETERS.period));
    return {
      service: this.name,
      user: nameOf(user),
      code,
      clock: this.#isClockSet ? this.#clock : 0,
    };
  }

  recorded(): number {
    return acceptsIn(this.#home);
  }

  close(): Promise<void> {
    return this.daemon.stop();
  }
}

/** HOTP counters of each user, beginning at the one that its file begins with. */
class Counters {
  readonly #first: number;
  readonly #next = new Map<number, number>();

  constructor(first: number) {
    this.#first = first;
  }

  code(user: number): string {
    const counter = this.#next.get(user) ?? this.#first;
    this.#next.set(user, counter + 1);
    return codeOf(user, counter);
  }
}

/** A file a user, in one directory, rewritten at each login. */
export class GoogleAuthenticator implements Verifier {
  readonly name = PEERS[0].name;
  readonly users: number;
  readonly #folder: string;
  readonly #counters = new Counters(1);

  constructor(workshop: Workshop, folder: string, users: number) {
    this.#folder = folder;
    mkdirSync(folder, { mode: 0o700 });
    this.users = this.#enroll(users);
    serve(workshop, this.name, `${moduleOf(this.name)} secret=${folder}/\${USER} user=root`);
  }

  #enroll(users: number): number {
    const until = Date.now() + PATIENCE;
    for (let user = 0; user < users; user++) {
      if (user % 1000 === 0 && Date.now() > until) return user;
      const text = `${encodeBase32(secretOf(user))}\n" HOTP_COUNTER 1\n`;
      writeFileSync(join(this.#folder, nameOf(user)), text, { mode: 0o400 });
    }
    return users;
  }

  login(user: number): Login {
    const code = this.#counters.code(user);
    return { service: this.name, user: nameOf(user), code, clock: 0 };
  }

  recorded(): number {
    const counters = readdirSync(this.#folder).map((name) => {
      const text = readFileSync(join(this.#folder, name), "utf8");
      return Number(/^" HOTP_COUNTER (\d+)/m.exec(text)?.[1]) - 1;
    });
    return counters.reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {}
}

/** One file for all users, read and rewritten at each login. */
export class Oath implements Verifier {
  readonly name = PEERS[1].name;
  readonly users: number;
  readonly #file: string;
  readonly #counters = new Counters(0);

  constructor(workshop: Workshop, folder: string, users: number) {
    this.users = users;
    mkdirSync(folder, { mode: 0o700 });
    this.#file = join(folder, "users.oath");
    const lines = Array.from({ length: users }, (_, user) => {
      return `HOTP ${nameOf(user)} - ${secretOf(user).toString("hex")}\n`;
    });
    writeFileSync(this.#file, lines.join(""), { mode: 0o600 });
    serve(workshop, this.name, `${moduleOf(this.name)} usersfile=${this.#file} digits=6 window=10`);
  }

  login(user: number): Login {
    const code = this.#counters.code(user);
    return { service: this.name, user: nameOf(user), code, clock: 0 };
  }

  recorded(): number {
    const lines = readFileSync(this.#file, "utf8").split("\n");
    return lines
      .map((line) => line.split(/\s+/)[4])
      .filter((counter) => counter !== undefined)
      .reduce((sum, counter) => sum + Number(counter) + 1, 0);
  }

  async close(): Promise<void> {}
}
