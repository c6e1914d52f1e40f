/** Backup codes: look-up secrets (NIST SP 800-63B 5.1.2) of 50 bits in Crockford's base32. */

/** The method's name. */
export const BACKUP_CODE = "backup-code";

/**
 * Digits of a single-use code of another system's that was imported as a backup code; and the fact
 * that the store has any, for nobody waits for a slow hash of such a code where there are none.
 */
export const DIGIT_CODE_LENGTH = 8;
export const DIGIT_CODES_FACT = "imported-digit-codes";

/** No I, L, O or U: what is read off paper cannot be taken for another symbol. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export const BACKUP_CODE_LENGTH = 10;
export const BACKUP_CODES_PER_SET = 10;
/** Of the salt that one set is hashed with. */
export const BACKUP_CODE_SALT_BYTES = 16;

/** True when every character is a Crockford symbol, or one that decodes as one (I, L, O). */
export function isCrockford(text: string): boolean {
  return /^[0-9A-TV-Z]+$/.test(text);
}

/** Crockford decodes I and L as 1, and O as 0. */
export function foldCrockford(text: string): string {
  return text.replace(/[IL]/g, "1").replaceAll("O", "0");
}

/** Symbols of random bytes, five bits of each; 256 is a multiple of 32, so without bias. */
export function crockfordFrom(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET.charAt(byte & 31)).join("");
}

/** One code from random bytes. */
export function backupCodeFrom(bytes: Uint8Array): string {
  if (bytes.length !== BACKUP_CODE_LENGTH) {
    throw new RangeError(`a backup code takes ${BACKUP_CODE_LENGTH} bytes`);
  }
  return crockfordFrom(bytes);
}

/** As a person reads it: two groups of five. */
export function formatBackupCode(code: string): string {
  return `${code.slice(0, 5)}-${code.slice(5)}`;
}
