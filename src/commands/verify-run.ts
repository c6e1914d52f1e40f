/**
 * One verification, without oclif: this is what a login waits for. Arguments in, one
 * verification, its exit status out.
 */
import { accountMeant, callerOfThisProcess } from "../client/caller.ts";
import type { Door } from "../client/door.ts";
import type { Conversation } from "../contracts/conversation.ts";
import type { Origin, VerifyOutcome } from "../contracts/service.ts";
import { errnoOf, Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { EXIT_STATUS, letsIn } from "../core/verdict.ts";
import { writeDevice } from "../terminal/device.ts";
import { say } from "../terminal/output.ts";
import { report } from "../terminal/report.ts";
import { charsetOf } from "../terminal/style.ts";
import type { FirstAnswer } from "./preanswered.ts";
import { retryAfter, statusOfError, tellRefusal, verdictOfError } from "./refusal.ts";
import { VERIFY_FLAGS } from "./verify-flags.ts";

const STDOUT = 1;
/** How the PAM module runs this where no daemon is: for it alone, so no page tells of it. */
export const PROTOCOL = "--protocol";

// An import of it would set up Node's standard error, which leaves the command a pipe there
// that does not block.
const { parseArgs } = process.getBuiltinModule("node:util");

/** One verification to be run. */
export interface VerifyRequest {
  readonly user: string;
  readonly origin: Origin;
  readonly pam: boolean;
  readonly codeStdin: boolean;
  readonly json: boolean;
  /** Program and arguments to become; empty for none. */
  readonly command: readonly string[];
  /** What the first question is answered with; the person is asked when absent. */
  readonly answer?: FirstAnswer;
}

/**
 * The exit status, by the table in core/verdict.ts; undefined, and nothing asked, where the
 * door leads nowhere. Does not return when it becomes a command.
 */
export async function verifyFromArguments(
  args: readonly string[],
  door: Door,
): Promise<number | undefined> {
  let request: VerifyRequest;
  try {
    request = readRequest(args);
  } catch (error) {
    return refuse(error, undefined);
  }
  return verifyAsAsked(request, door);
}

/** The same, of what was read already. */
export async function verifyAsAsked(
  request: VerifyRequest,
  door: Door,
): Promise<number | undefined> {
  try {
    // Looked for before the code is spent: a slip of the pen is not to cost thirty seconds.
    const become = await becoming(request.command);
    const outcome = await judge(request, door);
    if (outcome === undefined) return undefined;
    announce(request, outcome);
    if (letsIn(outcome.verdict)) become();
    return EXIT_STATUS[outcome.verdict];
  } catch (error) {
    return refuse(error, request);
  }
}

/** Finds the program now, and becomes it later: loaded only where there is a command. */
async function becoming(command: readonly string[]): Promise<() => void> {
  const [name] = command;
  if (name === undefined) return () => undefined;
  const { become, locateProgram } = await import("./become.ts");
  const program = locateProgram(name);
  return () => become(program, command);
}

function readRequest(args: readonly string[]): VerifyRequest {
  const { flags, positionals, command } = parse(args);
  const pam = flags.pam === true;
  if (positionals.length > 1) throw usage("verify takes one USER; a command goes after --");
  if (pam) return readPamRequest(positionals, command, flags.json === true);
  // Node reads arguments as UTF-8: the command would be given another one than was typed.
  if (command.some((argument) => argument.includes("\ufffd"))) {
    throw usage("an argument of the command is not UTF-8, and would be changed");
  }
  const caller = callerOfThisProcess();
  const user = accountMeant(positionals[0], caller);
  const codeStdin = flags["code-stdin"] === true;
  // Who runs this is in already, so it is their first factor that was right: theirs alone.
  const enrolls = codeStdin || user !== caller.login ? undefined : charsetOf(process.env);
  return {
    user,
    origin: { service: flags.service, rhost: flags.rhost, tty: undefined, enrolls },
    pam,
    codeStdin,
    json: flags.json === true,
    command,
  };
}

/** pam_exec(8) tells who and from where in the environment, which PAM alone has set. */
function readPamRequest(positionals: string[], command: string[], json: boolean): VerifyRequest {
  const { PAM_USER, PAM_SERVICE, PAM_RHOST, PAM_TTY, PAM_TYPE } = process.env;
  if (positionals.length > 0 || command.length > 0) {
    throw usage("verify --pam takes the user from PAM_USER and runs no command");
  }
  if (PAM_USER === undefined) throw usage("PAM_USER is not set: --pam is for pam_exec");
  if (PAM_TYPE !== undefined && PAM_TYPE !== "auth") {
    throw usage(`this is for auth lines of PAM, not for ${PAM_TYPE} lines`);
  }
  if (process.getuid?.() !== 0) {
    throw usage("verify --pam must run as root", "add seteuid to the line of pam_exec.so");
  }
  const origin = { service: PAM_SERVICE, rhost: PAM_RHOST, tty: PAM_TTY };
  return { user: PAM_USER, origin, pam: true, codeStdin: true, json, command: [] };
}

function parse(args: readonly string[]) {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const command = end < 0 ? [] : args.slice(end + 1);
  if (end >= 0 && command.length === 0) throw usage("there is no command after --");
  try {
    const { values, positionals } = parseArgs({
      args: [...own],
      options: VERIFY_FLAGS,
      allowPositionals: true,
    });
    return { flags: values, positionals, command };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // Node's sentence, without the advice that follows it; its first letter is no name's.
    const [sentence = ""] = error.message.split(/\. |\n/, 1);
    throw usage(sentence.charAt(0).toLowerCase() + sentence.slice(1));
  }
}

function judge(request: VerifyRequest, door: Door): Promise<VerifyOutcome | undefined> {
  return door({ pam: request.pam }, async ({ service }) =>
    service.verify(request.user, request.origin, await conversationFor(request)),
  );
}

/** Only the one that is needed is loaded: this is what a login waits for. */
async function conversationFor({
  codeStdin,
  command,
  answer,
}: VerifyRequest): Promise<Conversation> {
  if (codeStdin) {
    const { standardInputConversation } = await import("../terminal/standard-input.ts");
    return standardInputConversation({ say: "nowhere" });
  }
  const { terminalConversation } = await import("../terminal/prompt.ts");
  // With a command it is a gate, and the person may not be through it yet.
  const conversation = terminalConversation({ startsBrowser: command.length === 0 });
  if (answer === undefined) return conversation;
  const { answering } = await import("./preanswered.ts");
  return answering(answer, conversation);
}

function announce(request: VerifyRequest, outcome: VerifyOutcome): void {
  if (!letsIn(outcome.verdict)) tellRefusal(outcome);
  else if (!request.codeStdin && !request.json && request.command.length === 0) {
    say(outcome.verdict === "accept" ? "accepted" : "let in without a second factor");
  }
  if (request.json) printJson(toJson(request.origin, outcome));
}

/**
 * Past Node's stream, which would hand the command a pipe that does not block. A reader
 * that has gone away changes no verdict.
 */
function printJson(document: object): void {
  try {
    writeDevice(STDOUT, `${JSON.stringify(document)}\n`);
  } catch (error) {
    if (errnoOf(error) !== "EPIPE") throw error;
  }
}

function toJson({ service }: Origin, outcome: VerifyOutcome): Record<string, unknown> {
  const { verdict, user, method, reason } = outcome;
  return {
    verdict,
    user,
    ...(method === undefined ? {} : { method }),
    ...(service === undefined ? {} : { service }),
    ...(outcome.retryAt === undefined ? {} : { retryAfter: retryAfter(outcome) }),
    ...(process.getuid?.() === 0 && reason !== undefined ? { reason } : {}),
  };
}

function refuse(error: unknown, request: VerifyRequest | undefined): number {
  report(error);
  const verdict = verdictOfError(error);
  if (request?.json && verdict) printJson({ verdict, user: printable(request.user) });
  return statusOfError(error);
}

function usage(message: string, hint = "countersign help verify"): Fault {
  return new Fault("usage", message, { hint });
}
