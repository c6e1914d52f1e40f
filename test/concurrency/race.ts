/** Starts a race: processes that all submit one answer at one moment. */
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { type Connection, connect } from "../../src/client/connect.ts";
import { initialize } from "../../src/client/initialize.ts";
import { decodeBase32 } from "../../src/core/base32.ts";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import { scopeOf } from "../../src/settings/scope.ts";
import { silence } from "../engine/conversations.ts";
import { Phone } from "../engine/phone.ts";
import { Token } from "../engine/token.ts";
import { makeDirectory } from "../support/cli.ts";
import { runOrThrow } from "../support/run.ts";

const CONTENDER = fileURLToPath(new URL("contender.ts", import.meta.url));
const PROCESSES = 10;

export interface Arena extends Connection {
  readonly home: string;
}

/** A home of its own, set up, and this test's own door to it. */
export async function makeArena(t: TestContext): Promise<Arena> {
  const home = await makeDirectory(t);
  const scope = scopeOf({ uid: process.getuid?.() ?? 0, home, env: { COUNTERSIGN_HOME: home } });
  await initialize(scope);
  const connection = await connect({ scope });
  t.after(() => connection.service.close());
  return { ...connection, home };
}

export async function begin({ service }: Arena, user: string): Promise<Phone> {
  const options = { method: "totp", ...DEFAULT_PARAMETERS };
  const { secret } = await service.beginEnrollment(user, options, silence);
  return new Phone(secret, Date);
}

export async function enroll(arena: Arena, user: string) {
  const phone = await begin(arena, user);
  // The step before: the code of now is then still to be used.
  const confirmed = await arena.service.confirmEnrollment(user, "totp", phone.code(-1));
  if (confirmed.status !== "active") throw new Error("the enrollment was not confirmed");
  return { phone, backupCodes: confirmed.backupCodes };
}

/** The same, of a token that counts. */
export async function enrollCounting({ service }: Arena, user: string): Promise<Token> {
  const options = { method: "hotp", ...DEFAULT_PARAMETERS, period: undefined };
  const { secret } = await service.beginEnrollment(user, options, silence);
  const token = new Token(decodeBase32(secret));
  const { status } = await service.confirmEnrollment(user, "hotp", token.press());
  if (status !== "active") throw new Error("the enrollment was not confirmed");
  return token;
}

/** A hundred submissions from ten processes at one moment: what each came to. */
export async function race<T>(
  arena: Arena,
  task: "verify" | "confirm",
  user: string,
  answer: string,
): Promise<T[]> {
  // Time enough for all of them to start, also where cores are few.
  const moment = Date.now() + 2_500;
  const argv = [arena.home, task, user, `${100 / PROCESSES}`, `${moment}`];
  const runs = Array.from({ length: PROCESSES }, () =>
    runOrThrow([process.execPath, CONTENDER, ...argv], { input: answer, timeout: 60_000 }),
  );
  const ended = await Promise.all(runs);
  return ended.flatMap(({ stdout }) => JSON.parse(stdout) as T[]);
}
