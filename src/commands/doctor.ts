import { examine, type Finding } from "../client/examine.ts";
import { outputColumns, say, sayJson } from "../terminal/output.ts";
import { styleFor } from "../terminal/style.ts";
import { CountersignCommand, json } from "./base.ts";
import { findingLines } from "./findings.ts";
import { counted } from "./words.ts";

export class Doctor extends CountersignCommand {
  static override summary = "Check this host's set-up, and say how to mend it.";

  static override description =
    `Looks at the clock, the settings, the files, the key, the store, and at Duo,
messages and YubiKeys where they are set up; as root also at the daemon, PAM and sshd. Each line is ok, a warning or a problem; what can be mended says how. Nothing
is changed. Exit status 1 when there is a problem, 0 when there are warnings alone.`;

  static override examples = [
    { description: "The host", command: "sudo <%= config.bin %> doctor" },
    { description: "For monitoring", command: "sudo <%= config.bin %> doctor --json" },
  ];

  static override flags = { json };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    const findings = await examine();
    if (flags.json) sayJson(findings);
    else {
      const style = styleFor(process.env, process.stdout);
      const named = findings.map(({ check, ...finding }) => ({ name: check, ...finding }));
      say(...findingLines(named, outputColumns(), style), "", summary(findings));
    }
    if (findings.some(({ state }) => state === "problem")) this.exit(1);
  }
}

function summary(findings: readonly Finding[]): string {
  const count = (state: Finding["state"]): number =>
    findings.filter((finding) => finding.state === state).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  const parts = [
    ...(problems > 0 ? [counted(problems, "problem")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
  ];
  return parts.length === 0 ? "no problems" : parts.join(", ");
}
