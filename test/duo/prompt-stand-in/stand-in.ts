/**
 * Duo's OAuth endpoints, over TLS, as strict as Duo is said to be: each kind of token is
 * checked in every claim, an assertion counts once, and so does a code, which is bound to
 * client, redirect and user and expires. `refused` holds why anything was.
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Certificates } from "./certificates.ts";
import { type Claims, decodeJwt, encodeJwt } from "./jwt.ts";
import {
  BROKEN_REPLIES,
  type BrokenReply,
  FORGERIES,
  type Forgery,
  RESULTS,
  type Result,
} from "./misbehaviour.ts";
import { ANSWER_PATH, promptPage } from "./page.ts";

const HEALTH = "/oauth/v1/health_check";
const AUTHORIZE = "/oauth/v1/authorize";
const TOKEN = "/oauth/v1/token";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

export interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface StandInOptions {
  readonly client?: Client;
  /** Milliseconds that a code lives. */
  readonly codeLifetime?: number;
}

/** One visit to the prompt. */
interface Visit {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly user: string;
  readonly nonce: string | undefined;
  result: Result;
}

interface Grant extends Visit {
  readonly expiresAt: number;
}

/** What Duo says in refusing. */
class Refusal extends Error {
  readonly error: string;

  constructor(error: string, why: string) {
    super(why);
    this.error = error;
  }
}

export const CLIENT: Client = {
  clientId: "DISTANDIN00000000000",
  clientSecret: "standinsecret0000000000000000000000stand",
};

export class PromptStandIn {
  /** How the next tokens are wrong; undefined for as they should be. */
  forgery: Forgery | undefined;
  /** What an approval turns into. */
  approval: Result = "allow";
  /** How the endpoints answer; undefined for as they should. */
  broken: { readonly health?: BrokenReply; readonly token?: BrokenReply } = {};
  /** Replies of 429 that are still to be given, with their Retry-After. */
  tooMany: { left: number; readonly retryAfter: string } = { left: 0, retryAfter: "1" };
  /** Seconds that this Duo's clock is ahead. */
  ahead = 0;
  /** Why requests were refused, in order. */
  readonly refused: string[] = [];
  /** What was asked: method and path. */
  readonly requests: string[] = [];
  /** Codes given out, for whoever plays the browser. */
  readonly codes: string[] = [];
  readonly #server: Server;
  readonly #client: Client;
  readonly #codeLifetime: number;
  readonly #assertions = new Set<string>();
  readonly #visits = new Map<string, Visit>();
  readonly #grants = new Map<string, Grant>();

  private constructor(certificates: Certificates, options: StandInOptions) {
    this.#client = options.client ?? CLIENT;
    this.#codeLifetime = options.codeLifetime ?? 60_000;
    const { key, certificate: cert } = certificates;
    this.#server = createServer({ key, cert }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => this.#refuse(response, error));
    });
  }

  /** Starts one, which ends with the test. */
  static async start(
    t: { after(end: () => Promise<void>): void },
    certificates: Certificates,
    options: StandInOptions = {},
  ): Promise<PromptStandIn> {
    const standIn = new PromptStandIn(certificates, options);
    await new Promise<void>((resolve) => standIn.#server.listen(0, "localhost", resolve));
    t.after(() => standIn.close());
    return standIn;
  }

  /** What a client calls the API host. */
  get host(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  get address(): string {
    return `https://${this.host}`;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What a browser gets whose user presses a button at this address: where it is sent. */
  answerFor(authorizeUrl: string, answer: "approve" | "deny" | "leave"): string {
    const url = new URL(authorizeUrl);
    if (`${url.origin}${url.pathname}` !== `${this.address}${AUTHORIZE}`) {
      throw new Error("not this Duo's address");
    }
    return this.#leave(this.#visitOf(url.searchParams), answer);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", this.address);
    const route = `${request.method} ${url.pathname}`;
    this.requests.push(route);
    // Every browser asks for it.
    if (route === "GET /favicon.ico") return void response.writeHead(204).end();
    const body = await text(request);
    if (route === `GET ${AUTHORIZE}`) return this.#authorize(url.searchParams, response);
    if (route === `POST ${ANSWER_PATH}`) return this.#press(fieldsOf(body), response);
    if (route !== `POST ${HEALTH}` && route !== `POST ${TOKEN}`) {
      throw new Refusal("not_found", `no such endpoint: ${route}`);
    }
    if (this.tooMany.left > 0) {
      this.tooMany.left -= 1;
      response.writeHead(429, { "Retry-After": this.tooMany.retryAfter });
      response.end('{"stat": "FAIL", "code": 42901, "message": "Too Many Requests"}');
      return;
    }
    const isHealth = url.pathname === HEALTH;
    const broken = isHealth ? this.broken.health : this.broken.token;
    if (broken) return await BROKEN_REPLIES[broken](response, this.address);
    demand(
      request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true,
      "invalid_request",
      "the body is not a form",
    );
    return isHealth
      ? this.#health(fieldsOf(body), response)
      : this.#token(fieldsOf(body), response);
  }

  #health(fields: Claims, response: ServerResponse): void {
    try {
      this.#checkAssertion(fields, HEALTH);
    } catch (error) {
      this.refused.push(error instanceof Error ? error.message : "");
      const failure = { stat: "FAIL", code: 40002, message: "invalid_client" };
      const detail = { message_detail: "The provided client_assertion was invalid." };
      json(response, 400, { ...failure, ...detail, timestamp: this.#now() });
      return;
    }
    json(response, 200, { stat: "OK", response: { timestamp: this.#now() } });
  }

  #authorize(query: URLSearchParams, response: ServerResponse): void {
    const visit = this.#visitOf(query);
    const ticket = randomBytes(16).toString("hex");
    this.#visits.set(ticket, visit);
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
    response.end(promptPage(visit.user.replace(/[^\w.@-]/g, "?"), ticket));
  }

  /** Checks what the browser was sent with: the query, and the signed request in it. */
  #visitOf(query: URLSearchParams): Visit {
    const check = (holds: boolean, why: string): void => demand(holds, "invalid_request", why);
    const names = [...query.keys()];
    check(new Set(names).size === names.length, "a parameter is repeated");
    const { clientId, clientSecret } = this.#client;
    const claims = verified(query.get("request") ?? "", clientSecret, "invalid_request");
    check(query.get("client_id") === clientId, "client_id is not this client's");
    check(query.get("response_type") === "code", "response_type is not code");
    check(query.get("scope") === "openid", "scope is not openid");
    check(claims.client_id === clientId && claims.iss === clientId, "iss is not this client's");
    check(claims.aud === this.address, "aud is not this Duo");
    check(claims.response_type === "code" && claims.scope === "openid", "the request is another's");
    check(claims.redirect_uri === query.get("redirect_uri"), "two redirect_uri");
    check(URL.canParse(String(claims.redirect_uri)), "redirect_uri is no address");
    check(isTime(claims.exp) && claims.exp > this.#now(), "the request has expired");
    check(isTime(claims.exp) && claims.exp <= this.#now() + 360, "the request lives too long");
    check(isLong(claims.state, 22), "state is not of 22 to 1024 characters");
    check(typeof claims.duo_uname === "string" && claims.duo_uname !== "", "no duo_uname");
    check(claims.use_duo_code_attribute === true, "use_duo_code_attribute is not set");
    const nonce = query.get("nonce") ?? undefined;
    check(nonce === undefined || isLong(nonce, 16), "nonce is not of 16 to 1024 characters");
    return {
      clientId,
      redirectUri: String(claims.redirect_uri),
      state: String(claims.state),
      user: String(claims.duo_uname),
      nonce,
      result: this.approval,
    };
  }

  #press({ ticket, answer }: Claims, response: ServerResponse): void {
    const visit = this.#visits.get(String(ticket));
    if (!visit) throw new Refusal("invalid_request", "no such visit");
    this.#visits.delete(String(ticket));
    response.writeHead(303, { Location: this.#leave(visit, String(answer)) }).end();
  }

  /** Where the browser is sent. A code is given for a denial too, as the SDK's fault supposes. */
  #leave(visit: Visit, answer: string): string {
    const to = new URL(visit.redirectUri);
    to.searchParams.set("state", visit.state);
    if (answer === "leave") {
      to.searchParams.set("error", "access_denied");
      to.searchParams.set("error_description", "the user left");
      return to.href;
    }
    const code = randomBytes(16).toString("hex");
    const result = answer === "approve" ? visit.result : "deny";
    this.#grants.set(code, { ...visit, result, expiresAt: Date.now() + this.#codeLifetime });
    this.codes.push(code);
    to.searchParams.set("duo_code", code);
    return to.href;
  }

  #token(fields: Claims, response: ServerResponse): void {
    this.#checkAssertion(fields, TOKEN);
    demand(fields.grant_type === "authorization_code", "unsupported_grant_type", "grant_type");
    demand(fields.client_assertion_type === ASSERTION_TYPE, "invalid_client", "assertion type");
    const code = String(fields.code);
    const grant = this.#grants.get(code);
    if (!grant) throw new Refusal("invalid_grant", "no such code, or used before");
    // Spent by the try, whatever comes of it (RFC 6749 4.1.2).
    this.#grants.delete(code);
    demand(Date.now() < grant.expiresAt, "invalid_grant", "the code has expired");
    demand(grant.clientId === fields.client_id, "invalid_grant", "the code is another client's");
    demand(grant.redirectUri === fields.redirect_uri, "invalid_grant", "another redirect_uri");
    const forge = this.forgery ? FORGERIES[this.forgery] : encodeJwt;
    json(response, 200, {
      id_token: forge(this.#claimsOf(grant), this.#client.clientSecret),
      access_token: randomBytes(16).toString("hex"),
      expires_in: 300,
      token_type: "Bearer",
    });
  }

  #claimsOf(grant: Grant): Claims {
    const { result, status, reason, factor } = RESULTS[grant.result];
    const now = this.#now();
    return {
      iss: `${this.address}${TOKEN}`,
      aud: grant.clientId,
      exp: now + 300,
      iat: now,
      auth_time: now,
      sub: `${grant.user}-in-duo`,
      preferred_username: grant.user,
      ...(grant.nonce === undefined ? {} : { nonce: grant.nonce }),
      auth_result: { result, status, status_msg: `Login ${status}.` },
      auth_context: {
        txid: "00000000-0000-4000-8000-000000000000",
        timestamp: now,
        event_type: "authentication",
        result: result === "allow" ? "success" : "failure",
        reason,
        factor,
        user: { name: grant.user, key: "DUSTANDIN00000000000" },
        auth_device: { name: "+1 555 0100\u001b[2J", ip: "192.0.2.7" },
        access_device: { ip: "192.0.2.8" },
      },
    };
  }

  #checkAssertion(fields: Claims, endpoint: string): void {
    const check = (holds: boolean, why: string): void => demand(holds, "invalid_client", why);
    const { clientId, clientSecret } = this.#client;
    check(fields.client_id === clientId, "client_id is not this client's");
    const claims = verified(String(fields.client_assertion), clientSecret, "invalid_client");
    check(claims.iss === clientId && claims.sub === clientId, "iss or sub is another's");
    check(claims.aud === `${this.address}${endpoint}`, "aud is another endpoint");
    check(isTime(claims.exp) && claims.exp > this.#now(), "the assertion has expired");
    check(isTime(claims.exp) && claims.exp <= this.#now() + 360, "the assertion lives too long");
    check(isTime(claims.iat) && claims.iat <= this.#now() + 60, "iat is in the future");
    check(isLong(claims.jti, 16) && !this.#assertions.has(claims.jti), "jti was seen before");
    this.#assertions.add(String(claims.jti));
  }

  #refuse(response: ServerResponse, error: unknown): void {
    const why = error instanceof Error ? error.message : "";
    this.refused.push(why);
    if (response.headersSent) return void response.destroy();
    const word = error instanceof Refusal ? error.error : "server_error";
    json(response, error instanceof Refusal ? 400 : 500, { error: word, error_description: why });
  }

  #now(): number {
    return Math.floor(Date.now() / 1000) + this.ahead;
  }
}

function demand(holds: boolean, error: string, why: string): asserts holds {
  if (!holds) throw new Refusal(error, why);
}

function verified(token: string, secret: string, error: string): Claims {
  try {
    return decodeJwt(token, secret);
  } catch (cause) {
    throw new Refusal(error, cause instanceof Error ? cause.message : "not a token");
  }
}

/** A form's fields, none of them twice. */
function fieldsOf(body: string): Claims {
  const entries = [...new URLSearchParams(body)];
  const fields = Object.fromEntries(entries);
  demand(Object.keys(fields).length === entries.length, "invalid_request", "a repeated field");
  return fields;
}

function isTime(value: unknown): value is number {
  return Number.isInteger(value);
}

function isLong(value: unknown, least: number): value is string {
  return typeof value === "string" && value.length >= least && value.length <= 1024;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
