/**
 * A conversation with a login that has no terminal (scp, sftp, rsync, a plain command), whose
 * streams belong to what runs behind it. The answer is the first line of standard input, read
 * byte by byte so that nothing after it is taken; standard output is never written. What
 * cannot be an answer ends it at once: a program's own first bytes, which nobody typed.
 */
import { readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type { Conversation, Reply } from "../contracts/conversation.ts";
import { errnoOf } from "../core/fault.ts";
import { clean, toOpen, writeDevice } from "./device.ts";
import { Interruption } from "./interruption.ts";
import { libc } from "./libc.ts";

const STDIN = 0;
const STDERR = 2;

/**
 * More bytes than any code has; and than an address that a browser ended at, which is asked for
 * only where a code's place was taken by a word: the input is a person's then, and no program's.
 */
const CODE_MAX = 64;
const ADDRESS_MAX = 2048;

/** Milliseconds: until the question is shown, for who sends the code unasked; and in all. */
const SILENCE = 500;
const PATIENCE = 30_000;
/** The same where a person goes to a browser first. */
const LONG_PATIENCE = 120_000;

/** Milliseconds that one look at the input may hold up everything else. */
const LOOK = 20;

const FEED = 0x0a;

export interface StreamConversation extends Conversation {
  /** False when no line came that a person could have typed. */
  readonly isAnswered: boolean;
}

export interface StreamOptions {
  /** Milliseconds; the default is for people. */
  readonly patience?: number;
}

export function streamConversation({ patience }: StreamOptions = {}) {
  let isAnswered = false;
  const interruption = new Interruption();
  const ask = async (text: string, limit: Limit): Promise<Reply> => {
    if (interruption.ended) return interruption.ended;
    const reply = await readAnswer(text, { ...limit, patience: patience ?? limit.patience });
    isAnswered = reply.kind === "text";
    return interruption.note(reply);
  };
  const say = async (text: string): Promise<void> => writeDevice(STDERR, `${clean(text)}\n`);
  const conversation: StreamConversation = {
    prompt: (text) => ask(text, { bytes: ADDRESS_MAX, patience: LONG_PATIENCE }),
    promptSecret: (text) => ask(text, { bytes: CODE_MAX, patience: PATIENCE }),
    info: say,
    error: say,
    open: async (url) => writeDevice(STDERR, toOpen(url)),
    waiting: (work) => interruption.waiting(work),
    get isAnswered() {
      return isAnswered;
    },
  };
  return conversation;
}

interface Limit {
  readonly bytes: number;
  readonly patience: number;
}

async function readAnswer(question: string, { bytes, patience }: Limit): Promise<Reply> {
  const line = Buffer.alloc(bytes);
  const begun = Date.now();
  let isShown = false;
  for (let length = 0; length < bytes; ) {
    const waited = Date.now() - begun;
    if (waited > patience) return { kind: "timed-out" };
    if (!isShown && length === 0 && waited > SILENCE) {
      writeDevice(STDERR, clean(question));
      isShown = true;
    }
    // The daemon may hang up meanwhile, and a signal come.
    await setImmediate();
    if (!hasInput()) continue;
    const read = readByte(line, length);
    if (read === "again") continue;
    if (read === "none") break;
    if (read === FEED) return answer(line, length);
    if (!isTypable(read)) break;
    length++;
  }
  line.fill(0);
  return { kind: "end-of-input" };
}

function answer(line: Buffer, length: number): Reply {
  const text = line.toString("utf8", 0, length).replace(/\r$/, "");
  line.fill(0);
  return { kind: "text", text };
}

function isTypable(byte: number): boolean {
  const [tab, carriageReturn, blank, del] = [0x09, 0x0d, 0x20, 0x7f];
  return (byte >= blank && byte !== del) || byte === tab || byte === carriageReturn;
}

type Read = number | "again" | "none";

function readByte(line: Buffer, at: number): Read {
  try {
    return readSync(STDIN, line, at, 1, null) === 0 ? "none" : (line[at] ?? "none");
  } catch (error) {
    const errno = errnoOf(error);
    return errno === "EAGAIN" || errno === "EINTR" ? "again" : "none";
  }
}

// poll(2): a read that waits cannot be ended, and an input made non-blocking would stay so
// for the program that is become. Node has no other way to ask.
const POLLIN = 1;
const loadPoll = () => libc().func("int poll(_Inout_ uint8_t *, unsigned long, int)");
let poll: ReturnType<typeof loadPoll> | undefined;

/** True when a read returns at once: with a byte, or with the end. */
function hasInput(): boolean {
  poll ??= loadPoll();
  const entry = Buffer.alloc(8);
  new Int32Array(entry.buffer, entry.byteOffset, 1)[0] = STDIN;
  new Int16Array(entry.buffer, entry.byteOffset, 4)[2] = POLLIN;
  return poll(entry, 1, LOOK) > 0;
}
