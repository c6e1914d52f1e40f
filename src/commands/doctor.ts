import { examine, type Finding } from "../client/examine.ts";
import { outputColumns, say, sayJson } from "../terminal/output.ts";
import { type Style, styleFor } from "../terminal/style.ts";
import { CountersignCommand, json } from "./base.ts";
import { counted } from "./words.ts";

/** Widths of the columns, with the gap behind each: `problem`, `settings`. */
const STATE = 9;
const CHECK = 10;
const MARGIN = " ".repeat(STATE + CHECK);

/** Below this, wrapping makes it worse. */
const ROOM_MIN = 20;

export class Doctor extends CountersignCommand {
  static override summary = "Check this host's set-up, and say how to mend it.";

  static override description =
    `Looks at the clock, the settings, the files, the key and the store; as root also at the
daemon, PAM and sshd. Each line is ok, a warning or a problem; what can be mended says how. Nothing
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
      say(...lines(findings, outputColumns(), style), "", summary(findings));
    }
    if (findings.some(({ state }) => state === "problem")) this.exit(1);
  }
}

function lines(findings: readonly Finding[], columns: number, style: Style): string[] {
  const room = Math.max(ROOM_MIN, columns - MARGIN.length);
  return findings.flatMap(({ check, state, message, mend }, index) => {
    // The name of a check stands before its first line alone: that groups them.
    const name = findings[index - 1]?.check === check ? "" : check;
    const [first = "", ...more] = wrap(message, room);
    const mends = mend === undefined ? [] : wrap(`try: ${mend}`, room);
    return [
      `${painted(state, style)}${name.padEnd(CHECK)}${first}`,
      ...[...more, ...mends].map((line) => MARGIN + line),
    ];
  });
}

function painted(state: Finding["state"], style: Style): string {
  const paint = { ok: style.green, warning: style.yellow, problem: style.red }[state];
  return paint(state) + " ".repeat(STATE - state.length);
}

/** Lines of at most `room` characters; a longer word has one to itself. */
function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
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
