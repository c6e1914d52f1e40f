/**
 * Asks the validation servers about one OTP, all at the same time. The first answer that holds
 * decides. One that accepts is held for a moment against what the others have to say: where one
 * of them refuses, or saw other counters, nobody is let in. One that refuses is never overruled.
 */
import type { SecureContext } from "node:tls";
import { httpsGet } from "./https-get.ts";
import { type Answer, type Asked, readReply, type Told } from "./reply.ts";
import { authority, type ServerAddress } from "./server-address.ts";
import { signedQuery } from "./signature.ts";
import { ValidationFault } from "./validation-fault.ts";

export interface Client {
  readonly servers: readonly ServerAddress[];
  readonly clientId: number;
  readonly apiKey: Uint8Array;
  readonly trusted: SecureContext;
  /** Milliseconds for one server's answer, from looking its name up to the last byte. */
  readonly limit: number;
}

export interface Question {
  readonly otp: string;
  /** 16 to 40 letters and digits, never used before. */
  readonly nonce: string;
  readonly now: () => number;
}

export type Verdict =
  | Exclude<Answer, { readonly kind: "known" }>
  /** Servers say different things of the same OTP. */
  | { readonly kind: "refused"; readonly reason: "disputed" };

/**
 * Milliseconds for which an acceptance waits for others to object: a server that is down costs
 * a login so much, and no more.
 */
const GRACE = 250;

/**
 * Rejects with the signal's reason once `signal` is aborted.
 * @throws ValidationFault where no server decided
 */
export async function validate(
  client: Client,
  question: Question,
  signal: AbortSignal,
): Promise<Verdict> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  try {
    const asked = client.servers.map((server) => askServer(client, server, question, either));
    return await decide(asked, signal);
  } finally {
    // Whoever was too late is not waited for.
    over.abort();
  }
}

/** Asks one server, whatever it answers. @throws ValidationFault */
export async function askServer(
  { clientId, apiKey, trusted, limit }: Client,
  server: ServerAddress,
  { otp, nonce, now }: Question,
  signal: AbortSignal,
): Promise<Told> {
  const late = AbortSignal.timeout(limit);
  const where = authority(server);
  const query = signedQuery({ id: String(clientId), nonce, otp, timestamp: "1" }, apiKey);
  try {
    const path = `${server.path}?${query}`;
    const { status, body } = await httpsGet(server, path, trusted, AbortSignal.any([signal, late]));
    const asked: Asked = { otp, nonce, apiKey, now: now() };
    return readReply(status, body, asked, where);
  } catch (error) {
    if (!late.aborted || signal.aborted || error instanceof ValidationFault) throw error;
    throw new ValidationFault("unreachable", `${where} did not answer in time`, error);
  }
}

/** Whatever has come in so far, in the order in which it came. */
interface Heard {
  readonly verdicts: Verdict[];
  readonly faults: unknown[];
}

function decide(asked: readonly Promise<Told>[], signal: AbortSignal): Promise<Verdict> {
  const heard: Heard = { verdicts: [], faults: [] };
  return new Promise((resolve, reject) => {
    let left = asked.length;
    let grace: ReturnType<typeof setTimeout> | undefined;
    const end = (): void => {
      clearTimeout(grace);
      signal.removeEventListener("abort", stop);
      try {
        resolve(conclusionOf(heard));
      } catch (error) {
        reject(error);
      }
    };
    const stop = (): void => {
      clearTimeout(grace);
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
    const heed = (): void => {
      left--;
      const [first] = heard.verdicts;
      if (left === 0 || first?.kind === "refused" || disagree(heard)) end();
      else if (first) grace ??= setTimeout(end, GRACE);
    };
    for (const each of asked) {
      each
        .then(({ answer }) => {
          if (answer.kind !== "known") heard.verdicts.push(answer);
        })
        .catch((error: unknown) => {
          heard.faults.push(error);
        })
        .finally(heed);
    }
  });
}

function conclusionOf({ verdicts, faults }: Heard): Verdict {
  const [first] = verdicts;
  if (disagree({ verdicts })) return { kind: "refused", reason: "disputed" };
  if (first) return first;
  // What the settings have wrong is wrong for good: told before what may pass.
  const isMeant = (error: unknown) =>
    error instanceof ValidationFault && error.trouble === "refused";
  throw (
    faults.find(isMeant) ??
    faults[0] ??
    new ValidationFault("server-error", "the validation servers have lost their answer to an OTP")
  );
}

function disagree({ verdicts: [first, ...others] }: Pick<Heard, "verdicts">): boolean {
  if (first?.kind !== "valid") return false;
  return others.some((other) => other.kind !== "valid" || other.counter !== first.counter);
}
