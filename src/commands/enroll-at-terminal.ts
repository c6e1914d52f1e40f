/** Enrollment of a person at the terminal: scan, type the code, keep the backup codes. */
import { rmSync } from "node:fs";
import type { Conversation } from "../contracts/conversation.ts";
import type { Countersign, Enrollment, EnrollOptions } from "../contracts/service.ts";
import { wrongCodeLines } from "../core/enrollment-words.ts";
import { Fault } from "../core/fault.ts";
import { demandTerminal } from "../terminal/device.ts";
import { enrollmentCard } from "../terminal/enrollment-card.ts";
import { say, sayJson } from "../terminal/output.ts";
import { terminalConversation } from "../terminal/prompt.ts";
import type { QrSetting } from "../terminal/qr-choice.ts";
import { writeQrFile } from "../terminal/qr-file.ts";
import { openScreen, type Screen, STAYS_VISIBLE } from "../terminal/screen.ts";
import { checkQrFile } from "./qr-picture.ts";
import { backupCodeLines, clockWords } from "./words.ts";

const TRIES = 3;

export interface Presentation {
  readonly qr: QrSetting;
  readonly file: string | undefined;
  readonly json: boolean;
  /** True for a person's own store, of which logins know nothing. */
  readonly isOwnStore: boolean;
}

/** @throws Fault `refused` when it was cancelled or three codes did not fit: nothing is left then */
export async function enrollAtTerminal(
  service: Countersign,
  user: string,
  options: EnrollOptions,
  presentation: Presentation,
): Promise<void> {
  // What can be refused is refused before a secret is made.
  if (presentation.file !== undefined) checkQrFile(presentation.file);
  demandTerminalFor(user);
  const conversation = terminalConversation();
  const enrollment = await service.beginEnrollment(user, options, conversation);
  let picture: string | undefined;
  try {
    if (presentation.file !== undefined) await writeQrFile(presentation.file, enrollment.uri);
    picture = presentation.file;
    const codes = await showAndConfirm(service, enrollment, options, presentation, conversation);
    announce(enrollment, codes, presentation);
  } catch (error) {
    // Its secret is good for nothing, and in the way of the next try.
    if (picture !== undefined) rmSync(picture, { force: true });
    await service.cancelEnrollment(user, options.method);
    throw error;
  }
}

/** Enrolling on standard input takes two calls: the secret has to come out before the code. */
function demandTerminalFor(user: string): void {
  try {
    demandTerminal();
  } catch (cause) {
    throw new Fault("no-terminal", "there is no terminal to show the key on", {
      hint: `countersign enroll ${user} --begin, and then --confirm --code-stdin`,
      cause,
    });
  }
}

async function showAndConfirm(
  service: Countersign,
  enrollment: Enrollment,
  options: EnrollOptions,
  { qr }: Presentation,
  conversation: Conversation,
): Promise<readonly string[]> {
  const screen = openScreen(process.env);
  try {
    const content = { ...enrollment, account: enrollment.user, parameters: options };
    const card = enrollmentCard(content, qr, process.env, screen);
    const show = (...below: string[]): void => screen.show([...card, ...below]);
    show();
    return await confirmInTries(service, enrollment, conversation, show);
  } finally {
    leave(screen);
  }
}

function leave(screen: Screen): void {
  screen.close();
  if (!screen.wipes) process.stderr.write(`${STAYS_VISIBLE}\n`);
}

async function confirmInTries(
  service: Countersign,
  { user, method }: Enrollment,
  conversation: Conversation,
  show: (...below: string[]) => void,
): Promise<readonly string[]> {
  let offset: number | undefined;
  for (let left = TRIES - 1; left >= 0; left--) {
    const reply = await conversation.prompt("Code from the app: ");
    if (reply.kind !== "text") throw cancelled();
    const confirmation = await service.confirmEnrollment(user, method, reply.text);
    if (confirmation.status === "active") return confirmation.backupCodes;
    if (confirmation.status === "not-begun") throw expired(user);
    offset = confirmation.clockOffset;
    // The card is drawn anew, so that it does not scroll out of sight.
    if (left > 0) show(...wrongCodeLines(offset));
  }
  throw wrongCodes(offset);
}

function announce(
  { user, method }: Enrollment,
  backupCodes: readonly string[],
  { json, file, isOwnStore }: Presentation,
): void {
  if (json) {
    sayJson({ user, method, status: "active", backupCodes });
    return;
  }
  say(
    `${user} is enrolled${isOwnStore ? " in a store of their own; a login asks the host's" : ""}.`,
    `To try it, with the next code: countersign verify ${user}`,
    "",
    ...backupCodeLines(backupCodes),
  );
  if (file !== undefined) say("", `${file} holds the secret: delete it once it is scanned.`);
}

function cancelled(): Fault {
  return new Fault("refused", "cancelled: nothing was changed");
}

function expired(user: string): Fault {
  return new Fault("refused", "the enrollment took too long and has expired", {
    hint: `countersign enroll ${user}`,
  });
}

function wrongCodes(offset: number | undefined): Fault {
  if (offset !== undefined) {
    return new Fault("refused", `${TRIES} codes did not fit: ${clockWords(offset)}`, {
      hint: "set the clock that is wrong (countersign doctor looks at this host's), and enroll again",
    });
  }
  return new Fault("refused", `${TRIES} codes did not fit: nothing was changed`, {
    hint: "delete the entry in the app and enroll again",
  });
}
