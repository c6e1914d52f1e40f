/**
 * A client of Duo's Auth API v2 (duo.com/docs/authapi).
 *
 * It is our own because @duosecurity/duo_api 1.5.0 has no time limit, no way to abort and no
 * proxy, takes no port, throws where nobody can catch it when a reply is not JSON, sends
 * POST bodies without a Content-Length, signs an undefined parameter as something else than
 * it sends, and repeats a rate-limited request with the date of the first try.
 *
 * Every member rejects with a DuoFault, or with the reason of the signal that was aborted.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../contracts/clock.ts";
import type { HttpReply } from "../https/exchange.ts";
import { type Challenge, challengeParameters } from "./challenge.ts";
import { DuoFault, type Effect, mayHaveActed } from "./duo-fault.ts";
import { openEnvelope } from "./envelope.ts";
import { retryDelay } from "./rate-limit.ts";
import {
  type AuthStatus,
  type Enrollment,
  type EnrollmentState,
  type Preauth,
  readAuth,
  readAuthStatus,
  readEnrollment,
  readEnrollmentState,
  readPreauth,
  readTime,
} from "./replies.ts";
import type { Route } from "./route.ts";
import {
  authorization,
  type Credentials,
  canonicalParameters,
  canonicalRequest,
  type Parameters,
} from "./signature.ts";
import { SigningDates } from "./signing-date.ts";
import { exchange, type HttpRequest } from "./transport.ts";

/** Who is to be authenticated, and where from. */
export interface Person {
  /** The name at Duo. */
  readonly user: string;
  /** The IP address they come from: without it, Duo's network policies do not apply. */
  readonly address?: string;
  /** The host they come from. */
  readonly hostName?: string;
}

/** Milliseconds. */
export interface Limits {
  /** For one request. */
  readonly request: number;
  /** For one call in all, with the waits that Duo asks for. */
  readonly call: number;
  /** For one status: Duo holds it back until there is news. */
  readonly poll: number;
}

/** A push lives 60 seconds, and a status may be held back for as long. */
export const LIMITS: Limits = { request: 15_000, call: 30_000, poll: 75_000 };

/** Seconds that a request is dated ahead at most, well within the minutes that Duo allows. */
const SPREAD = 60;
/** How often one is dated anew: two that miss are rare, three are the wrong key. */
const DATED_ANEW = 2;

export interface AuthApiParts {
  readonly route: Route;
  /** Kept, not copied: who zeroes the secret key ends the use of this client. */
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly limits?: Limits;
  /** Shared by clients that may ask for the same in the same second. */
  readonly dates?: SigningDates;
}

interface Sent {
  readonly name: string;
  readonly method: "GET" | "POST";
  readonly parameters: Parameters;
  readonly signed: boolean;
  readonly effect: Effect;
  readonly signal: AbortSignal | undefined;
}

export class AuthApi {
  readonly #parts: AuthApiParts;
  readonly #limits: Limits;
  readonly #dates: SigningDates;

  constructor(parts: AuthApiParts) {
    this.#parts = parts;
    this.#limits = parts.limits ?? LIMITS;
    this.#dates = parts.dates ?? new SigningDates(parts.clock);
  }

  /** Duo's time, asked for without keys: network, certificate and clock, and nothing else. */
  async ping(signal?: AbortSignal): Promise<number> {
    const ping = { name: "ping", method: "GET", parameters: {}, effect: "none", signal } as const;
    return readTime("ping", await this.#call({ ...ping, signed: false }));
  }

  /** Duo's time, if the keys are good. */
  async check(signal?: AbortSignal): Promise<number> {
    return readTime("check", await this.#get("check", {}, signal));
  }

  /** What Duo would have this person do. It challenges nobody yet. */
  async preauth(person: Person, signal?: AbortSignal): Promise<Preauth> {
    const parameters = { ...personParameters(person), client_supports_verified_push: "1" };
    return readPreauth(await this.#post("preauth", parameters, signal));
  }

  /** Challenges the person, once for each call; resolves with the transaction. */
  async auth(person: Person, challenge: Challenge, signal?: AbortSignal): Promise<string> {
    const parameters = { ...personParameters(person), ...challengeParameters(challenge) };
    return readAuth(await this.#post("auth", { ...parameters, async: "1" }, signal, "now"));
  }

  /** The next news of a transaction: Duo holds the reply back until there is some. */
  async authStatus(transaction: string, signal?: AbortSignal): Promise<AuthStatus> {
    return readAuthStatus(await this.#get("auth_status", { txid: transaction }, signal, "before"));
  }

  /** Makes a user at Duo, to be activated on a phone within `validSeconds`. */
  async enroll(user: string, validSeconds: number, signal?: AbortSignal): Promise<Enrollment> {
    const parameters = { username: user, valid_secs: String(validSeconds) };
    return readEnrollment(await this.#post("enroll", parameters, signal, "now"));
  }

  async enrollStatus(
    { userId, activationCode }: Pick<Enrollment, "userId" | "activationCode">,
    signal?: AbortSignal,
  ): Promise<EnrollmentState> {
    const parameters = { user_id: userId, activation_code: activationCode };
    return readEnrollmentState(await this.#post("enroll_status", parameters, signal));
  }

  #get(
    name: string,
    parameters: Parameters,
    signal: AbortSignal | undefined,
    effect: Effect = "none",
  ): Promise<unknown> {
    return this.#call({ name, method: "GET", parameters, signed: true, effect, signal });
  }

  #post(
    name: string,
    parameters: Parameters,
    signal: AbortSignal | undefined,
    effect: Effect = "none",
  ): Promise<unknown> {
    return this.#call({ name, method: "POST", parameters, signed: true, effect, signal });
  }

  /** Sends it, and again where the reply is one that a replay would get. */
  async #call(sent: Sent): Promise<unknown> {
    const { clock } = this.#parts;
    const longest = sent.name === "auth_status" ? this.#limits.poll : this.#limits.request;
    const end = performance.now() + Math.max(longest, this.#limits.call);
    for (let tries = 0; ; tries++) {
      const ahead = tries === 0 ? 0 : 1 + Math.floor(Math.random() * SPREAD);
      const reply = await this.#ask(sent, longest, end, ahead);
      try {
        return openEnvelope(reply, sent, clock.now());
      } catch (error) {
        // Another process of this host may have asked for the same in the same second, or dated
        // it as far ahead.
        const mayBeReplay = error instanceof DuoFault && error.trouble === "secret-key";
        if (!mayBeReplay || tries === DATED_ANEW) throw error;
      }
    }
  }

  /** Asks again as long as Duo is too busy and there is time. */
  async #ask(sent: Sent, longest: number, end: number, ahead = 0): Promise<HttpReply> {
    const { clock, route } = this.#parts;
    for (let tries = 0; ; tries++) {
      const left = end - performance.now();
      // Until now Duo was too busy: nothing was done.
      if (left <= 0) {
        const acted = mayHaveActed(sent.effect, false);
        throw new DuoFault("rate-limited", "Duo was too busy", { mayHaveActed: acted });
      }
      const limit = Math.ceil(Math.min(longest, left));
      const request = this.#request(sent, ahead);
      const reply = await exchange(route, request, limit, sent.signal).catch((error: unknown) => {
        throw tries > 0 ? tooBusy(error) : error;
      });
      const delay = retryDelay(reply, tries, clock.now(), Math.random());
      if (reply.status !== 429 || performance.now() + delay >= end) return reply;
      // Cut short, it is the next try that rejects with the signal's own reason.
      await sleep(delay, undefined, { signal: sent.signal }).catch(() => {});
    }
  }

  /** Dated and signed anew for each try. */
  #request({ name, method, parameters, signed, effect }: Sent, ahead: number): HttpRequest {
    const { credentials, route } = this.#parts;
    const unsigned = { method, host: route.host.name, path: `/auth/v2/${name}`, parameters };
    const content = canonicalParameters(parameters);
    const { path } = unsigned;
    const headers: Record<string, string> = { Accept: "application/json" };
    if (signed) {
      headers.Date = this.#dates.next(canonicalRequest({ ...unsigned, date: "" }), ahead);
      headers.Authorization = authorization(credentials, { ...unsigned, date: headers.Date });
    }
    if (method === "POST") return { method, path, headers, body: content, effect };
    return { method, path: content === "" ? path : `${path}?${content}`, headers, effect };
  }
}

/** Duo that has said how busy it is has been reached: no outage, whatever comes of the next try. */
function tooBusy(error: unknown): unknown {
  if (!(error instanceof DuoFault) || error.code !== "duo-unreachable") return error;
  const { mayHaveActed: acted, cause } = error;
  return new DuoFault("rate-limited", "Duo was too busy", { mayHaveActed: acted, cause });
}

function personParameters({ user, address, hostName }: Person): Parameters {
  return {
    username: user,
    ...(address === undefined ? {} : { ipaddr: address }),
    ...(hostName === undefined ? {} : { hostname: hostName }),
  };
}
