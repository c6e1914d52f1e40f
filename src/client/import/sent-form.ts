/** An entry of an import as it is sent: what is absent, or as it mostly is, is left out. */
import type { ImportEntry } from "../../contracts/imported.ts";

export function sentForm({ secret, serial, skew, scratchCodes, ...rest }: ImportEntry): object {
  return {
    ...rest,
    secret: Buffer.from(secret.buffer, secret.byteOffset, secret.length).toString("base64"),
    ...(serial === "" ? {} : { serial }),
    ...(skew === 0 ? {} : { skew }),
    ...(scratchCodes.length === 0 ? {} : { scratchCodes }),
  };
}
