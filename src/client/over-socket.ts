/** The daemon's engine, spoken to over its socket: the same contract as the engine's own. */
import type { Socket } from "node:net";
import type { Conversation, Reply } from "../contracts/conversation.ts";
import type { Countersign, Origin, VerifyOutcome } from "../contracts/service.ts";
import { formatHead } from "../core/audit-head.ts";
import { Fault, type FaultCode } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import type { Reason } from "../core/verdict.ts";
import {
  type ClientReply,
  type DaemonMessage,
  decodeMessage,
  type Ending,
  encodeOpening,
  encodeReply,
  type Opening,
  type Utterance,
} from "../protocol/messages.ts";
import type { Opener } from "./daemon-socket.ts";
import { sentForm } from "./import/sent-form.ts";
import { SocketLines } from "./socket-lines.ts";

/**
 * Longest answer that is sent whole, in characters: its line fits, were all of them encoded. The
 * address that a browser ended at is an answer as well.
 */
const LONGEST = 2048;
/** The same of each text of an origin. */
const ORIGIN_LONGEST = 128;

type Argument = Readonly<Record<string, unknown>>;

interface How {
  readonly conversation?: Conversation | undefined;
  /** Milliseconds that the daemon may be silent; without end where absent. */
  readonly patience?: number;
}

/** One call, and what it comes to. */
export async function callOver<T>(
  open: Opener,
  name: string,
  argument: Argument,
  how: How = {},
): Promise<T> {
  let result: T | undefined;
  for await (const { isLast, document } of exchange<T>(open, name, argument, how)) {
    if (isLast) result = document;
  }
  return result as T;
}

/** Each call is a connection of its own. */
export function countersignOver(open: Opener): Countersign {
  const call = <T>(name: string, argument: Argument, conversation?: Conversation): Promise<T> =>
    callOver(open, name, argument, { conversation });
  async function* items<T>(name: string, argument: Argument): AsyncGenerator<T> {
    for await (const { isLast, document } of exchange<T>(open, name, argument)) {
      if (!isLast) yield document;
    }
  }
  const counting = async <T>(
    name: string,
    argument: Argument,
    progress: (count: number) => void = () => undefined,
  ): Promise<T> => {
    for await (const { isLast, document } of exchange<unknown>(open, name, argument)) {
      if (isLast) return document as T;
      progress(Number(document));
    }
    throw broken();
  };
  return {
    verify: (user, origin, conversation) => verifyOver(open, toOpening(user, origin), conversation),
    beginEnrollment: (user, options, conversation) =>
      call("beginEnrollment", { user, ...options }, conversation),
    confirmEnrollment: (user, method, code) => call("confirmEnrollment", { user, method, code }),
    cancelEnrollment: (user, method) => call("cancelEnrollment", { user, method }),
    enrollByChallenge: (user, method, origin, conversation) =>
      call("enrollByChallenge", { user, method, ...short(origin) }, conversation),
    enrollToken: (user, token, conversation) =>
      call("enrollToken", { user, ...token }, conversation),
    resynchronize: (user, token, conversation) =>
      call("resynchronize", { user, ...token }, conversation),
    listTokens: () => items("listTokens", {}),
    removeToken: (serial, method) => call("removeToken", { serial, method }),
    enrollYubikey: (user, isLocal, conversation) =>
      call("enrollYubikey", { user, local: isLocal }, conversation),
    createInvitation: (user, terms) => call("createInvitation", { user, ...terms }),
    listInvitations: (user) => items("listInvitations", { user }),
    revokeInvitations: (choice) => call("revokeInvitations", { ...choice }),
    // A call of its own: a daemon of an earlier release would remove every one of the method.
    reset: (user, method, conversation, serial) =>
      serial === undefined
        ? call("reset", { user, method }, conversation)
        : call("resetToken", { user, method, serial }, conversation),
    generateBackupCodes: (user, conversation) =>
      call("generateBackupCodes", { user }, conversation),
    backupCodeStatus: (user) => call("backupCodeStatus", { user }),
    revokeBackupCodes: (user, conversation) => call("revokeBackupCodes", { user }, conversation),
    // A call of its own: a daemon of an earlier release would list everybody, unfiltered.
    listUsers: (query) => (query ? items("findUsers", { ...query }) : items("listUsers", {})),
    showUser: (user) => call("showUser", { user }),
    disableUser: (user) => call("disableUser", { user }),
    enableUser: (user) => call("enableUser", { user }),
    unlockUser: (user) => call("unlockUser", { user }),
    setAlias: (user, alias) => call("setAlias", { user, alias }),
    setPreferredMethod: (user, method) => call("setPreferredMethod", { user, method }),
    setMessage: (user, message) => call("setMessage", { user, message }),
    listMethods: () => call("listMethods", {}),
    purgeMethod: (method) => call("purgeMethod", { method }),
    setMethodSecret: (method, secret) => call("setMethodSecret", { method, secret }),
    checkMethod: (method) => call("checkMethod", { method }),
    explainPolicy: async (user, origin) => {
      const pieces = items<string>("explainPolicy", { user, ...short(origin) });
      return JSON.parse((await Array.fromAsync(pieces)).join(""));
    },
    standing: (user) => call("standing", { user }),
    listTickets: (user) => items("listTickets", { user }),
    revokeTickets: (user) => call("revokeTickets", { user }),
    // As for users: a daemon of an earlier release knows fewer filters.
    listAudit: (filter, last) => items("findAudit", { ...filter, last }),
    verifyAudit: (kept, progress) =>
      counting("proveAudit", { places: kept?.map(formatHead) }, progress),
    checkpointAudit: () => call("checkpointAudit", {}),
    auditPublicKey: () => call("auditPublicKey", {}),
    archiveAudit: (before) => items("archiveAudit", { before }),
    dropArchived: (checkpoint, progress) => counting("dropArchived", { checkpoint }, progress),
    auditReport: (query) => items("auditReport", { ...query }),
    beginImport: (isTrial) => call("beginImport", { isTrial }),
    stageImport: (id, entries) => {
      const sent = entries.map(sentForm);
      for (const { secret } of entries) secret.fill(0);
      return Array.fromAsync(items("stageImport", { id, entries: sent }));
    },
    commitImport: (id, source, isPartly, progress) =>
      counting("commitImport", { id, ...source, isPartly }, progress),
    abandonImport: (id) => call("abandonImport", { id }),
    recordSetting: (action, name) => call("recordSetting", { action, name }),
    status: (since) => call("status", { since }),
    close: async () => undefined,
  };
}

async function verifyOver(
  open: Opener,
  opening: Opening,
  conversation: Conversation,
): Promise<VerifyOutcome> {
  for await (const message of converse(open, opening, { conversation })) {
    if (message.kind === "verdict") return toOutcome(message);
    throw broken();
  }
  throw broken();
}

function toOutcome(told: Extract<Ending, { kind: "verdict" }>): VerifyOutcome {
  const { verdict, user, method, reason, retryAt, message, hint, refusal } = told;
  const fault =
    message === undefined ? undefined : new Fault("internal", message, hint ? { hint } : {});
  return {
    verdict,
    user,
    ...(method === undefined ? {} : { method }),
    ...(reason === undefined ? {} : { reason: reason as Reason }),
    ...(retryAt === undefined ? {} : { retryAt: Number(retryAt) }),
    ...(fault ? { fault } : {}),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

async function* exchange<T>(
  open: Opener,
  name: string,
  argument: Argument,
  how: How = {},
): AsyncGenerator<{ isLast: boolean; document: T }> {
  const opening = { kind: "call", name, argument: JSON.stringify(argument) } as const;
  for await (const message of converse(open, opening, how)) {
    if (message.kind !== "item" && message.kind !== "result") throw broken();
    const isLast = message.kind === "result";
    yield { isLast, document: JSON.parse(message.document) as T };
    if (isLast) return;
  }
  throw broken();
}

type Told = Exclude<DaemonMessage, Utterance>;

/** What the daemon tells, while what it asks is answered by the conversation. */
async function* converse(
  open: Opener,
  opening: Opening,
  { conversation, patience = 0 }: How,
): AsyncGenerator<Told> {
  const socket = await open();
  socket.setTimeout(patience, () => socket.destroy(new Error("silent")));
  try {
    socket.write(encodeOpening(opening));
    const lines = new SocketLines(socket);
    for (;;) {
      const line = await nextLine(socket, lines, conversation);
      if (line === undefined) return;
      const message = understood(line);
      if (message.kind === "fault") {
        throw new Fault(
          message.code as FaultCode,
          message.message,
          message.hint ? { hint: message.hint } : {},
        );
      }
      if ("text" in message) await utter(socket, message, conversation);
      else yield message;
    }
  } finally {
    socket.destroy();
  }
}

/** Meanwhile the daemon may wait for something; a person who has no more patience tells it so. */
function nextLine(
  socket: Socket,
  lines: SocketLines,
  conversation: Conversation | undefined,
): Promise<string | undefined> {
  if (!conversation) return heard(lines);
  return conversation.waiting((gone) => {
    const cancel = (): void => void socket.write(encodeReply({ kind: "cancel", why: "cancelled" }));
    gone.addEventListener("abort", cancel, { once: true });
    return heard(lines).finally(() => gone.removeEventListener("abort", cancel));
  });
}

async function heard(lines: SocketLines): Promise<string | undefined> {
  try {
    return await lines.next();
  } catch (cause) {
    throw broken(cause);
  }
}

function understood(line: string): DaemonMessage {
  try {
    return decodeMessage(line);
  } catch (cause) {
    throw broken(cause);
  }
}

async function utter(
  socket: Socket,
  { kind, text }: Utterance,
  conversation: Conversation | undefined,
): Promise<void> {
  if (!conversation) throw broken();
  if (kind === "prompt") socket.write(encodeReply(toReply(await conversation.prompt(text))));
  else if (kind === "prompt-secret") {
    socket.write(encodeReply(toReply(await conversation.promptSecret(text))));
  } else await conversation[kind](text);
}

function toReply(reply: Reply): ClientReply {
  if (reply.kind !== "text") return { kind: "cancel", why: reply.kind };
  const { text } = reply;
  // No code is so long; the mark keeps what is left of it from being one.
  return { kind: "answer", text: text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text };
}

function toOpening(user: string, origin: Origin): Opening {
  const { callbackPort, ...rest } = short(origin);
  const callback = callbackPort?.toString();
  return { kind: "verify", user, ...rest, callback, enroll: origin.enrolls };
}

/** As much of where a login comes from as fits a line: the engine records no more of it. */
function short({ service, rhost, tty, command, callbackPort }: Origin): Origin {
  const cut = (text: string | undefined) => text && printable(text, ORIGIN_LONGEST);
  const from = { service: cut(service), rhost: cut(rhost), tty: cut(tty), command: cut(command) };
  return { ...from, callbackPort };
}

function broken(cause?: unknown): Fault {
  return new Fault("store-unreadable", "countersignd hung up before it was done", {
    hint: "see its log: journalctl -u countersignd",
    cause,
  });
}
