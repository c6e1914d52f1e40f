/** Duo: whether each method is set up as a whole, who vouches for its host, and what Duo says. */
import type { FailMode } from "../contracts/method.ts";
import { Fault } from "../core/fault.ts";
import { type Finding, voiceOf } from "./finding.ts";

export interface DuoReaders {
  /** @throws Fault where the settings do not parse */
  readonly methods: () => readonly DuoMethodFacts[];
  readonly now: () => number;
}

/** One method of Duo, as it is set up, and how to look further. */
export interface DuoMethodFacts {
  readonly method: string;
  readonly apiHost: string | undefined;
  /** The integration key or client id, and what Duo calls it. */
  readonly id: string | undefined;
  readonly idName: string;
  readonly failMode: FailMode;
  readonly caFile: string | undefined;
  /** @throws Fault for an API host that is not what the settings allow */
  readonly checkHost: () => void;
  /** When the first of those expires who may vouch for the host: milliseconds. @throws Fault */
  readonly firstExpiry: () => number;
  /** Undefined where the store cannot be looked into, which its own check tells. */
  readonly hasSecret: () => Promise<boolean | undefined>;
  /** Seconds that this host's clock is ahead of Duo's; undefined without the key. @throws Fault */
  readonly ask: () => Promise<number | undefined>;
}

const DAY = 86_400_000;
/** Long enough for a new version, or a new file, to be put on every host. */
const EXPIRES_SOON = 90 * DAY;

/** Seconds. Duo takes requests of a few minutes, so it would not say so itself. */
const CLOCK_TOLERANCE = 60;

const { ok, warning, problem } = voiceOf("duo");

export async function examineDuo({ methods, now }: DuoReaders): Promise<readonly Finding[]> {
  let all: readonly DuoMethodFacts[];
  try {
    all = methods();
  } catch {
    return [warning("not looked for: the settings do not parse")];
  }
  const begun = all.filter(({ apiHost, id }) => (apiHost ?? id) !== undefined);
  const found = await Promise.all(begun.map((facts) => examineMethod(facts, now())));
  return found.flat();
}

async function examineMethod(facts: DuoMethodFacts, now: number): Promise<readonly Finding[]> {
  const broken = halfConfigured(facts) ?? wrongHost(facts);
  if (broken) return [broken];
  const vouching = examineAuthorities(facts, now);
  const before = [...weakFailMode(facts), ...vouching];
  if (vouching.some(({ state }) => state === "problem")) return before;
  return [...(await examineAtDuo(facts)), ...before];
}

function halfConfigured({ method, apiHost, id, idName }: DuoMethodFacts): Finding | undefined {
  if (apiHost !== undefined && id !== undefined) return undefined;
  const [there, missing] = apiHost === undefined ? [idName, "API host"] : ["API host", idName];
  return problem(
    `${method} is off: there is an ${there}, and no ${missing}`.replace("an client", "a client"),
    `countersign duo configure ${method}`,
  );
}

function wrongHost({ method, checkHost }: DuoMethodFacts): Finding | undefined {
  try {
    checkHost();
    return undefined;
  } catch (error) {
    return refused(method, error);
  }
}

function weakFailMode({ method, failMode }: DuoMethodFacts): Finding[] {
  if (failMode !== "safe") return [];
  return [
    warning(
      `the fail mode of ${method} is safe: while Duo is out of reach, who is enrolled in nothing else is let in`,
      `countersign config unset duo.${method.slice("duo-".length)}.failMode`,
    ),
  ];
}

function examineAuthorities(facts: DuoMethodFacts, now: number): Finding[] {
  const { method, caFile } = facts;
  let expiry: number;
  try {
    expiry = facts.firstExpiry();
  } catch (error) {
    return [refused(method, error)];
  }
  if (expiry - now >= EXPIRES_SOON) return [];
  const day = new Date(expiry).toISOString().slice(0, 10);
  const when = expiry <= now ? `expired on ${day}` : `expires on ${day}`;
  if (caFile !== undefined) {
    const mend = "put the authority's next certificate into that file as well";
    return [warning(`${method}: a certificate in ${caFile} ${when}`, mend)];
  }
  return [
    warning(
      `${method}: one of the roots that vouch for Duo ${when}`,
      "update countersign on this host",
    ),
  ];
}

async function examineAtDuo({ method, hasSecret, ask }: DuoMethodFacts): Promise<Finding[]> {
  const isStored = await hasSecret();
  if (isStored === undefined)
    return [warning(`${method}: not asked: the store cannot be looked into`)];
  if (!isStored) {
    return [problem(`${method}: its secret is not stored`, `countersign duo configure ${method}`)];
  }
  try {
    const offset = await ask();
    if (offset === undefined)
      return [warning(`${method}: not asked: the master key is not to be had`)];
    return [taken(method, offset)];
  } catch (error) {
    return [refused(method, error)];
  }
}

function taken(method: string, offset: number): Finding {
  const off = Math.abs(offset);
  if (off <= CLOCK_TOLERANCE) return ok(`${method}: Duo takes the keys`);
  const side = offset > 0 ? "ahead of" : "behind";
  return warning(
    `${method}: Duo takes the keys; this host's clock is ${off} s ${side} Duo's`,
    "set this host's clock by NTP: timedatectl set-ntp true",
  );
}

function refused(method: string, error: unknown): Finding {
  if (!(error instanceof Fault)) throw error;
  return problem(`${method}: ${error.message}`, error.hint);
}
