/**
 * How the Duo prompt hands its result back: the browser is sent to
 * `http://localhost:PORT/callback?state=…&duo_code=…`. Read the same way where the browser
 * arrives and, since that end is the caller's, once more where the secrets are.
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** The one path, so that nothing about an attempt is in it. */
export const CALLBACK_PATH = "/callback";

/** Below, ports are the system's: a callback is no reason to hold one. */
export const LOWEST_PORT = 1024;
export const HIGHEST_PORT = 65_535;

/** RFC 6749 appendix A.11 and A.7: visible ASCII. The lengths are bounds of our own. */
const VALUE = /^[\x21-\x7e]{1,1024}$/;
const ERROR = /^[\x20-\x7e]{1,256}$/;

export type Redirect =
  | { readonly kind: "code"; readonly state: string; readonly code: string }
  | { readonly kind: "error"; readonly state: string; readonly error: string };

/** Where the browser comes back to: `localhost`, since that is what Duo's own examples use. */
export function callbackUri(port: number): string {
  return `http://localhost:${port}${CALLBACK_PATH}`;
}

/** True for what `callbackUri` writes, and for nothing that only means the same. */
export function isCallbackUri(uri: string): boolean {
  const port = Number(/^http:\/\/localhost:([0-9]{4,5})\//.exec(uri)?.[1]);
  return port >= LOWEST_PORT && port <= HIGHEST_PORT && uri === callbackUri(port);
}

/**
 * What a redirect's query says: exactly one state, and exactly one of duo_code and error.
 * Names that are not ours are ignored, unless repeated: two readers of one query must not
 * read two different things.
 * @param query what follows the question mark
 * @returns undefined for anything else
 */
export function readRedirect(query: string): Redirect | undefined {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (values.has(name)) return undefined;
    values.set(name, value);
  }
  const state = values.get("state");
  const code = values.get("duo_code");
  const error = values.get("error");
  if (state === undefined || !VALUE.test(state)) return undefined;
  if (code !== undefined && error === undefined && VALUE.test(code)) {
    return { kind: "code", state, code };
  }
  if (error !== undefined && code === undefined && ERROR.test(error)) {
    return { kind: "error", state, error };
  }
  return undefined;
}

/** What an address of Duo's prompt says of the way back. */
export interface WayBack {
  readonly state: string;
  readonly redirectUri: string;
}

/**
 * Reads the signed request in an address of Duo's prompt, for the process that opens it: it
 * holds no secret to verify it with, and learns here which redirects are not strangers'.
 * @returns undefined where there is none to read
 */
export function wayBackOf(address: string): WayBack | undefined {
  if (!URL.canParse(address)) return undefined;
  const request = new URL(address).searchParams.get("request") ?? "";
  try {
    const [, payload = ""] = request.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const { state, redirect_uri: redirectUri } = claims;
    if (typeof state !== "string" || !VALUE.test(state)) return undefined;
    return isCallbackUri(redirectUri) ? { state, redirectUri } : undefined;
  } catch {
    return undefined;
  }
}

/** Compares in a time that tells nothing of where they differ, nor of the length asked for. */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
