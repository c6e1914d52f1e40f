/** Files of authorities, who vouch for a server in place of those that everybody trusts. */
import { Fault } from "../core/fault.ts";
import { readTrusted } from "../files/trusted-file.ts";
import { said } from "../files/untrusted.ts";

/** Larger than any list of authorities. */
const CA_MAX_BYTES = 1024 * 1024;

/**
 * The text of a CA file.
 * @param setUp the command that names it
 * @throws Fault `settings-invalid`, or of a `file-…` code
 */
export function readAuthorities(path: string, setUp = "countersign duo configure"): string {
  const bytes = readTrusted(path, { secret: false, maxBytes: CA_MAX_BYTES });
  if (bytes) return Buffer.from(bytes).toString();
  throw new Fault("settings-invalid", `${said(path)}: the CA file is not there`, {
    hint: `put it there, or: ${setUp}`,
  });
}
