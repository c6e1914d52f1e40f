import { withCountersign } from "../../client/connect.ts";
import type { Countersign } from "../../contracts/service.ts";
import { Fault } from "../../core/fault.ts";
import { YUBIKEY } from "../../core/yubikey-otp.ts";
import { outputColumns, say, sayJson } from "../../terminal/output.ts";
import { styleFor } from "../../terminal/style.ts";
import { CountersignCommand, json } from "../base.ts";
import { findingLines, type NamedFinding } from "../findings.ts";

export class YubikeyCheck extends CountersignCommand {
  static override summary = "Ask the validation servers whether they take what was set up.";

  static override description =
    `Each server is asked about a one-time password of no key at all, and must refuse it, signed with
the API key. A wrong client id, a wrong API key, the network and a certificate are told apart.
Exit status 1 when there is a problem.`;

  static override examples = [
    { description: "All of them", command: "sudo <%= config.bin %> yubikey check" },
  ];

  static override flags = { json };

  override async run(): Promise<void> {
    const { flags } = await this.parse(YubikeyCheck);
    const { name, ...found } = await withCountersign({}, ({ service }) => check(service));
    if (flags.json) sayJson({ method: name, ...found });
    else {
      const style = styleFor(process.env, process.stdout);
      say(...findingLines([{ name, ...found }], outputColumns(), style));
    }
    if (found.state === "problem") this.exit(1);
  }
}

interface Check extends NamedFinding {
  /** Of a problem: the fault's. */
  readonly code?: string;
}

async function check(service: Countersign): Promise<Check> {
  try {
    await service.checkMethod(YUBIKEY);
    return { name: YUBIKEY, state: "ok", message: "the validation servers take the API key" };
  } catch (error) {
    // What keeps any command from its work is no finding.
    const isFound =
      error instanceof Fault && /^(yubikey-|file-|settings-invalid$)/.test(error.code);
    if (!isFound) throw error;
    const { code, message, hint } = error;
    return { name: YUBIKEY, state: "problem", message, ...(hint ? { mend: hint } : {}), code };
  }
}
