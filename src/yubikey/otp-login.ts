/** One OTP, judged by the validation servers that the settings name. */
import type { Clock, RandomBytes } from "../contracts/clock.ts";
import type { Conversation } from "../contracts/conversation.ts";
import type { Challenge, ChallengeOutcome, MethodCheck } from "../contracts/method.ts";
import { Fault } from "../core/fault.ts";
import { OTP_LENGTH, publicIdOf } from "../core/yubikey-otp.ts";
import { authority, parseServers } from "./server-address.ts";
import { parseApiKey } from "./signature.ts";
import { trusting } from "./trust.ts";
import { askServer, type Client, type Question, validate } from "./validate.ts";
import { ValidationFault } from "./validation-fault.ts";
import type { ValidationServers } from "./validation-servers.ts";

export interface ValidationParts {
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** Of no key that there is: to see what servers make of a request that is signed. */
const NOBODYS = "c".repeat(OTP_LENGTH);
const NONCE_BYTES = 16;

/**
 * The servers are asked for anybody, so that it takes as long for who does not have this key: an
 * OTP that is spent by it was shown to somebody who had no business with it. Accepted is one of a
 * key of the user's that is not judged here.
 * @throws Fault `settings-invalid`, or of a `file-…` code: this is not the servers' doing
 */
export async function loginByOtp(
  application: ValidationServers,
  parts: ValidationParts,
  { code, access, kept, secret }: Challenge,
  conversation: Conversation,
): Promise<ChallengeOutcome> {
  const client = clientOf(application, secret);
  const question = questionOf(code, parts);
  try {
    const verdict = await conversation.waiting((signal) => validate(client, question, signal));
    const detail = `serial=${publicIdOf(code)}`;
    if (verdict.kind === "refused") return { ...verdict, detail };
    const isTheirs = access !== "none" && kept === undefined;
    if (!isTheirs) return { kind: "refused", reason: "not-enrolled", detail };
    return { kind: "approved", counter: verdict.counter, detail };
  } catch (error) {
    if (!(error instanceof ValidationFault)) throw error;
    return { kind: "unavailable", fault: error, untouched: false, noAttempt: true };
  }
}

/** Every server must take the client id and the API key. @throws Fault */
export async function checkServers(
  application: ValidationServers,
  parts: ValidationParts,
  secret: Buffer,
): Promise<MethodCheck> {
  const client = clientOf(application, secret);
  const { signal } = new AbortController();
  const asked = client.servers.map(async (server) => {
    const { answer, clockOffset } = await askServer(
      client,
      server,
      questionOf(NOBODYS, parts),
      signal,
    );
    if (answer.kind !== "valid") return clockOffset;
    throw new ValidationFault("invalid", `${authority(server)} accepts an OTP of no key at all`);
  });
  const offsets = await Promise.all(asked);
  const clockOffset = offsets.reduce((far, each) => (Math.abs(each) > Math.abs(far) ? each : far));
  return { clockOffset };
}

/** @throws Fault `settings-invalid`, or of a `file-…` code */
export function clientOf(
  { servers, clientId, authorities, limit }: ValidationServers,
  secret: Buffer,
): Client {
  const apiKey = parseApiKey(secret.toString());
  if (!apiKey) {
    throw new Fault("yubikey-refused", "the API key of the validation servers is none", {
      hint: "countersign yubikey configure --client-id ID",
    });
  }
  const trusted = trusting(authorities());
  return { servers: parseServers(servers), clientId, apiKey, trusted, limit };
}

function questionOf(otp: string, { clock, random }: ValidationParts): Question {
  const nonce = Buffer.from(random(NONCE_BYTES)).toString("hex");
  return { otp, nonce, now: () => clock.now() };
}
