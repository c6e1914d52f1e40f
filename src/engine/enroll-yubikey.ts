/**
 * Enrolling a YubiKey by touching it. What it types says which key it is; who can open that is its
 * judge from then on: this host, by an AES key that was imported or is typed in, or the validation
 * servers. A key is one user's alone: else one touch would be good for two accounts.
 */
import type { Conversation } from "../contracts/conversation.ts";
import type { ChallengeMethod } from "../contracts/method.ts";
import type { Caller, YubikeyEnrollment } from "../contracts/service.ts";
import type { Token, Transaction } from "../contracts/store.ts";
import { throttleKey } from "../core/account.ts";
import { readAnswer } from "../core/answer.ts";
import { secretCell, tokenCell } from "../core/cells.ts";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { letsIn } from "../core/verdict.ts";
import {
  openYubikeyOtp,
  PRIVATE_ID_BYTES,
  publicIdOf,
  YUBIKEY,
  YUBIKEY_SECRET_BYTES,
} from "../core/yubikey-otp.ts";
import { judgeByChallenge } from "./challenge.ts";
import { unavailable } from "./conclude.ts";
import { dropBegun, mustBeOn, refuseDisabled } from "./enroll.ts";
import { mustStillHaveNothing } from "./fresh-code.ts";
import { byInvitation, useInvitation } from "./invitations.ts";
import { demandLeave, sayBanner } from "./leave-to-enroll.ts";
import { newBackupCodes } from "./new-backup-codes.ts";
import type { EngineParts } from "./parts.ts";
import { isAdministrator, mayActOn } from "./permission.ts";
import { record } from "./record.ts";

const TRIES = 3;

/** Who enrolls, and what they have shown for it. */
interface Enrollee {
  readonly user: string;
  readonly caller: Caller;
  /** True where a code showed that what they have is theirs, or root is who enrolls. */
  readonly isProven: boolean;
  readonly invitation: string | undefined;
}

/** @param isLocal asks for the AES key also where validation servers could judge */
export async function enrollYubikey(
  parts: EngineParts,
  caller: Caller,
  user: string,
  isLocal: boolean,
  conversation: Conversation,
): Promise<YubikeyEnrollment> {
  mayActOn(caller, user);
  const servers = judgesOf(parts);
  mustBeOn(parts, caller);
  const { isProven, invitation } = await demandLeave(parts, caller, user, conversation);
  await sayBanner(parts, conversation);
  const enrollee = { user, caller, isProven, invitation };
  const otp = await askForTouch(conversation);
  const serial = publicIdOf(otp);
  const token = await parts.store.read(async (view) => {
    await refuseDisabled(view, user);
    await mustBeFree(view, enrollee, serial);
    return view.tokens.find(YUBIKEY, serial);
  });
  if (!token && servers && !isLocal) {
    await enrollWithServers(parts, enrollee, servers, otp, conversation);
    return { user, serial, judged: "servers", backupCodes: await firstCodes(parts, caller, user) };
  }
  const secret = token ? openToken(parts, token) : await askForSecret(conversation, serial);
  try {
    const backupCodes = await enrollHere(parts, enrollee, { otp, secret, token });
    return { user, serial, judged: "here", backupCodes };
  } finally {
    secret.fill(0);
  }
}

/** @throws Fault `usage` where the method is off */
function judgesOf({ methods }: EngineParts): ChallengeMethod | undefined {
  const own = methods.filter(({ name }) => name === YUBIKEY);
  if (own.length > 0) return own.find((method) => method.kind === "challenge");
  throw new Fault("usage", "yubikey is off", { hint: `countersign method enable ${YUBIKEY}` });
}

/** A slip of the finger types nothing, or what the other slot of the key has. */
async function askForTouch(conversation: Conversation): Promise<string> {
  for (let left = TRIES - 1; left >= 0; left--) {
    const reply = await conversation.promptSecret("Touch the YubiKey: ");
    if (reply.kind !== "text") throw new Fault("refused", "cancelled: nothing was changed");
    const answer = readAnswer(reply.text);
    if (answer.shape === "yubikey") return answer.code;
    if (left > 0) {
      await conversation.info(
        "That is not 44 letters of a YubiKey. A short touch is slot 1, a long one slot 2.",
      );
    }
  }
  throw new Fault("refused", "nothing of a YubiKey came: nothing was changed", {
    hint: "see that the key has a Yubico OTP in the slot that is touched",
  });
}

/** @throws Fault `conflict` for a key that somebody has */
async function mustBeFree(
  view: Transaction,
  { user, caller }: Enrollee,
  serial: string,
): Promise<void> {
  const owner = await view.authenticators.ownerOf(YUBIKEY, serial);
  if (owner === undefined) return;
  if (owner === user) {
    throw new Fault("conflict", `${printable(user)} has enrolled this YubiKey already`, {
      hint: `countersign verify ${user}`,
    });
  }
  const reset = `countersign reset ${printable(owner)} --method ${YUBIKEY} --serial ${serial}`;
  throw new Fault("conflict", "this YubiKey is somebody else's here", {
    hint: isAdministrator(caller) ? reset : "ask an administrator",
  });
}

function openToken({ sealer }: EngineParts, token: Token): Buffer {
  return sealer.open(token.sealedSecret, tokenCell(token));
}

/** AES key, then private id. @throws Fault `refused` */
async function askForSecret(conversation: Conversation, serial: string): Promise<Buffer> {
  await conversation.info(`The YubiKey ${serial} is not known here: its own keys are needed.`);
  const privateId = await askForBytes(conversation, "private id", PRIVATE_ID_BYTES);
  const aesKey = await askForBytes(
    conversation,
    "AES key",
    YUBIKEY_SECRET_BYTES - PRIVATE_ID_BYTES,
  );
  const secret = Buffer.concat([aesKey, privateId]);
  aesKey.fill(0);
  privateId.fill(0);
  return secret;
}

async function askForBytes(
  conversation: Conversation,
  name: string,
  bytes: number,
): Promise<Buffer> {
  const asked = name.charAt(0).toUpperCase() + name.slice(1);
  const reply = await conversation.promptSecret(`${asked}, ${2 * bytes} hexadecimal digits: `);
  if (reply.kind !== "text") throw new Fault("refused", "cancelled: nothing was changed");
  const text = reply.text.replace(/[ \t\r\n:]/g, "");
  if (text.length === 2 * bytes && /^[0-9A-Fa-f]+$/.test(text)) return Buffer.from(text, "hex");
  throw new Fault("refused", `the ${name} is not ${2 * bytes} hexadecimal digits`, {
    hint: "copy it from where the key was programmed, or: countersign import yubico FILE",
  });
}

interface Touched {
  readonly otp: string;
  readonly secret: Buffer;
  /** Where the secret is of the inventory. */
  readonly token: Token | undefined;
}

/** @returns backup codes, for who had none */
async function enrollHere(
  parts: EngineParts,
  enrollee: Enrollee,
  { otp, secret, token }: Touched,
): Promise<readonly string[]> {
  const { user, caller } = enrollee;
  const counter = openYubikeyOtp(otp, secret);
  if (counter === undefined || counter <= (token?.lastCounter ?? -1)) {
    const reason = counter === undefined ? "wrong-code" : "replayed";
    return refuseTouch(parts, enrollee, reason, token !== undefined);
  }
  const id = Buffer.from(parts.random(16)).toString("hex");
  const sealedSecret = parts.sealer.seal(secret, secretCell({ id, user }));
  const serial = publicIdOf(otp);
  const made = await codesForFirst(parts, user);
  return parts.store.transact(async (tx) => {
    const at = parts.clock.now();
    await refuseDisabled(tx, user);
    if (!enrollee.isProven) await mustStillHaveNothing(tx, user);
    await mustBeFree(tx, enrollee, serial);
    if (token && !(await tx.tokens.take(YUBIKEY, serial))) throw takenMeanwhile();
    await tx.accounts.ensure(user, throttleKey(user), at);
    await dropBegun(tx, user);
    await tx.authenticators.begin({
      ...{ id, user, method: YUBIKEY, serial, sealedSecret },
      ...{ algorithm: undefined, digits: undefined, period: undefined },
      ...{ createdAt: at, expiresAt: at + 1 },
    });
    if (!(await tx.authenticators.activate(id, counter, 0, at))) throw takenMeanwhile();
    await useInvitation(tx, user, enrollee.invitation, at);
    const { detail: byWhat } = byInvitation(enrollee.invitation);
    const detail = [`serial=${serial}`, byWhat].filter(Boolean).join(" ");
    const told = { user, verdict: "accept", method: YUBIKEY, detail } as const;
    await record(tx, parts, caller, { action: "enroll-confirm", ...told });
    return keepFirst(tx, user, made, at);
  });
}

function takenMeanwhile(): Fault {
  return new Fault("conflict", "this YubiKey was given to somebody meanwhile", {
    hint: "try again",
  });
}

async function refuseTouch(
  parts: EngineParts,
  { user, caller }: Enrollee,
  reason: "wrong-code" | "replayed",
  isImported: boolean,
): Promise<never> {
  const told = { user, method: YUBIKEY, verdict: "reject", reason } as const;
  await parts.store.transact((tx) =>
    record(tx, parts, caller, { action: "enroll-confirm", ...told }),
  );
  const hint = isImported
    ? "touch it once more; a key that was programmed anew has to be imported anew"
    : "see that AES key and private id are those of this key and this slot";
  const what = reason === "replayed" ? "was used before" : "does not fit its AES key";
  throw new Fault("refused", `what the YubiKey typed ${what}: nothing was changed`, { hint });
}

/** One attempt, counted and recorded as any that others judge. @throws Fault */
async function enrollWithServers(
  parts: EngineParts,
  { user, caller, isProven, invitation }: Enrollee,
  method: ChallengeMethod,
  otp: string,
  conversation: Conversation,
): Promise<void> {
  const answer = { shape: "yubikey", code: otp } as const;
  const origin = { service: "countersign" };
  const request = { user, caller, origin, method, answer, invitation, enrolls: { isProven } };
  const outcome = await judgeByChallenge(parts, request, conversation).catch((error: unknown) =>
    unavailable(parts, request, error),
  );
  if (outcome.fault) throw outcome.fault;
  if (letsIn(outcome.verdict)) return;
  if (outcome.verdict === "throttled") {
    throw new Fault("refused", "too many failed attempts: nothing was changed", {
      hint: "wait, then try again",
    });
  }
  throw new Fault("refused", "the validation servers do not take it: nothing was changed", {
    hint: "touch it once more; for a key that they do not know: --local, with its AES key",
  });
}

type NewCodes = Awaited<ReturnType<typeof newBackupCodes>>;

/** Made before the transaction, for who has none: nobody else waits for ten slow hashes. */
async function codesForFirst(parts: EngineParts, user: string): Promise<NewCodes | undefined> {
  const set = await parts.store.read((view) => view.backupCodes.find(user));
  return (set?.left ?? 0) > 0 ? undefined : newBackupCodes(parts, user);
}

/** A set that they have by now is not killed. */
async function keepFirst(
  tx: Transaction,
  user: string,
  made: NewCodes | undefined,
  at: number,
): Promise<readonly string[]> {
  if (!made || ((await tx.backupCodes.find(user))?.left ?? 0) > 0) return [];
  await tx.backupCodes.replace(user, made.set, at);
  return made.codes;
}

async function firstCodes(
  parts: EngineParts,
  caller: Caller,
  user: string,
): Promise<readonly string[]> {
  const made = await codesForFirst(parts, user);
  if (!made) return [];
  return parts.store.transact(async (tx) => {
    const codes = await keepFirst(tx, user, made, parts.clock.now());
    if (codes.length > 0) {
      await record(tx, parts, caller, { action: "backup-codes-generate", user });
    }
    return codes;
  });
}
