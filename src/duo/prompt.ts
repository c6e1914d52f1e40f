/**
 * Duo's Universal Prompt through its SDK, which signs and verifies; what it leaves open is
 * closed here. It takes no nonce into the address, has no time limit, follows redirects (a
 * 307 posts the client assertion to wherever it points), reads proxies from the environment,
 * and returns a denied result as success. Its connections are made by connection.ts, as all to
 * Duo are: through the one proxy that was set, or none, and trusting what the route says.
 *
 * A client of its own for each request: the SDK's holds one callback address, and a time
 * limit belongs to one request. The package is loaded when first needed, being slow to load.
 */
import { Agent, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@duosecurity/duo_universal";
import type { Clock, RandomBytes } from "../contracts/clock.ts";
import { Fault } from "../core/fault.ts";
import { openConnection } from "./connection.ts";
import { DuoFault } from "./duo-fault.ts";
import { newAttempt, type PromptAttempt } from "./prompt-attempt.ts";
import { invalidToken, judgeClaims, type PromptOutcome } from "./prompt-claims.ts";
import {
  demandGoodReply,
  faultOfFailure,
  LARGEST_REPLY,
  type Reply,
  secondsToWait,
} from "./prompt-replies.ts";
import {
  checkRedirectUri,
  checkSettings,
  type PromptSettings,
  promptRoute,
} from "./prompt-settings.ts";
import type { Route } from "./route.ts";

/** Milliseconds for one request where the settings say nothing. */
const TIMEOUT = 10_000;

/** Longest wait, in seconds, that a reply of 429 may ask for; it is granted once. */
const LONGEST_WAIT = 10;

/** The part of the SDK's axios that is set here. */
interface Axios {
  readonly defaults: Record<string, unknown>;
  readonly interceptors: {
    readonly response: {
      use(good: (reply: Reply) => Reply, bad: (failure: unknown) => never): unknown;
    };
  };
}

/** What the outside world lends. */
export interface PromptParts {
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export interface Begun {
  /** For the browser. It names the user and holds the state: not for a log. */
  readonly url: string;
  /** Stays with the engine, and is spent by the first redirect that is judged to be its own. */
  readonly attempt: PromptAttempt;
}

export class DuoPrompt {
  readonly #settings: PromptSettings;
  readonly #route: Route;
  readonly #parts: PromptParts;

  /** @throws Fault `settings-invalid` */
  constructor(settings: PromptSettings, parts: PromptParts) {
    this.#settings = checkSettings(settings);
    this.#route = promptRoute(this.#settings);
    this.#parts = parts;
  }

  /**
   * Asks whether Duo is there and takes this client: the one step that a fail mode may look
   * at, since nobody has been asked for anything yet.
   * @param gone aborted when there is nobody to go on for
   * @returns seconds that this clock is ahead of Duo's, negative when behind
   * @throws Fault `duo-unreachable`, `duo-refused`, `duo-invalid`; `refused` once `gone`
   */
  async healthCheck(gone?: AbortSignal): Promise<{ readonly clockOffset: number }> {
    const health = await this.#ask((client) => client.healthCheck(), "", gone);
    const { timestamp } = health.response;
    return { clockOffset: Math.round(this.#parts.clock.now() / 1000 - timestamp) };
  }

  /**
   * Makes the address that a browser is sent to. Nothing is sent.
   * @param duoUser the user's name at Duo
   * @param redirectUri as `callbackUri` of core/redirect.ts writes it
   * @throws Fault `usage`
   */
  async begin(duoUser: string, redirectUri: string): Promise<Begun> {
    checkRedirectUri(redirectUri);
    const attempt = newAttempt(duoUser, redirectUri, this.#parts.random, this.#parts.clock.now());
    const { client } = await this.#client(redirectUri);
    const url = await client.createAuthUrl(duoUser, attempt.state);
    // As Duo's SDK for Python does it: beside the signed request, not in it.
    return { attempt, url: `${url}&nonce=${attempt.nonce}` };
  }

  /**
   * Trades the code of a redirect that `judgeRedirect` let through for the result. Never
   * ask for a fail mode after this: the person was asked, whatever became of Duo since.
   * @param gone aborted when there is nobody to go on for
   * @throws Fault `duo-unreachable`, `duo-refused`, `duo-invalid`; `refused` once `gone`
   */
  async exchange(attempt: PromptAttempt, code: string, gone?: AbortSignal): Promise<PromptOutcome> {
    const { duoUser, nonce, redirectUri } = attempt;
    const claims = await this.#ask(
      (client) => client.exchangeAuthorizationCodeFor2FAResult(code, duoUser, nonce),
      redirectUri,
      gone,
    );
    const { apiHost, clientId } = this.#settings;
    const issuer = `https://${apiHost}/oauth/v1/token`;
    const now = this.#parts.clock.now();
    return judgeClaims({ ...claims }, { issuer, clientId, duoUser, nonce, now });
  }

  /** One request; after a 429 that names a short time, once more. */
  async #ask<T>(
    request: (client: Client) => Promise<T>,
    redirectUri: string,
    gone?: AbortSignal,
  ): Promise<T> {
    try {
      return await this.#askOnce(request, redirectUri, gone);
    } catch (error) {
      const wait = error instanceof AskedToWait ? error.seconds : undefined;
      if (wait === undefined || wait > LONGEST_WAIT) throw error;
      await sleep(wait * 1000, undefined, gone ? { signal: gone } : {}).catch(() => undefined);
      return await this.#askOnce(request, redirectUri, gone).catch((next: unknown) => {
        // Duo has been reached: no outage, whatever came of the second try.
        throw next instanceof Fault && next.code === "duo-unreachable" ? error : next;
      });
    }
  }

  async #askOnce<T>(
    request: (client: Client) => Promise<T>,
    redirectUri: string,
    gone?: AbortSignal,
  ): Promise<T> {
    const { client, agent } = await this.#client(redirectUri, gone);
    try {
      // axios lets a signal that is aborted already pass for a request that failed.
      if (gone?.aborted) throw cancelled();
      return await request(client);
    } catch (error) {
      if (gone?.aborted) throw cancelled();
      throw faultOfSdk(error);
    } finally {
      agent.destroy();
    }
  }

  async #client(redirectUri: string, gone?: AbortSignal) {
    const { Client } = await import("@duosecurity/duo_universal");
    const { clientId, clientSecret, apiHost, timeout = TIMEOUT } = this.#settings;
    // A health check has no callback, and the SDK wants one that parses.
    const redirectUrl = redirectUri || `https://${apiHost}`;
    const client = new Client({ clientId, clientSecret, apiHost, redirectUrl });
    // The whole of it: axios's own timeout starts anew with each byte.
    const signal = AbortSignal.any([AbortSignal.timeout(timeout), ...(gone ? [gone] : [])]);
    const agent = new RouteAgent(this.#route, signal);
    const axios = axiosOf(client);
    Object.assign(axios.defaults, {
      adapter: "http",
      httpsAgent: agent,
      proxy: false,
      maxRedirects: 0,
      maxContentLength: LARGEST_REPLY,
      signal,
    });
    const now = () => this.#parts.clock.now();
    axios.interceptors.response.use(
      (reply) => {
        demandGoodReply(reply, now());
        return reply;
      },
      (failure) => {
        const fault = faultOfFailure(failure, now());
        const seconds = secondsToWait(failure);
        throw seconds === undefined ? fault : new AskedToWait(fault, seconds);
      },
    );
    return { client, agent };
  }
}

/** Goes the one way to Duo, whatever host a request names. */
class RouteAgent extends Agent {
  readonly #route: Route;
  readonly #signal: AbortSignal;

  constructor(route: Route, signal: AbortSignal) {
    super();
    this.#route = route;
    this.#signal = signal;
  }

  override createConnection(
    _options: RequestOptions,
    settle?: (error: Error | null, connection: Duplex) => void,
  ): undefined {
    openConnection(this.#route, this.#signal).then(
      (socket) => settle?.(null, socket),
      // With an error nobody looks at the connection.
      (error: Error) => settle?.(error, undefined as unknown as Duplex),
    );
  }
}

/** Duo was asked too often, and says when to ask again. */
class AskedToWait extends DuoFault {
  readonly seconds: number;

  constructor(fault: Fault, seconds: number) {
    super("rate-limited", fault.message, { mayHaveActed: false, hint: `wait ${seconds} s` });
    this.seconds = seconds;
  }
}

/** The SDK's own axios, private in its types only; without it nothing above would hold. */
function axiosOf(client: Client): Axios {
  const { axios } = client as unknown as { readonly axios?: Axios };
  if (!axios?.defaults || !axios.interceptors) {
    throw new Fault("internal", "Duo's SDK is not as this version of countersign expects it");
  }
  return axios;
}

/** The SDK wraps what the interceptors throw. Its own errors are about the id token alone. */
function faultOfSdk(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const inner = error instanceof Error && "inner" in error ? error.inner : undefined;
  if (inner instanceof Fault) return inner;
  return invalidToken(claimOf(error));
}

/** What the SDK minds, from its fixed messages. */
function claimOf(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  if (message === "The username is invalid") return "preferred_username";
  if (message === "The nonce is invalid") return "nonce";
  return message === "Error decoding JWT" ? "signature, iss, aud or exp" : "it lacks a part";
}

function cancelled(): Fault {
  return new Fault("refused", "cancelled while Duo was asked");
}
