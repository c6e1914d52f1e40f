/** The demo's play: each step is a real call of the engine, and its verdict is what it said. */
import type { Connection } from "../client/connect.ts";
import type { Conversation } from "../contracts/conversation.ts";
import type { Enrollment, VerifyOutcome } from "../contracts/service.ts";
import { formatBackupCode } from "../core/backup-code.ts";
import { decodeBase32 } from "../core/base32.ts";
import { Fault } from "../core/fault.ts";
import { codeAt, DEFAULT_PARAMETERS, matchTotp, timeStepAt } from "../core/totp.ts";
import { enrollmentCard } from "../terminal/enrollment-card.ts";
import { say } from "../terminal/output.ts";
import { terminalConversation } from "../terminal/prompt.ts";
import { styleFor } from "../terminal/style.ts";

const USER = "alice";
const WRONG_CODE = "000000";

export async function playDemo({ service, settings }: Connection): Promise<void> {
  const isLive = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const person = isLive ? terminalConversation() : undefined;
  const options = { method: "totp", issuer: "countersign demo", ...DEFAULT_PARAMETERS };

  title("1. Alice enrolls");
  const enrollment = await service.beginEnrollment(USER, options, silent);
  if (isLive) {
    const content = { ...enrollment, account: USER, parameters: options };
    say(...enrollmentCard(content, (await settings()).qr, process.env, process.stdout));
    say("You are her phone: scan this and type the code; Enter alone has it played.");
  }
  const phone = new Phone(enrollment, person);
  const { backupCodes, code } = await enroll(service, phone);
  say(`  active; ten backup codes, such as ${formatBackupCode(backupCodes[0] ?? "")}`);

  const ask = async (text: string): Promise<VerifyOutcome> =>
    service.verify(USER, { service: "demo" }, answering(text));

  title("2. The code that enrolled her is spent");
  tell(await ask(code));
  title("3. The next code lets her in");
  const next = await letIn(phone, ask);
  title("4. The same code again: a replay");
  tell(await ask(next));
  title("5. The phone is lost: a backup code, once");
  tell(await ask(backupCodes[0] ?? ""));
  tell(await ask(backupCodes[0] ?? ""));
  title("6. Somebody guesses");
  await guess(ask);
  title("7. The audit log holds");
  const audit = await service.verifyAudit();
  if (!audit.intact) throw new Fault("internal", "the demo's audit log does not hold");
  say(`  ${audit.events} events, none changed`);

  say(
    "",
    "To do it for good:",
    "",
    `  sudo ${ownName()} enroll YOUR-LOGIN`,
    `  sudo ${ownName()} verify YOUR-LOGIN`,
  );
}

/** As it was called: outside its checkout, npx would fetch a stranger's countersign as root. */
function ownName(): string {
  return process.env.npm_command === "exec" ? "npx countersign" : "countersign";
}

/** The phone: a person's, or the program that computes what one would show. */
class Phone {
  readonly #enrollment: Enrollment;
  #person: Conversation | undefined;
  #lastStep = -1;

  constructor(enrollment: Enrollment, person: Conversation | undefined) {
    this.#enrollment = enrollment;
    this.#person = person;
  }

  get user(): string {
    return this.#enrollment.user;
  }

  /** What the person types; computed once they press Enter, and from then on. */
  async code(): Promise<string> {
    const reply = await this.#person?.prompt("Code from the app: ");
    if (reply && reply.kind !== "text") throw new Fault("refused", "cancelled: nothing remains");
    if (reply?.text.trim()) return this.#remember(reply.text.trim());
    this.#person = undefined;
    return this.#compute();
  }

  /** A code that no earlier one spent: of the step after, which the window accepts. */
  async nextCode(): Promise<string> {
    if (this.#person) say("  (the app shows a new code every 30 seconds; Enter has it played)");
    return this.code();
  }

  /** True while a person types the codes. */
  get isPlayed(): boolean {
    return this.#person === undefined;
  }

  get #secret(): Uint8Array {
    return decodeBase32(this.#enrollment.secret);
  }

  /** So that a code which is computed later is a later one. */
  #remember(typed: string): string {
    const match = matchTotp(this.#secret, typed, Date.now(), DEFAULT_PARAMETERS);
    this.#lastStep = Math.max(this.#lastStep, match?.step ?? -1);
    return typed;
  }

  #compute(): string {
    const step = Math.max(timeStepAt(Date.now(), DEFAULT_PARAMETERS.period), this.#lastStep + 1);
    this.#lastStep = step;
    return codeAt(this.#secret, step, DEFAULT_PARAMETERS);
  }
}

async function enroll(service: Connection["service"], phone: Phone) {
  for (;;) {
    const code = await phone.code();
    const confirmation = await service.confirmEnrollment(phone.user, "totp", code);
    if (confirmation.status === "active") return { backupCodes: confirmation.backupCodes, code };
    if (confirmation.status === "not-begun")
      throw new Fault("refused", "the enrollment has expired");
    say("  that code does not fit; the app shows another in a moment");
  }
}

/** Until a code lets in: a person may type one that is spent. The code that did. */
async function letIn(phone: Phone, ask: (text: string) => Promise<VerifyOutcome>): Promise<string> {
  for (;;) {
    const code = await phone.nextCode();
    const outcome = await ask(code);
    tell(outcome);
    if (outcome.verdict !== "reject" || phone.isPlayed) return code;
  }
}

/** Until the throttle answers. */
async function guess(ask: (text: string) => Promise<VerifyOutcome>): Promise<void> {
  for (;;) {
    const outcome = await ask(WRONG_CODE);
    tell(outcome);
    if (outcome.verdict !== "reject") return;
  }
}

const silent: Conversation = answering("");

/** A conversation in which somebody gives one answer. */
function answering(text: string): Conversation {
  const reply = async () => ({ kind: "text", text }) as const;
  const nothing = async (): Promise<void> => undefined;
  return {
    prompt: reply,
    promptSecret: reply,
    info: nothing,
    error: nothing,
    open: nothing,
    waiting: (work) => work(new AbortController().signal),
  };
}

function title(text: string): void {
  say("", styleFor(process.env, process.stdout).bold(text));
}

function tell({ verdict, reason, method, retryAt }: VerifyOutcome): void {
  const style = styleFor(process.env, process.stdout);
  const words = verdict === "accept" ? style.green("accept") : style.red(verdict);
  const why = reason ? ` (${reason})` : method ? ` (${method})` : "";
  const delay = retryAt ? `, next try in ${Math.ceil((retryAt - Date.now()) / 1000)} s` : "";
  say(`  ${words}${why}${delay}`);
}
