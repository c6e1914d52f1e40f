/** What every reply of the Auth API is wrapped in: `stat`, and a response or a refusal. */

import type { HttpReply } from "../https/exchange.ts";
import { DuoFault, type DuoTrouble, mayHaveActed } from "./duo-fault.ts";
import { type Call, nonsense, oneLine } from "./fields.ts";

/** Duo's numbers; the first three digits are the HTTP status. */
const TROUBLES: Readonly<Record<number, readonly [DuoTrouble, string]>> = {
  40101: ["integration-key", "Duo misses the integration key"],
  40102: ["integration-key", "Duo does not know the integration key"],
  40103: ["secret-key", "Duo refuses the signature: the secret key is another"],
  40104: ["clock", "Duo misses the time of the request"],
  40105: ["clock", "Duo refuses the time of this host"],
  40301: ["application-type", "the keys are not of an Auth API application"],
  42901: ["rate-limited", "Duo takes no more requests for now"],
};

/**
 * The response in a reply.
 * @param now milliseconds since the epoch: by how much Duo's clock differs
 * @throws DuoFault `server-error`, `nonsense`, or why Duo refuses the request
 */
export function openEnvelope(reply: HttpReply, call: Call, now: number): unknown {
  const { status } = reply;
  if (status >= 500) {
    throw new DuoFault("server-error", `Duo fails to answer (HTTP status ${status})`, {
      mayHaveActed: mayHaveActed(call.effect, true),
      hint: "try again; status.duo.com tells of outages",
    });
  }
  if (status === 429) throw refusal(42901, "", call, reply, now);
  if (status >= 300 && status < 400) {
    throw nonsense(call, `is a redirect (HTTP status ${status}), which is not followed`);
  }
  const envelope = parse(reply, call);
  if (envelope.stat === "OK" && status === 200) return envelope.response;
  if (envelope.stat === "FAIL" && Number.isSafeInteger(envelope.code)) {
    throw refusal(Number(envelope.code), said(envelope), call, reply, now);
  }
  throw nonsense(call, `is neither OK nor FAIL (HTTP status ${status})`);
}

interface Envelope {
  readonly stat?: unknown;
  readonly response?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly message_detail?: unknown;
}

function parse(reply: HttpReply, call: Call): Envelope {
  const type = String(reply.headers["content-type"] ?? "");
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw nonsense(call, `is not JSON but ${oneLine(type, 64) || "of no type"}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(reply.body));
  } catch {
    throw nonsense(call, "is not valid JSON");
  }
  if (typeof value !== "object" || value === null) throw nonsense(call, "is no object");
  return value;
}

function said({ message, message_detail }: Envelope): string {
  const texts = [message, message_detail].filter((each) => typeof each === "string");
  return oneLine(texts.filter((each) => each.trim() !== "").join(": "));
}

function refusal(
  duoCode: number,
  text: string,
  call: Call,
  reply: HttpReply,
  now: number,
): DuoFault {
  const unnamed = [`Duo refuses ${call.name}: ${text} (${duoCode})`] as const;
  const [trouble, message] = TROUBLES[duoCode] ?? (["request", ...unnamed] as const);
  const apart = trouble === "clock" ? clockDifference(reply, now) : "";
  return new DuoFault(trouble, `${message}${apart}`, {
    // Refused by a status that says so: nothing was done.
    mayHaveActed: mayHaveActed(call.effect, reply.status < 400 || reply.status >= 500),
    duoCode,
  });
}

/** By Duo's own Date header: what an administrator with a wrong clock needs to read. */
function clockDifference(reply: HttpReply, now: number): string {
  const seconds = Math.round((now - Date.parse(String(reply.headers.date))) / 1000);
  if (!Number.isSafeInteger(seconds) || seconds === 0) return "";
  return `: its clock is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead" : "behind"}`;
}
