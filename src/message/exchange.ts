/**
 * One message and its answer. The code is in the memory of this one login: it opens no other, and
 * none twice, for with the login it is gone.
 *
 * Whoever has no address sees the same and waits as long (DESIGN.md 6.6): the way is opened first,
 * for everybody, and an outage told to everybody then. What goes wrong after is told to nobody but
 * the log, for it can go wrong for who has an address alone.
 */
import { setImmediate as soon } from "node:timers/promises";
import type { Clock, RandomBytes } from "../contracts/clock.ts";
import type { Conversation } from "../contracts/conversation.ts";
import type { Challenge, ChallengeOutcome } from "../contracts/method.ts";
import { ADDRESS_PROMPT } from "../core/enrollment-words.ts";
import { Fault } from "../core/fault.ts";
import type { Reason } from "../core/verdict.ts";
import { type Address, decoyAddress, mask, readAddress } from "./address.ts";
import { isCode, newCode } from "./code.ts";
import type { Line } from "./line.ts";
import type { MessageSetUp } from "./set-up.ts";
import { kindsOf, openLine } from "./ways.ts";

/** Milliseconds that a code is good. */
export const LIFETIME = 5 * 60_000;

export interface MessageParts {
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** @throws Fault for an address that is none, and for what is wrong with this host's set-up */
export async function exchange(
  setUp: MessageSetUp,
  parts: MessageParts,
  asked: Challenge,
  conversation: Conversation,
): Promise<ChallengeOutcome> {
  const address =
    asked.access === "enroll"
      ? await askAddress(setUp, conversation)
      : (keptAddress(setUp, asked.kept) ?? decoyOf(setUp, asked));
  if (!("text" in address)) return { ...refused(address.reason), noAttempt: true };
  let line: Line | undefined;
  try {
    line = await open(setUp, address, asked, conversation);
    return await converse(setUp, parts, asked, address, line, conversation);
  } catch (error) {
    if (error instanceof Gone) return refused("cancelled");
    if (!(error instanceof Fault && error.code.startsWith("message-"))) throw error;
    // Nobody was sent anything, and it is no doing of whoever logs in.
    return { kind: "unavailable", fault: error, untouched: false, noAttempt: true };
  } finally {
    line?.close();
  }
}

/** The person has left meanwhile. */
class Gone extends Error {}

interface Refusal {
  readonly reason: Reason;
}

async function askAddress(
  setUp: MessageSetUp,
  conversation: Conversation,
): Promise<Address | Refusal> {
  const reply = await conversation.prompt(ADDRESS_PROMPT);
  if (reply.kind !== "text") return { reason: reply.kind };
  const address = readAddress(reply.text);
  if (!address) {
    throw new Fault("usage", "that is neither a phone number nor a mail address", {
      hint: "a phone number begins with + and the country: +49 151 12345678",
    });
  }
  if (kindsOf(setUp).includes(address.kind)) return address;
  const what = address.kind === "mail" ? "mail addresses" : "phone numbers";
  throw new Fault("usage", `this host sends nothing to ${what}`, {
    hint: "give another, or see message in man countersign.json",
  });
}

/** Undefined also for one that nothing can be sent to any more. */
function keptAddress(setUp: MessageSetUp, kept: Buffer | undefined): Address | undefined {
  const address = kept && readAddress(kept.toString());
  return address && kindsOf(setUp).includes(address.kind) ? address : undefined;
}

function decoyOf(setUp: MessageSetUp, { user, decoy }: Challenge): Address {
  return decoyAddress(user, decoy, kindsOf(setUp));
}

/** @throws Gone; Fault */
async function open(
  setUp: MessageSetUp,
  { kind }: Address,
  { secret }: Challenge,
  conversation: Conversation,
): Promise<Line> {
  let left: AbortSignal | undefined;
  try {
    return await conversation.waiting((gone) => {
      left = gone;
      return openLine(setUp, kind, secret, gone);
    });
  } catch (error) {
    throw left?.aborted ? new Gone() : error;
  }
}

async function converse(
  setUp: MessageSetUp,
  { clock, random }: MessageParts,
  asked: Challenge,
  address: Address,
  line: Line,
  conversation: Conversation,
): Promise<ChallengeOutcome> {
  const code = newCode(random);
  try {
    const sentAt = clock.now();
    const answering = conversation.promptSecret(`Code sent to ${mask(address)}: `);
    const failure = failing(deliver(setUp, asked, address, line, code));
    const reply = await answering;
    const age = clock.now() - sentAt;
    if (reply.kind !== "text") return refused(reply.kind);
    if (asked.access === "none") return refused("not-enrolled");
    const isRight = isCode(code, reply.text) && isTo(asked, address);
    if (isRight && age >= 0 && age < LIFETIME) return approved(asked, address);
    const fault = failure();
    if (fault && asked.access === "enroll") throw fault;
    if (fault) return { ...refused("not-sent"), detail: fault.message };
    return refused(isRight ? "expired" : "wrong-code");
  } finally {
    code.fill(0);
  }
}

/** Once the prompt is out: what sending takes is nobody's to see. */
async function deliver(
  setUp: MessageSetUp,
  asked: Challenge,
  address: Address,
  line: Line,
  code: Buffer,
): Promise<void> {
  const text = textOf(setUp, code);
  await soon();
  if (isTo(asked, address)) return line.send(address.text, text);
  await line.pretend(text);
  if (asked.access === "challenge") throw unsendable();
}

/** True where the address is the user's. */
function isTo({ access, kept }: Challenge, address: Address): boolean {
  if (access === "enroll") return true;
  return access === "challenge" && kept?.toString() === address.text;
}

function textOf({ hostName }: MessageSetUp, code: Buffer): string {
  return (
    `${code} is your code for the login to ${hostName} that asked for it, good for 5 minutes. ` +
    "If that was not you, somebody has your password."
  );
}

/** Looks at what became of work that nobody waits for. */
function failing(work: Promise<void>): () => Fault | undefined {
  let fault: Fault | undefined;
  work.catch((error: unknown) => {
    fault = error instanceof Fault ? error : new Fault("message-refused", "it was broken off");
  });
  return () => fault;
}

function unsendable(): Fault {
  return new Fault("message-refused", "nothing is sent to addresses of that kind any more");
}

function approved({ access }: Challenge, { kind, text }: Address): ChallengeOutcome {
  const keep = access === "enroll" ? { keep: Buffer.from(text) } : {};
  return { kind: "approved", detail: kind, ...keep };
}

function refused(reason: Reason): Extract<ChallengeOutcome, { kind: "refused" }> {
  return { kind: "refused", reason };
}

/**
 * Opens every way there is.
 * @param secret the mail server's password
 * @throws Fault
 */
export async function checkWays(setUp: MessageSetUp, secret: Buffer): Promise<void> {
  for (const kind of kindsOf(setUp)) {
    const line = await openLine(setUp, kind, secret, new AbortController().signal);
    line.close();
  }
}
