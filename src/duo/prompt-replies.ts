/**
 * Duo's replies to the prompt's requests, sorted: out of reach, refused, or not what Duo
 * says. What goes wrong is told from a fixed list: the SDK's errors hold the whole request,
 * with the client assertion and the code, and a reply's text may echo them.
 */
import { errnoOf, Fault } from "../core/fault.ts";
import { DuoFault } from "./duo-fault.ts";

/** What is looked at of a reply. */
export interface Reply {
  readonly status: number;
  readonly data: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Largest reply that is read, in bytes: an id token takes 2 or 3 thousand. */
export const LARGEST_REPLY = 64 * 1024;

/** Seconds that this clock may be off before it is named as what Duo minds. */
const CLOCK_TOLERANCE = 60;

/** axios's names, and none where it has none, in words. */
const WORDS: Readonly<Record<string, string>> = {
  "": "no connection",
  ERR_CANCELED: "no answer in time",
  ERR_BAD_RESPONSE: "the answer broke off",
  ECONNRESET: "the connection was ended",
  EPIPE: "the connection was ended",
  ETIMEDOUT: "no answer in time",
};

/** RFC 6749 5.2 and Duo's own: the only words of a reply that are repeated. */
const MEANINGS: Readonly<Record<string, readonly [string, string]>> = {
  invalid_client: [
    "Duo refused the client id or the client secret",
    "copy both from the application in Duo's Admin Panel, and give them anew: countersign duo configure duo-prompt",
  ],
  unauthorized_client: [
    "Duo refused this application: it is not of the type Web SDK",
    "in Duo's Admin Panel, protect an application of the type Web SDK, and give its client id: countersign duo configure duo-prompt",
  ],
  invalid_grant: ["Duo did not take the code", "a code counts once and not for long: start again"],
  invalid_request: ["Duo refused the request as invalid", "start again"],
  access_denied: ["Duo denied access", "see the application's policy in Duo's Admin Panel"],
};

/** Duo's number for keys of another kind of application. */
const WRONG_APPLICATION = 40_301;

/**
 * Refuses a reply that came with a good status and yet is not good.
 * @throws Fault `duo-refused`, `duo-invalid`
 */
export function demandGoodReply(reply: Reply, now: number): void {
  const fields = jsonOf(reply);
  if (fields === undefined) throw notDuo("a reply that is no JSON");
  if (fields.stat === "FAIL" || "error" in fields) throw refusal(reply, now);
}

/** The code is not of this visit, or was used before: whoever handed it over is at fault, not Duo. */
export class CodeRefused extends Fault {}

/** Why there was no good reply. */
export function faultOfFailure(failure: unknown, now: number): Fault {
  const reply = replyOf(failure);
  if (reply) return faultOfReply(reply, now);
  // Of connection.ts, in what axios makes of it.
  const cause = failure instanceof Error ? failure.cause : undefined;
  if (cause instanceof DuoFault) return cause;
  const name = errnoOf(failure) ?? "";
  if (/maxContentLength/.test(messageOf(failure))) return notDuo("a reply that is too large");
  const why = WORDS[name];
  if (why === undefined) return notDuo("no reply in HTTP");
  return new Fault("duo-unreachable", `Duo cannot be reached: ${why}`, {
    hint: "see that this host reaches the API host on port 443",
  });
}

/** Seconds that a reply of 429 asks to wait, or undefined for any other (RFC 9110 10.2.3). */
export function secondsToWait(failure: unknown): number | undefined {
  const reply = replyOf(failure);
  if (reply?.status !== 429) return undefined;
  const text = String(reply.headers["retry-after"] ?? "");
  return /^[0-9]{1,5}$/.test(text) ? Number(text) : undefined;
}

function faultOfReply(reply: Reply, now: number): Fault {
  if (reply.status >= 500) {
    return new Fault("duo-unreachable", `Duo fails to answer (HTTP status ${reply.status})`, {
      hint: "try again; status.duo.com tells of outages",
    });
  }
  // Not out of reach: whoever can make it too many must not come in by the fail mode.
  if (reply.status === 429) {
    const detail = { mayHaveActed: false, hint: "wait a minute" };
    return new DuoFault("rate-limited", "Duo was asked too often", detail);
  }
  if (reply.status < 400) return notDuo(`a redirect, status ${reply.status}`);
  return jsonOf(reply) ? refusal(reply, now) : notDuo(`status ${reply.status}, and no JSON`);
}

/** What Duo says in refusing: an OAuth error, or stat FAIL with a number and a time. */
function refusal(reply: Reply, now: number): Fault {
  const { error, message, code, timestamp } = jsonOf(reply) ?? {};
  const off = typeof timestamp === "number" ? Math.round(now / 1000 - timestamp) : 0;
  if (Math.abs(off) > CLOCK_TOLERANCE) {
    const offset = `${Math.abs(off)} s ${off > 0 ? "ahead" : "behind"}`;
    return new Fault("duo-refused", `Duo refused: this host's clock is ${offset}`, {
      hint: "set this host's clock by NTP: timedatectl set-ntp true",
    });
  }
  const word = code === WRONG_APPLICATION ? "unauthorized_client" : String(error ?? message);
  const [what, hint] = Object.hasOwn(MEANINGS, word) ? (MEANINGS[word] ?? []) : [];
  const number = Number.isInteger(code) ? ` (${code})` : "";
  const Refusal = word === "invalid_grant" ? CodeRefused : Fault;
  return new Refusal(
    "duo-refused",
    `${what ?? `Duo refused with status ${reply.status}`}${number}`,
    hint === undefined ? {} : { hint },
  );
}

function notDuo(what: string): Fault {
  return new Fault("duo-invalid", `what answered is not Duo: ${what}`, {
    hint: "see that the API host is Duo's, with no portal or proxy in between",
  });
}

function jsonOf(reply: Reply): Readonly<Record<string, unknown>> | undefined {
  const { data } = reply;
  return typeof data === "object" && data !== null && !Array.isArray(data)
    ? (data as Readonly<Record<string, unknown>>)
    : undefined;
}

/** The reply that was the failure; one of a good status that broke off is none. */
function replyOf(failure: unknown): Reply | undefined {
  if (!(failure instanceof Error) || !("response" in failure)) return undefined;
  const reply = failure.response as Reply | undefined;
  return reply && reply.status >= 300 ? reply : undefined;
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : "";
}
