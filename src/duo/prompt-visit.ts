/**
 * One login by Duo's Universal Prompt: the person answers in a browser, which is sent back to a port on
 * their own machine. Client secret, state and exchange stay here; the person's side opens an
 * address and hands a redirect back, of which nothing is believed.
 */
import type { Conversation } from "../contracts/conversation.ts";
import type { Challenge, ChallengeOutcome, MethodCheck } from "../contracts/method.ts";
import { Fault } from "../core/fault.ts";
import { callbackUri, isCallbackUri } from "../core/redirect.ts";
import type { Reason } from "../core/verdict.ts";
import type { PromptApplication } from "./application.ts";
import { routeOf } from "./application-route.ts";
import { DuoFault } from "./duo-fault.ts";
import { DuoPrompt, type PromptParts } from "./prompt.ts";
import { judgeRedirect, type PromptAttempt } from "./prompt-attempt.ts";
import type { PromptOutcome, PromptRecord } from "./prompt-claims.ts";
import { CodeRefused } from "./prompt-replies.ts";

const PASTE = "Paste the address the browser ended at: ";
const NOT_THIS = "that is not the address that this login's browser ended at";

/** How often an address may be handed back; a slip of the mouse is one. */
const TRIES = 3;

/**
 * Where a port is chosen at random: above those that Linux gives out by itself
 * (ip_local_port_range), so that it is mostly free on the person's side too.
 */
const FIRST_PORT = 61_000;
const PORTS = 65_535 - FIRST_PORT + 1;

/** What Duo says of a denial that is more than one. */
const REASONS: Readonly<Record<string, Reason>> = {
  fraud: "fraud",
  user_marked_fraud: "fraud",
  locked_out: "locked-out",
  timeout: "timed-out",
  no_response: "timed-out",
};

/** @throws Fault `settings-invalid`, or of a `file-…` code */
export function visitPrompt(
  application: PromptApplication,
  parts: PromptParts,
  challenge: Challenge,
  conversation: Conversation,
): Promise<ChallengeOutcome> {
  return new Visit(application, parts, challenge, conversation).outcome();
}

/** Duo's SDK, which is loaded when it is first used. */
export async function loadSdk(): Promise<void> {
  await import("@duosecurity/duo_universal");
}

/** @throws Fault */
export function checkPrompt(
  application: PromptApplication,
  parts: PromptParts,
  secret: Buffer,
): Promise<MethodCheck> {
  return clientOf(application, parts, secret).healthCheck();
}

/** @throws Fault `settings-invalid`, or of a `file-…` code */
function clientOf(application: PromptApplication, parts: PromptParts, secret: Buffer): DuoPrompt {
  const { clientId, apiHost, anyHost } = application;
  const ca = application.authorities();
  const { proxy } = routeOf({ ...application, authorities: () => ca });
  const settings = { clientId, clientSecret: secret.toString(), apiHost, allowHost: anyHost };
  const trust = ca === undefined ? {} : { ca };
  return new DuoPrompt({ ...settings, ...trust, ...(proxy ? { proxy } : {}) }, parts);
}

/** One challenge, from the health check to the result. */
class Visit {
  readonly #duo: DuoPrompt;
  readonly #application: PromptApplication;
  readonly #parts: PromptParts;
  readonly #challenge: Challenge;
  readonly #conversation: Conversation;

  constructor(
    application: PromptApplication,
    parts: PromptParts,
    challenge: Challenge,
    conversation: Conversation,
  ) {
    this.#duo = clientOf(application, parts, challenge.secret);
    this.#application = application;
    this.#parts = parts;
    this.#challenge = challenge;
    this.#conversation = conversation;
  }

  async outcome(): Promise<ChallengeOutcome> {
    const { name, access } = this.#challenge;
    const failed = await this.#greet();
    if (failed) return failed;
    if (access === "none") return refused("not-enrolled");
    const { attempt, url } = await this.#duo.begin(name, callbackUri(this.#port()));
    await this.#conversation.open(url);
    const returned = await this.#comeBack(attempt);
    return "kind" in returned ? returned : this.#exchange(attempt, returned.code);
  }

  /** The one step at which nobody has been asked for anything yet, so that a fail mode may count. */
  #greet(): Promise<ChallengeOutcome | undefined> {
    return this.#conversation.waiting(async (gone) => {
      try {
        await this.#duo.healthCheck(gone);
        return gone.aborted ? refused("cancelled") : undefined;
      } catch (error) {
        if (gone.aborted) return refused("cancelled");
        const fault = faultIn(error);
        // Whoever shows a certificate of their own may have come between to open the door.
        const isCertificate = fault instanceof DuoFault && fault.trouble === "certificate";
        const untouched = fault.code === "duo-unreachable" && !isCertificate;
        const isTooMany = fault instanceof DuoFault && fault.trouble === "rate-limited";
        return { kind: "unavailable", fault, untouched, noAttempt: !isTooMany };
      }
    });
  }

  #port(): number {
    const { callbackPort } = this.#challenge.origin;
    // Told by the caller's side: what is no port there is none here.
    if (callbackPort !== undefined && isCallbackUri(callbackUri(callbackPort))) return callbackPort;
    if (this.#application.callbackPort !== 0) return this.#application.callbackPort;
    return FIRST_PORT + (Buffer.from(this.#parts.random(4)).readUInt32BE() % PORTS);
  }

  /** The code that the browser came back with. The attempt is spent by it. */
  async #comeBack(attempt: PromptAttempt): Promise<ChallengeOutcome | { readonly code: string }> {
    for (let left = TRIES; ; left -= 1) {
      const reply = await this.#conversation.prompt(PASTE);
      if (reply.kind !== "text") return refused(reply.kind);
      const judged = judgeRedirect(attempt, reply.text, this.#parts.clock.now());
      if (judged.kind === "code") return { code: judged.code };
      if (judged.kind === "ended") return refused("denied", judged.error);
      if (judged.reason === "expired") return refused("timed-out");
      if (left === 1) return refused(judged.reason === "malformed" ? "malformed" : "wrong-code");
      await this.#conversation.error(NOT_THIS);
    }
  }

  #exchange(attempt: PromptAttempt, code: string): Promise<ChallengeOutcome> {
    return this.#conversation.waiting(async (gone) => {
      try {
        const result = await this.#duo.exchange(attempt, code, gone);
        return gone.aborted ? refused("cancelled") : judged(result);
      } catch (error) {
        if (gone.aborted) return refused("cancelled");
        const fault = faultIn(error);
        if (fault instanceof CodeRefused) return refused("wrong-code", fault.message);
        return { kind: "unavailable", fault, untouched: false, noAttempt: false };
      }
    });
  }
}

/** The SDK takes a denial for a success: only `allowed` counts. */
function judged({ allowed, record }: PromptOutcome): ChallengeOutcome {
  const detail = detailOf(record);
  if (allowed) return { kind: "approved", ...detail };
  const reason = REASONS[record.status ?? ""] ?? REASONS[record.reason ?? ""] ?? "denied";
  return { kind: "refused", reason, ...detail };
}

/** Duo's own words, cleaned: a remembered device and a bypass let in without a prompt. */
function detailOf({ factor, reason }: PromptRecord): { readonly detail?: string } {
  const said = [factor, reason].filter((each) => each !== undefined);
  return said.length > 0 ? { detail: said.join(", ") } : {};
}

function refused(reason: Reason, detail?: string): ChallengeOutcome {
  return { kind: "refused", reason, ...(detail === undefined ? {} : { detail }) };
}

/** @throws what is no fault */
function faultIn(error: unknown): Fault {
  if (error instanceof Fault) return error;
  throw error;
}
