/**
 * A post to attack: a home where alice is enrolled and her next code is still unspent. It is
 * made once in a file and copied for every fault, so that each begins from the same state.
 */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import { connect } from "../../src/client/connect.ts";
import { decodeBase32 } from "../../src/core/base32.ts";
import { codeAt, DEFAULT_PARAMETERS, timeStepAt } from "../../src/core/totp.ts";
import { scopeOf } from "../../src/settings/scope.ts";
import { Home, makeDirectory } from "../support/cli.ts";
import type { Run, RunOptions } from "../support/run.ts";

/** Runs `countersign ARGS` in some home: this machine's, or a sandbox's. */
export type Countersign = (args: readonly string[], options?: RunOptions) => Promise<Run>;

/** What was handed out at alice's enrollment. */
export interface Handed {
  readonly secret: string;
  readonly backupCodes: readonly string[];
}

/** One line that says what happened, at most one more with the mend: no stack, no "internal". */
export const TOLD = /^error: (?!internal)[^\n]+\n(try: [^\n]+\n)?$/;

/** The code of a secret, that many time steps from now. */
export function codeOf(secret: string, steps = 0): string {
  const step = timeStepAt(Date.now(), 30) + steps;
  return codeAt(decodeBase32(secret), step, DEFAULT_PARAMETERS);
}

/** Sets up a home, with a window wide enough that a slow machine refuses no code of these tests. */
export async function setUp(countersign: Countersign): Promise<void> {
  done(await countersign(["init"]));
  done(await countersign(["config", "set", "totp.window", "4"]));
}

/** Enrolls with the code before the present one: the present one stays unspent. */
export async function enroll(countersign: Countersign, user = "alice"): Promise<Handed> {
  const begun = done(await countersign(["enroll", user, "--begin", "--json"]));
  const { secret } = JSON.parse(begun.stdout);
  const confirm = ["enroll", user, "--confirm", "--code-stdin", "--json"];
  const confirmed = done(await countersign(confirm, { input: codeOf(secret, -1) }));
  return { secret, backupCodes: JSON.parse(confirmed.stdout).backupCodes };
}

export class Post {
  readonly home: Home;
  readonly handed: Handed;

  constructor(home: Home, handed: Handed) {
    this.home = home;
    this.handed = handed;
  }

  static async make(t: Pick<TestContext, "after">): Promise<Post> {
    const home = await Home.make(t);
    const countersign: Countersign = (args, options) => home.run(args, options);
    await setUp(countersign);
    return new Post(home, await enroll(countersign));
  }

  /** One that is there until every test of the file has ended. */
  static forThisFile(): Promise<Post> {
    return Post.make({ after: (work) => after(work as () => void) });
  }

  async copy(t: Pick<TestContext, "after">): Promise<Post> {
    const path = join(await makeDirectory(t), "home");
    await cp(this.home.path, path, { recursive: true, preserveTimestamps: true });
    return new Post(new Home(path), this.handed);
  }

  file(name: "countersign.json" | "store.db" | "master.key" | (string & {})): string {
    return join(this.home.path, name);
  }

  /** Verifies alice with her own unspent code, or with another answer. */
  verify(answer = codeOf(this.handed.secret), options: RunOptions = {}): Promise<Run> {
    const args = ["verify", "alice", "--code-stdin", "--json"];
    return this.home.run(args, { ...options, input: answer });
  }

  /**
   * The right code is not accepted: the fault is told in one line and verify ends with
   * `status`; another command is told the same, and ends with 1.
   */
  async isShut(status: 2 | 5, says: RegExp, options: RunOptions = {}): Promise<void> {
    const [verified, listed] = await Promise.all([
      this.verify(undefined, options),
      this.home.run(["user", "list", "--json"], options),
    ]);
    assertRefused(verified, status, says, this.handed);
    assert.equal(listed.code, 1, listed.stdout);
    assert.equal(listed.stdout, "");
    assertTold(listed, says, this.handed);
  }

  /** Nothing was spent meanwhile: the same code passes, once. */
  async isOpen(): Promise<void> {
    await assertOpen((args, options) => this.home.run(args, options), this.handed);
  }

  /** And nothing was lost: as `assertWhole`, but that the store is read in this process. */
  async isWhole(): Promise<void> {
    await this.isOpen();
    await assertBackupCode((args, options) => this.home.run(args, options), this.handed);
    const home = this.home.path;
    const scope = scopeOf({ uid: process.getuid?.() ?? 0, home, env: this.home.env });
    const { service } = await connect({ scope });
    try {
      const [alice] = await Array.fromAsync(service.listUsers());
      assert.equal(alice?.status, "active");
      assert.equal((await service.verifyAudit()).intact, true);
    } finally {
      await service.close();
    }
  }
}

export function assertRefused(verified: Run, status: 2 | 5, says: RegExp, handed: Handed): void {
  assertTold(verified, says, handed);
  assert.equal(verified.code, status, verified.stderr);
  if (status === 2) assert.equal(verified.stdout, "");
  else assert.equal(JSON.parse(verified.stdout).verdict, "unavailable");
}

export function assertTold({ stdout, stderr }: Run, says: RegExp, { secret }: Handed): void {
  assert.match(stderr, TOLD);
  assert.match(stderr, says);
  assert.ok(!(stdout + stderr).includes(secret), "the secret is in what was printed");
}

/** The unspent code passes, and passes once. */
export async function assertOpen(countersign: Countersign, handed: Handed): Promise<void> {
  const verify = ["verify", "alice", "--code-stdin", "--json"];
  const input = codeOf(handed.secret);
  const first = done(await countersign(verify, { input }));
  assert.equal(JSON.parse(first.stdout).verdict, "accept");
  const again = await countersign(verify, { input });
  assert.equal(again.code, 1, "a code passed twice");
}

/** A backup code passes, the user is enrolled, the log holds. */
export async function assertWhole(countersign: Countersign, handed: Handed): Promise<void> {
  const [, list, log] = await Promise.all([
    assertBackupCode(countersign, handed),
    countersign(["user", "list", "--json"]),
    countersign(["audit", "verify", "--json"]),
  ]);
  assert.equal(JSON.parse(done(list).stdout)[0].status, "active");
  assert.equal(JSON.parse(done(log).stdout).intact, true);
}

async function assertBackupCode(countersign: Countersign, handed: Handed): Promise<void> {
  const verify = ["verify", "alice", "--code-stdin", "--json"];
  const passed = await countersign(verify, { input: handed.backupCodes.at(-1) ?? "" });
  assert.equal(JSON.parse(done(passed).stdout).method, "backup-code");
}

/** For what has to succeed. */
export function done(ended: Run): Run {
  assert.equal(ended.code, 0, `ended with ${ended.code ?? ended.signal}: ${ended.stderr}`);
  return ended;
}
