/** The ways in which the stand-in can be told to be wrong, by name. */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Claims, encodeJwt } from "./jwt.ts";

/** What the person's approval turns into: Duo's words for each (auth_result and auth_context). */
export const RESULTS = {
  allow: { result: "allow", status: "allow", reason: "user_approved", factor: "duo_push" },
  deny: { result: "deny", status: "deny", reason: "user_denied", factor: "duo_push" },
  fraud: { result: "deny", status: "fraud", reason: "user_marked_fraud", factor: "duo_push" },
  timeout: { result: "deny", status: "timeout", reason: "no_response", factor: "duo_push" },
  bypass: { result: "allow", status: "bypass", reason: "bypass_user", factor: "not_available" },
  remembered: {
    result: "allow",
    status: "allow",
    reason: "remembered_device",
    factor: "remembered_device",
  },
  // What no Duo says, and no reader may take for "allow".
  "result ALLOW": { result: "ALLOW", status: "allow", reason: "", factor: "" },
  "result true": { result: true, status: "allow", reason: "", factor: "" },
  "result [allow]": { result: ["allow"], status: "allow", reason: "", factor: "" },
} as const;

export type Result = keyof typeof RESULTS;

type Forge = (claims: Claims, secret: string) => string;

const withClaims =
  (change: (claims: Claims) => Claims): Forge =>
  (claims, secret) =>
    encodeJwt(change(claims), secret);
const without = (name: string): Forge =>
  withClaims((claims) =>
    Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name)),
  );
const seconds = (claim: unknown): number => Number(claim);

/** Id tokens that must not be believed, every one saying "allow". */
export const FORGERIES = {
  "wrong iss": withClaims((claims) => ({ ...claims, iss: "https://localhost/oauth/v1/token" })),
  "wrong aud": withClaims((claims) => ({ ...claims, aud: "DIAAAAAAAAAAAAAAAAAA" })),
  "several aud": withClaims((claims) => ({ ...claims, aud: [claims.aud, "another"] })),
  "wrong user": withClaims((claims) => ({ ...claims, preferred_username: "mallory" })),
  "user in sub alone": withClaims((claims) => ({
    ...claims,
    sub: claims.preferred_username,
    preferred_username: "mallory",
  })),
  "user in capitals": withClaims((claims) => ({
    ...claims,
    preferred_username: String(claims.preferred_username).toUpperCase(),
  })),
  "wrong nonce": withClaims((claims) => ({ ...claims, nonce: "A".repeat(43) })),
  "no nonce": without("nonce"),
  "no user": without("preferred_username"),
  "no exp": without("exp"),
  "no iat": without("iat"),
  "no iss": without("iss"),
  "no aud": without("aud"),
  "no auth_result": without("auth_result"),
  "auth_result is text": withClaims((claims) => ({ ...claims, auth_result: "allow" })),
  expired: withClaims((claims) => ({
    ...claims,
    iat: seconds(claims.iat) - 1000,
    exp: seconds(claims.iat) - 700,
  })),
  "of the future": withClaims((claims) => ({
    ...claims,
    iat: seconds(claims.iat) + 600,
    exp: seconds(claims.iat) + 900,
  })),
  "alg none": (claims, secret) => encodeJwt(claims, secret, "none"),
  "alg HS256": (claims, secret) => encodeJwt(claims, secret, "HS256"),
  "alg RS256": (claims, secret) => encodeJwt(claims, secret, "RS256"),
  "another secret": (claims, secret) => encodeJwt(claims, [...secret].reverse().join("")),
  "claims changed after signing": (claims, secret) => {
    const [header, , signature] = encodeJwt({ ...claims, nonce: "-" }, secret).split(".");
    const [, payload] = encodeJwt(claims, secret).split(".");
    return `${header}.${payload}.${signature}`;
  },
  "not a token": () => "allow",
} satisfies Readonly<Record<string, Forge>>;

export type Forgery = keyof typeof FORGERIES;

type Answer = (response: ServerResponse, self: string) => void | Promise<void>;

const html = "<!doctype html><title>Sign in</title><p>Welcome to the hotel's network";
const reply =
  (status: number, body = "", headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(body);
  };

/** Replies that are none, to health_check and token alike. */
export const BROKEN_REPLIES = {
  HTML: reply(200, html, { "Content-Type": "text/html" }),
  "HTML called JSON": reply(200, html),
  empty: reply(200),
  null: reply(200, "null"),
  "a list": reply(200, "[]"),
  "a text": reply(200, '"OK"'),
  "cut JSON": reply(200, '{"stat": "OK", "resp'),
  truncated: (response) => {
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "5000" });
    response.write('{"stat": "OK", ', () => response.destroy());
  },
  huge: async (response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    for (let sent = 0; sent < 64 && !response.destroyed; sent += 1) {
      response.write(" ".repeat(1024 * 1024));
      await sleep(1);
    }
    response.end("{}");
  },
  "status 404": reply(404, html, { "Content-Type": "text/html" }),
  "status 429": reply(429, '{"code": 42901, "message": "Too Many Requests", "stat": "FAIL"}'),
  "status 500": reply(500, html, { "Content-Type": "text/html" }),
  "status 503": reply(503, '{"stat": "FAIL", "code": 50301, "message": "down"}'),
  // 307 and 308 have a client post the assertion once more, to wherever they point.
  "redirect 302": (response, self) =>
    reply(302, "", { Location: `${self}/elsewhere` })(response, self),
  "redirect 307": (response, self) =>
    reply(307, "", { Location: `${self}/elsewhere` })(response, self),
  "redirect to http": (response, self) =>
    reply(308, "", { Location: self.replace("https", "http") })(response, self),
  hang: () => undefined,
  "hang in the body": (response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    response.write("{");
  },
  drip: async (response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    while (!response.destroyed) {
      response.write(" ");
      await sleep(100);
    }
  },
} satisfies Readonly<Record<string, Answer>>;

export type BrokenReply = keyof typeof BROKEN_REPLIES;
