/**
 * One login behind sshd's ForceCommand: verifies the user whom sshd has let in, then becomes
 * what sshd would have run for them. Without oclif, like verify: a login waits for it.
 */
import { userInfo } from "node:os";
import { basename } from "node:path";
import { callerOfThisProcess } from "../client/caller.ts";
import { type Connection, withCountersign } from "../client/connect.ts";
import type { Conversation } from "../contracts/conversation.ts";
import type { Origin, VerifyOutcome } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import { EXIT_STATUS, letsIn } from "../core/verdict.ts";
import { hasTerminal } from "../terminal/device.ts";
import { terminalConversation } from "../terminal/prompt.ts";
import { terminalName } from "../terminal/properties.ts";
import { report } from "../terminal/report.ts";
import { type StreamConversation, streamConversation } from "../terminal/stream.ts";
import { charsetOf } from "../terminal/style.ts";
import { become, locateProgram } from "./become.ts";
import { noteInherited } from "./inherited.ts";
import { statusOfError, tellRefusal } from "./refusal.ts";

/** sshd's own, for a passwd entry that names no shell. */
const DEFAULT_SHELL = "/bin/sh";

/** How long a prompt on the terminal waits, in milliseconds. */
const TIME_LIMIT = 120_000;

/** Of a shell that sshd had run us by: sshd itself sets neither for a login. */
const SET_BY_SHELL = ["SHLVL", "_"];

interface Program {
  readonly file: string;
  /** With the name that it goes by as the first. */
  readonly argv: readonly string[];
}

/** The exit status of a refusal; who is let in becomes their shell, and it does not return. */
export async function logIn(args: readonly string[]): Promise<number> {
  const restore = noteInherited(process.env);
  try {
    if (args.length > 0) throw usage("login takes no arguments", "countersign help login");
    const program = programOf(process.env.SSH_ORIGINAL_COMMAND);
    const stream = hasTerminal() ? undefined : streamConversation();
    const conversation = stream ?? terminalConversation({ timeLimit: TIME_LIMIT });
    // sshd has let them in; who has no terminal could be shown nothing.
    const enrolls = stream ? undefined : charsetOf(process.env);
    const outcome = await judge({ ...origin(), enrolls }, conversation);
    if (letsIn(outcome.verdict)) enter(program, restore);
    refuse(outcome, stream);
    return EXIT_STATUS[outcome.verdict];
  } catch (error) {
    report(error);
    return statusOfError(error);
  }
}

/** What sshd runs for a login: do_child() in its session.c. */
function programOf(command: string | undefined): Program {
  // The passwd entry's, never $SHELL: the environment may be the client's word.
  const shell = userInfo().shell || DEFAULT_SHELL;
  const file = locateProgram(shell);
  const name = basename(shell);
  if (command === undefined) return { file, argv: [`-${name}`] };
  if (command.includes("\ufffd")) {
    throw usage(
      "the command is not UTF-8, and would be changed",
      "name files in UTF-8, or by sftp",
    );
  }
  return { file, argv: [name, "-c", command] };
}

/** By the host's own store, whatever the environment says. */
function judge(origin: Origin, conversation: Conversation): Promise<VerifyOutcome> {
  const { login } = callerOfThisProcess();
  return withCountersign({ pam: true }, ({ service }: Connection) =>
    service.verify(login, origin, conversation),
  );
}

/** For the audit log, and for Duo, whose policies may go by the address. */
function origin(): Origin {
  const [rhost] = (process.env.SSH_CONNECTION ?? "").split(" ");
  return { service: "sshd", rhost: rhost || undefined, tty: terminalName() };
}

function enter({ file, argv }: Program, restore: () => void): never {
  for (const name of ["SSH_ORIGINAL_COMMAND", ...SET_BY_SHELL]) delete process.env[name];
  restore();
  become(file, argv);
}

function refuse(outcome: VerifyOutcome, stream: StreamConversation | undefined): void {
  const isUnanswered = outcome.verdict === "reject" && stream?.isAnswered === false;
  if (isUnanswered && !outcome.fault) {
    report(
      new Fault("no-terminal", "no code came, and there is no terminal to ask for one on", {
        hint: "ssh -t; for scp, sftp and rsync: countersign-ssh in place of ssh (-S, -e)",
      }),
    );
  } else tellRefusal(outcome);
}

function usage(message: string, hint: string): Fault {
  return new Fault("usage", message, { hint });
}
