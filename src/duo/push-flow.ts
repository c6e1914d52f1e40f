/**
 * One login by Duo's Auth API: preauth, where it is called for the way through Duo's own
 * enrollment, then one challenge, followed until it is decided.
 */
import type { Conversation, Reply } from "../contracts/conversation.ts";
import type { Challenge as Asked, ChallengeOutcome } from "../contracts/method.ts";
import type { Reason } from "../core/verdict.ts";
import type { AuthApi } from "./auth-api.ts";
import type { Challenge } from "./challenge.ts";
import { DuoFault } from "./duo-fault.ts";
import { personOf, pushTextOf } from "./push-text.ts";
import type { AuthStatus, Capability, Device, Preauth } from "./replies.ts";
import { LONGEST_WATCH, watch } from "./watch.ts";

type Admitted = Extract<Preauth, { result: "auth" }>;

/** How often a person is sent to Duo's enrollment in one login. */
const INVITATIONS = 3;
/** Messages of Duo's that are passed on in one login: PAM's module hears so many and no more. */
const MESSAGES = 20;
/** What Duo takes as a passcode. */
const PASSCODE = /^[0-9]{6,10}$/;

/** Of statuses that deny; any other is `denied`. */
const REASONS: ReadonlyMap<string, Reason> = new Map([
  ["fraud", "fraud"],
  ["locked_out", "locked-out"],
  ["timeout", "timed-out"],
] as const);

/** Ends the login from within a step of it. */
class Refusal extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(reason);
    this.reason = reason;
  }
}

export class PushFlow {
  readonly #api: AuthApi;
  readonly #asked: Asked;
  readonly #hostName: string;
  readonly #conversation: Conversation;
  /** Once Duo has sent, called or judged anything, no outage is without consequence. */
  #hasActed = false;
  #lastTold = "";
  #told = 0;

  /** @param hostName this host's */
  constructor(api: AuthApi, asked: Asked, hostName: string, conversation: Conversation) {
    this.#api = api;
    this.#asked = asked;
    this.#hostName = hostName;
    this.#conversation = conversation;
  }

  async outcome(): Promise<ChallengeOutcome> {
    try {
      return await this.#judged();
    } catch (error) {
      if (error instanceof Refusal) return refused(error.reason);
      if (!(error instanceof DuoFault)) throw error;
      // Whoever makes it too many requests is counted for each.
      const noAttempt = !error.mayHaveActed && !this.#hasActed && error.trouble !== "rate-limited";
      const untouched = this.#isUntouched(error);
      return { kind: "unavailable", fault: error, untouched, noAttempt };
    }
  }

  /** Where somebody else answers in Duo's place, Duo is not out of reach. */
  #isUntouched({ code, trouble, mayHaveActed }: DuoFault): boolean {
    const isOutOfReach = code === "duo-unreachable" && trouble !== "certificate";
    return isOutOfReach && !mayHaveActed && !this.#hasActed;
  }

  async #judged(): Promise<ChallengeOutcome> {
    const { access } = this.#asked;
    const preauth = access === "enroll" ? await this.#enrolled() : await this.#preauth();
    // Whatever Duo says of them: they get no push, no address and no message.
    if (access === "none" || preauth.result === "enroll") return refused("not-enrolled");
    if (preauth.result === "auth") return this.#challenged(preauth);
    await this.#tell(preauth.message);
    if (preauth.result === "deny") return refused("denied", preauth.message);
    return { kind: "approved", detail: `bypass: ${preauth.message}` };
  }

  #preauth(): Promise<Preauth> {
    const { name, origin } = this.#asked;
    const person = personOf(name, origin, this.#hostName);
    return this.#waiting((gone) => this.#api.preauth(person, gone));
  }

  /** Preauth, once the person has had the chance to enroll at Duo. */
  async #enrolled(): Promise<Preauth> {
    let preauth = await this.#preauth();
    for (let count = 0; preauth.result === "enroll" && count < INVITATIONS; count++) {
      await this.#conversation.info(`Duo does not know ${this.#asked.name} yet.`);
      await this.#conversation.open(preauth.enrollUrl);
      // With a prompt, for sshd keeps texts until there is one.
      const text = "Set up Duo at that address, then press Enter: ";
      answerOf(await this.#conversation.prompt(text));
      preauth = await this.#preauth();
    }
    return preauth;
  }

  #challenged(preauth: Admitted): Promise<ChallengeOutcome> {
    const { shape, code } = this.#asked;
    if (shape === "push") return this.#byPush(preauth);
    if (shape === "phone") return this.#byPhone(preauth);
    if (shape === "sms") return this.#bySms(preauth);
    return this.#byPasscode(code);
  }

  async #byPush(preauth: Admitted): Promise<ChallengeOutcome> {
    const { user, origin, code } = this.#asked;
    const { id } = await this.#device(preauth, "push");
    const { verifiedPush } = preauth;
    const transaction = await this.#auth({
      factor: "push",
      device: code === "" ? "auto" : id,
      ...pushTextOf(user, origin, this.#hostName),
      ...(verifiedPush ? { transaction: verifiedPush.transaction } : {}),
    });
    const shown = verifiedPush?.code;
    if (shown) await this.#showCode(`Enter ${shown} in Duo Mobile`);
    const comes = shown ? "told" : verifiedPush ? "next" : "perhaps";
    return verdictOf("push", await this.#decided(transaction, comes));
  }

  async #byPhone(preauth: Admitted): Promise<ChallengeOutcome> {
    const { id } = await this.#device(preauth, "phone");
    const transaction = await this.#auth({ factor: "phone", device: id });
    return verdictOf("phone", await this.#decided(transaction));
  }

  /** Two challenges: the first sends passcodes and ends as denied, the second takes one. */
  async #bySms(preauth: Admitted): Promise<ChallengeOutcome> {
    const { id } = await this.#device(preauth, "sms");
    const status = await this.#decided(await this.#auth({ factor: "sms", device: id }));
    if (status.result !== "deny" || status.status !== "sent") return verdictOf("sms", status);
    const typed = answerOf(await this.#conversation.promptSecret("Passcode: "));
    return this.#byPasscode(typed.replace(/[ \t\r\n]/g, ""));
  }

  async #byPasscode(passcode: string): Promise<ChallengeOutcome> {
    if (!PASSCODE.test(passcode)) return refused("malformed");
    const transaction = await this.#auth({ factor: "passcode", passcode });
    return verdictOf("passcode", await this.#decided(transaction));
  }

  /** The device that was asked for by its number among those that can do it, or the first. */
  async #device({ devices }: Admitted, capability: "push" | "phone" | "sms"): Promise<Device> {
    const able = devices.filter(({ capabilities }) => capabilities.includes(capability));
    const found = able[Number(this.#asked.code || 1) - 1];
    if (found) return found;
    await this.#tellDevices(able, capability);
    throw new Refusal("malformed");
  }

  async #tellDevices(able: readonly Device[], capability: Capability): Promise<void> {
    if (able.length === 0) await this.#tell(`None of your devices can be used for ${capability}.`);
    for (const [at, { label }] of able.entries())
      await this.#tell(`${capability}${at + 1}: ${label}`);
  }

  async #auth(challenge: Challenge): Promise<string> {
    const { name, origin } = this.#asked;
    const person = personOf(name, origin, this.#hostName);
    const transaction = await this.#waiting((gone) => this.#api.auth(person, challenge, gone));
    this.#hasActed = true;
    return transaction;
  }

  /**
   * The status that decides. Statuses are told as they come.
   * @param code of a verified push: told by now, to come with the next status, or perhaps
   */
  async #decided(transaction: string, code: CodeComes = "told"): Promise<AuthStatus> {
    const end = performance.now() + LONGEST_WATCH;
    let comes = this.#mustRide ? code : "told";
    for (;;) {
      const limit = Math.max(1, Math.ceil(end - performance.now()));
      const status = await this.#waiting((gone) => this.#follow(transaction, comes, gone, limit));
      if (status.result !== "waiting") return status;
      comes = "told";
      this.#lastTold = status.message;
      await this.#showCode(status.message.replace(/\.$/, ""));
    }
  }

  /** The status that decides, or one whose code must be seen before it is gone on. */
  async #follow(
    transaction: string,
    comes: CodeComes,
    gone: AbortSignal,
    limit: number,
  ): Promise<AuthStatus> {
    let last: AuthStatus | undefined;
    for await (const status of watch(this.#api, transaction, gone, limit)) {
      last = status;
      if (status.result === "waiting" && holdsCode(status, comes)) return status;
      await this.#tell(status.message);
    }
    if (last === undefined) throw new Error("a watch ended without a status");
    return last;
  }

  /** sshd keeps texts until its next prompt (OpenSSH bug 2876): a code would come too late. */
  get #mustRide(): boolean {
    return this.#asked.origin.service?.startsWith("sshd") === true;
  }

  async #showCode(text: string): Promise<void> {
    if (!this.#mustRide) await this.#conversation.info(`${text}.`);
    else answerOf(await this.#conversation.prompt(`${text}, then press Enter: `));
  }

  /** What Duo says, once. */
  async #tell(message: string): Promise<void> {
    if (message === "" || message === this.#lastTold || this.#told >= MESSAGES) return;
    this.#lastTold = message;
    this.#told += 1;
    await this.#conversation.info(message);
  }

  /** Work with the network. Nobody is let in by it who has gone meanwhile. */
  async #waiting<T>(work: (gone: AbortSignal) => Promise<T>): Promise<T> {
    let gone: AbortSignal | undefined;
    try {
      return await this.#conversation.waiting((signal) => {
        gone = signal;
        return work(signal);
      });
    } finally {
      // In place of whatever came of it, an approval at that very moment included.
      if (gone?.aborted) leave();
    }
  }
}

type CodeComes = "told" | "next" | "perhaps";

/** For display alone: one number of 3 to 6 digits, in a message that asks to enter something. */
function holdsCode({ message }: AuthStatus, comes: CodeComes): boolean {
  if (comes === "told" || message === "") return false;
  const numbers = message.match(/(?<![\w-])[0-9]{3,6}(?![\w-])/g) ?? [];
  return comes === "next" || (numbers.length === 1 && /\b(?:enter|code)\b/i.test(message));
}

function verdictOf(factor: Challenge["factor"], { result, status }: AuthStatus): ChallengeOutcome {
  const detail = `${factor}: ${status}`;
  if (result === "allow") return { kind: "approved", detail };
  return refused(REASONS.get(status) ?? "denied", detail);
}

function refused(reason: Reason, detail?: string): ChallengeOutcome {
  return { kind: "refused", reason, ...(detail ? { detail } : {}) };
}

/** @throws Refusal for a conversation that has ended */
function answerOf(reply: Reply): string {
  if (reply.kind === "text") return reply.text;
  throw new Refusal(reply.kind);
}

function leave(): never {
  throw new Refusal("cancelled");
}
