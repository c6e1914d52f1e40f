/**
 * Hardware tokens whose users no longer have them: back in the inventory, with their counters.
 * Imported again from the maker's file they would begin where they once did, and every code that
 * somebody saw since would be good again.
 */
import type { Authenticator, Transaction } from "../contracts/store.ts";
import { secretCell, tokenCell } from "../core/cells.ts";
import { HOTP } from "../core/hotp.ts";
import { YUBIKEY } from "../core/yubikey-otp.ts";
import type { EngineParts } from "./parts.ts";

const METHODS = [HOTP, "totp", YUBIKEY];

/**
 * Those that are about to be removed: of one method, or with one serial number, or all. Of a YubiKey
 * its own user may have made the secret up: by their own reset it is not put where others look.
 */
export async function tokensOf(
  tx: Transaction,
  user: string,
  { method, serial }: { readonly method: string | undefined; readonly serial: string | undefined },
  isOwn: boolean,
): Promise<Authenticator[]> {
  const found: Authenticator[] = [];
  for (const name of METHODS.filter((each) => (method ?? each) === each)) {
    if (isOwn && name === YUBIKEY) continue;
    found.push(...(await tx.authenticators.all(user, name)));
  }
  return found.filter((each) => isToken(each) && (serial ?? each.serial) === each.serial);
}

/** An app has no serial number, and what is only numbered is no token that anybody could be given. */
function isToken({ serial, user }: Authenticator): boolean {
  return serial !== "" && !serial.startsWith(`${user}:`);
}

/** How many went back. */
export async function returnTokens(
  tx: Transaction,
  { sealer, clock }: EngineParts,
  tokens: readonly Authenticator[],
): Promise<number> {
  let returned = 0;
  for (const token of tokens) {
    const { method, serial, algorithm, digits, period, skew, lastCounter } = token;
    const secret = sealer.open(token.sealedSecret, secretCell(token));
    const sealedSecret = sealer.seal(secret, tokenCell(token));
    secret.fill(0);
    const kept = { method, serial, sealedSecret, algorithm, digits, period, skew, lastCounter };
    if (await tx.tokens.add(kept, clock.now())) returned += 1;
  }
  return returned;
}
