/** The methods there are, by name, in the order in which people are told of them. */
export const METHOD_NAMES = [
  "totp",
  "hotp",
  "yubikey",
  "backup-code",
  "duo-push",
  "duo-prompt",
  "message",
] as const;
export type MethodName = (typeof METHOD_NAMES)[number];
