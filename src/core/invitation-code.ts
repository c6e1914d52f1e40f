/**
 * The code of an invitation: 80 bits in Crockford's base32. It is looked up by a keyed hash and
 * not by a slow one, so it is long enough that no hash of it could be tried out.
 */
import { crockfordFrom, foldCrockford, isCrockford } from "./backup-code.ts";

export const INVITATION_CODE_LENGTH = 16;

/** Longer than any spelling of one that a person types. */
const TYPED_MAX = 64;

export function invitationCodeFrom(bytes: Uint8Array): string {
  if (bytes.length !== INVITATION_CODE_LENGTH) {
    throw new RangeError(`an invitation takes ${INVITATION_CODE_LENGTH} bytes`);
  }
  return crockfordFrom(bytes);
}

/** As a person reads it: four groups of four. */
export function formatInvitationCode(code: string): string {
  return code.replace(/.{4}(?=.)/g, "$&-");
}

/** What was typed as a code, or undefined for what cannot be one. */
export function readInvitationCode(typed: string): string | undefined {
  // Before upper case, which makes ASCII of some letters that are none.
  if (typed.length > TYPED_MAX || !/^[0-9A-Za-z \t\r\n-]*$/.test(typed)) return undefined;
  const code = typed.replace(/[ \t\r\n-]/g, "").toUpperCase();
  const isOne = code.length === INVITATION_CODE_LENGTH && isCrockford(code);
  return isOne ? foldCrockford(code) : undefined;
}
