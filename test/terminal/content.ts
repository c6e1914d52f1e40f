/** An enrollment as the tests show it; the key is the one of RFC 6238, appendix B. */
import { encodeBase32 } from "../../src/core/base32.ts";
import { keyUri } from "../../src/core/key-uri.ts";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import type { CardContent } from "../../src/terminal/enrollment-card.ts";

const issuer = "example.com";
const account = "alice";
const secret = Buffer.from("12345678901234567890");

export const CONTENT: CardContent = {
  issuer,
  account,
  secret: encodeBase32(secret),
  uri: keyUri({ issuer, account, secret, parameters: DEFAULT_PARAMETERS }),
};
