/**
 * What hosts run today, for real: google-authenticator's own command and the PAM modules
 * pam_google_authenticator and pam_oath, in a machine of their own.
 */
import assert from "node:assert/strict";
import { needs } from "../support/parts.ts";
import { runOrThrow } from "../support/run.ts";
import type { Sandbox } from "../support/sandbox.ts";
import { EXEC } from "./pam-service.ts";

export const PEERS = needs(
  ...["root", "mount namespaces", "pamtester", "oathtool", "google-authenticator", "libpam-oath"],
);

export const USERS_FILE = "/etc/users.oath";

const STACKS = {
  countersign: EXEC,
  google: "pam_google_authenticator.so",
  oath: `pam_oath.so usersfile=${USERS_FILE} window=10`,
} as const;

/** Of them, and of who takes over. */
export type Service = keyof typeof STACKS;

/** What google-authenticator tells who has set it up. */
export interface HandedOut {
  /** Base32. */
  readonly secret: string;
  readonly scratchCodes: readonly string[];
}

/** Reads what google-authenticator prints. */
export function handedOut(stdout: string): HandedOut {
  const secret = /^Your new secret key is: ([A-Z2-7]+)$/m.exec(stdout)?.[1];
  assert.ok(secret !== undefined, "google-authenticator told no secret");
  return { secret, scratchCodes: stdout.match(/^ {2}\d{8}$/gm)?.map((code) => code.trim()) ?? [] };
}

/** Sets up the user with google-authenticator, as it was called by that user. */
export async function setUp(sandbox: Sandbox, user: string, ...options: string[]) {
  const argv = ["google-authenticator", "-C", "-f", "-Q", "NONE", ...options];
  const ended = await runOrThrow(sandbox.enter(argv, user), {
    env: { PATH: "/usr/bin:/bin", HOME: `/home/${user}`, USER: user, LOGNAME: user },
  });
  return handedOut(ended.stdout);
}

export async function serve(sandbox: Sandbox): Promise<void> {
  for (const [service, stack] of Object.entries(STACKS)) {
    await sandbox.pamService(`test-${service}`, `auth required ${stack}\n`);
  }
}

/** True when the module lets that code in. */
export async function login(
  sandbox: Sandbox,
  service: Service,
  user: string,
  code: string,
  env: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  const argv = ["pamtester", `test-${service}`, user, "authenticate"];
  const ended = await sandbox.run(argv, {
    input: `${code}\n`,
    env: { PATH: "/usr/bin:/bin:/usr/sbin", LANG: "C.UTF-8", ...env },
  });
  const said = `${ended.stdout}${ended.stderr}`;
  // What pamtester says of itself is no verdict.
  assert.match(said, ended.code === 0 ? /successfully authenticated/ : /pamtester: [A-Z]/);
  return ended.code === 0;
}

/** A code as oathtool computes it: of a counter, or of a time in milliseconds. */
export async function code(
  secret: string,
  at: { readonly counter: number } | { readonly now: number },
  { digits = 6, period = 30 } = {},
): Promise<string> {
  const moment =
    "counter" in at
      ? ["--counter", `${at.counter}`]
      : ["--totp", `--time-step-size=${period}s`, `--now=@${Math.floor(at.now / 1000)}`];
  const argv = ["oathtool", "--base32", ...moment, "--digits", `${digits}`, "-"];
  return (await runOrThrow(argv, { input: `${secret}\n` })).stdout.trim();
}
