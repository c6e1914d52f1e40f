/** The forms of what Duo gives out for an application, of whatever type. */

/** An integration key, or a client id. */
export function isKeyId(text: string): boolean {
  return /^[A-Z0-9]{20}$/.test(text);
}

/** A secret key, or a client secret. */
export function isSecret(text: string): boolean {
  return /^[A-Za-z0-9]{40}$/.test(text);
}
