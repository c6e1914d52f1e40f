/** A host of its own whose service asks countersign through pam_exec, and logins to it. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type Countersign, enrollSecret, inHand, succeed } from "../commands/enrolled.ts";
import { Beginning } from "../support/beginning.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";

export const PAM = needs("root", "mount namespaces", "pamtester", "oathtool");

/** What every page tells to write, but for the control field. */
export const EXEC = `pam_exec.so quiet seteuid expose_authtok ${SANDBOX_CLI} verify --pam`;

const SERVICE = "countersign-test";

export interface Login {
  readonly user?: string;
  /** PAM's own environment, as a login would set it. */
  readonly pamEnv?: Readonly<Record<string, string>>;
  /** Who runs pamtester; root when absent. */
  readonly as?: string;
  readonly operation?: string;
}

const ALICE_ENROLLED = new Beginning(async (sandbox) => {
  for (const name of ["alice", "bob"]) await sandbox.addUser(name);
  return enrollSecret(countersignIn(sandbox));
});

function countersignIn(sandbox: Sandbox): Countersign {
  return (args, options) => sandbox.run([SANDBOX_CLI, ...args], options);
}

export class PamHost {
  readonly sandbox: Sandbox;
  readonly countersign: Countersign;

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
    this.countersign = countersignIn(sandbox);
  }

  /** With alice and bob, of whom alice is enrolled. */
  static async open(t: TestContext, stack = `auth required ${EXEC}\n`) {
    const host = new PamHost(await Sandbox.open(t));
    const handedOut = await ALICE_ENROLLED.in(host.sandbox);
    await host.service(stack);
    return { host, ...inHand(handedOut) };
  }

  service(stack: string): Promise<void> {
    return this.sandbox.pamService(SERVICE, stack);
  }

  /** True when the login with that answer gets in. */
  async login(answer: string, login: Login = {}): Promise<boolean> {
    const { user = "alice", pamEnv = {}, as, operation = "authenticate" } = login;
    const env = Object.entries(pamEnv).flatMap(([name, value]) => ["-E", `${name}=${value}`]);
    const argv = ["pamtester", ...env, SERVICE, user, operation];
    const ended = await this.sandbox.run(argv, {
      input: `${answer}\n`,
      ...(as === undefined ? {} : { user: as }),
    });
    const said = `${ended.stdout}${ended.stderr}`;
    // What pamtester says of itself is no verdict: a test is not to take it for a refusal.
    assert.match(said, ended.code === 0 ? /successfully/ : /pamtester: [A-Z]/, said);
    return ended.code === 0;
  }

  /** The last verification in the audit log: verdict and reason. */
  async lastVerdict(): Promise<string> {
    const log = await succeed(this.countersign, ["audit", "list", "--json", "--last", "1"]);
    const [{ verdict, reason }] = JSON.parse(log);
    return reason === null ? verdict : `${verdict}: ${reason}`;
  }
}
