/** HTTP 429: how long Duo wants to be left alone (RFC 6585 4, RFC 9110 10.2.3). */
import type { HttpReply } from "../https/exchange.ts";

const SHORTEST = 1000;
const LONGEST_GUESS = 32_000;

/**
 * Milliseconds to wait before the request is sent again. Without a Retry-After it doubles
 * with each try, and is spread by `random`, 0 to 1, so that many hosts do not return at once.
 */
export function retryDelay(reply: HttpReply, tries: number, now: number, random: number): number {
  const asked = retryAfter(reply, now);
  if (asked !== undefined) return Math.max(SHORTEST, asked);
  return Math.min(LONGEST_GUESS, SHORTEST * 2 ** tries) + Math.floor(random * SHORTEST);
}

function retryAfter({ headers }: HttpReply, now: number): number | undefined {
  const text = String(headers["retry-after"] ?? headers["x-retry-after"] ?? "").trim();
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  // Both dates by the sender's clock, where it tells its own.
  const sent = Date.parse(String(headers.date));
  const until = Date.parse(text) - (Number.isNaN(sent) ? now : sent);
  return Number.isNaN(until) ? undefined : until;
}
