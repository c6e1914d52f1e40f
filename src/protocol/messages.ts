/** The messages of the protocol, as values and as lines (DESIGN.md 7). */
import type { Verdict } from "../core/verdict.ts";
import { decodeFields, decodeValue, encodeFields, encodeValue, type Fields } from "./fields.ts";
import { Malformed } from "./lines.ts";

/** The first word of a connection's first line. */
export const PROTOCOL = "countersign/1";

/** What opens a connection: a verification, or a call of an administrative use case. */
export type Opening =
  | {
      readonly kind: "verify";
      readonly user: string;
      readonly service?: string | undefined;
      readonly rhost?: string | undefined;
      readonly tty?: string | undefined;
      readonly ruser?: string | undefined;
      /** The login session that asks, as the module has it. */
      readonly session?: string | undefined;
      /** What is to be run, as the caller has it. */
      readonly command?: string | undefined;
      /** A port on the caller's side that a browser can come back to, in decimal. */
      readonly callback?: string | undefined;
      /**
       * There where the first factor is known to be right, so that who has nothing enrolled can
       * be set up; what that may be drawn with.
       */
      readonly enroll?: (typeof ENROLL)[number] | undefined;
    }
  /** `argument`: a JSON document. */
  | { readonly kind: "call"; readonly name: string; readonly argument: string };

/** What the client sends from then on: it only ever answers. */
export type ClientReply =
  | { readonly kind: "answer"; readonly text: string }
  | { readonly kind: "cancel"; readonly why: "cancelled" | "end-of-input" | "timed-out" };

/** What the daemon says before it is done. */
export type Utterance = {
  readonly kind: "prompt" | "prompt-secret" | "info" | "error" | "open";
  readonly text: string;
};

/** What the daemon ends in. `result` and `item` carry JSON documents; items precede a result. */
export type Ending =
  | {
      readonly kind: "verdict";
      readonly verdict: Verdict;
      readonly user: string;
      readonly method?: string | undefined;
      readonly reason?: string | undefined;
      /** Milliseconds since the epoch, in decimal. */
      readonly retryAt?: string | undefined;
      readonly message?: string | undefined;
      readonly hint?: string | undefined;
      /** The host's own words to whoever is refused. */
      readonly refusal?: string | undefined;
    }
  | { readonly kind: "result"; readonly document: string }
  | {
      readonly kind: "fault";
      readonly code: string;
      readonly message: string;
      readonly hint?: string | undefined;
    };

export type DaemonMessage =
  | Utterance
  | Ending
  | { readonly kind: "item"; readonly document: string };

/** Every verdict: the compiler sees to it that none is left out. */
const VERDICTS: Readonly<Record<Verdict, Verdict>> = {
  accept: "accept",
  exempt: "exempt",
  reject: "reject",
  unenrolled: "unenrolled",
  throttled: "throttled",
  unavailable: "unavailable",
};

const ENROLL = ["utf8", "ascii"] as const;
const UTTERANCES = ["prompt", "prompt-secret", "info", "error", "open"] as const;
const WHERE_FROM = ["service", "rhost", "tty", "ruser", "session", "command", "callback"] as const;
const WHY = ["cancelled", "end-of-input", "timed-out"] as const;

export function encodeOpening(opening: Opening): string {
  const { kind, ...fields } = opening;
  return `${PROTOCOL} ${kind}${encodeFields(fields)}\n`;
}

/** @throws Malformed */
export function decodeOpening(line: string): Opening {
  const [protocol, kind, ...words] = line.split(" ");
  if (protocol !== PROTOCOL) throw new Malformed("this is another protocol");
  if (kind === "verify") {
    const fields = decodeFields(words, ["user", ...WHERE_FROM, "enroll"]);
    const opening = { kind, user: must(fields, "user"), ...optional(fields, WHERE_FROM) } as const;
    const told = fields.get("enroll");
    if (told === undefined) return opening;
    const enroll = ENROLL.find((each) => each === told);
    if (enroll === undefined) throw new Malformed("this way to enroll is not known");
    return { ...opening, enroll };
  }
  if (kind === "call") {
    const fields = decodeFields(words, ["name", "argument"]);
    return { kind, name: must(fields, "name"), argument: must(fields, "argument") };
  }
  throw new Malformed("this opening is not known");
}

export function encodeReply(reply: ClientReply): string {
  if (reply.kind === "answer") return `answer ${encodeValue(reply.text)}\n`;
  return reply.why === "cancelled" ? "cancel\n" : `cancel ${reply.why}\n`;
}

/** @throws Malformed */
export function decodeReply(line: string): ClientReply {
  const [kind, text, ...more] = line.split(" ");
  if (kind === "answer" && text !== undefined && more.length === 0) {
    return { kind, text: decodeValue(text) };
  }
  const why = kind === "cancel" ? WHY.find((each) => each === (text ?? "cancelled")) : undefined;
  if (why === undefined || more.length > 0) throw new Malformed("this reply is not known");
  return { kind: "cancel", why };
}

export function encodeMessage(message: DaemonMessage): string {
  switch (message.kind) {
    case "verdict": {
      // The PAM module reads what has to be there, and reads it first: see src/pam/frames.c.
      const { kind, verdict, user, ...fields } = message;
      return `${kind} ${verdict}${encodeFields({ user, ...fields })}\n`;
    }
    case "fault": {
      const { kind, code, ...fields } = message;
      return `${kind}${encodeFields({ code, ...fields })}\n`;
    }
    case "item":
    case "result":
      return `${message.kind} ${encodeValue(message.document)}\n`;
    default:
      return `${message.kind} ${encodeValue(message.text)}\n`;
  }
}

/** @throws Malformed */
export function decodeMessage(line: string): DaemonMessage {
  const [kind, ...words] = line.split(" ");
  if (kind === "verdict") return decodeVerdict(words);
  if (kind === "fault") {
    const fields = decodeFields(words, ["code", "message", "hint"]);
    const told = { code: must(fields, "code"), message: must(fields, "message") };
    return { kind, ...told, ...optional(fields, ["hint"]) };
  }
  const text = words[0];
  if (text === undefined || words.length > 1) throw new Malformed("this message is not known");
  if (kind === "item" || kind === "result") return { kind, document: decodeValue(text) };
  const utterance = UTTERANCES.find((each) => each === kind);
  if (!utterance) throw new Malformed("this message is not known");
  return { kind: utterance, text: decodeValue(text) };
}

function decodeVerdict([word, ...words]: readonly string[]): Ending {
  const verdict = Object.values(VERDICTS).find((each) => each === word);
  if (!verdict) throw new Malformed("this verdict is not known");
  const names = ["method", "reason", "retryAt", "message", "hint", "refusal"] as const;
  const fields = decodeFields(words, ["user", ...names]);
  return { kind: "verdict", verdict, user: must(fields, "user"), ...optional(fields, names) };
}

function must(fields: Fields, key: string): string {
  const value = fields.get(key);
  if (value === undefined) throw new Malformed(`the field ${key} is missing`);
  return value;
}

function optional<K extends string>(fields: Fields, keys: readonly K[]): { [P in K]?: string } {
  const found: { [P in K]?: string } = {};
  for (const key of keys) {
    const value = fields.get(key);
    if (value !== undefined) found[key] = value;
  }
  return found;
}
