/** What `ForceCommand … countersign login` leaves uncovered: it stands before a session's command alone. */
import { type Finding, voiceOf } from "./finding.ts";
import { type MatchedSetting, type SshdSettings, writtenIn } from "./sshd-settings.ts";

/** The settings that are looked at here, with sshd's own defaults. */
export const FORCE_DEFAULTS: Readonly<Record<string, string>> = {
  forcecommand: "none",
  disableforwarding: "no",
  allowtcpforwarding: "yes",
  allowstreamlocalforwarding: "yes",
  allowagentforwarding: "yes",
  x11forwarding: "no",
  permittunnel: "no",
  permituserenvironment: "no",
  acceptenv: "",
  subsystem: "",
};

const FORWARDINGS = [
  ["AllowTcpForwarding", "TCP ports"],
  ["AllowStreamLocalForwarding", "Unix sockets"],
  ["AllowAgentForwarding", "the agent"],
  ["X11Forwarding", "X11"],
] as const;

/**
 * Of the client's environment, these have a shell or the loader run something before the
 * command: bash even runs commands that are written into the name of BASH_ENV's file.
 */
const RUNS_FIRST = [
  ...["BASH_ENV", "ENV", "ZDOTDIR", "SHELLOPTS", "BASHOPTS", "PS4", "BASH_FUNC_countersign%%"],
  ...["LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "GCONV_PATH"],
];

const LOGIN = /(^|[\s/"'])countersign(\.js)?["']?\s+login\b/;

const { warning, problem } = voiceOf("sshd");

/** Where countersign login is forced: for everybody, or in Match blocks. */
export interface Forced {
  readonly forAll: boolean;
  readonly blocks: readonly MatchedSetting[];
}

export function forcedIn({
  values,
  inMatch,
}: Pick<SshdSettings, "values" | "inMatch">): Forced | undefined {
  const forAll = LOGIN.test(values.get("forcecommand") ?? "");
  const forces = ({ name, value }: MatchedSetting) => name === "forcecommand" && LOGIN.test(value);
  const blocks = inMatch.filter(forces);
  return forAll || blocks.length > 0 ? { forAll, blocks } : undefined;
}

/** True where these files force it for anybody. */
export function isForcedBy(config: string): boolean {
  return forcedIn(writtenIn(config, ["forcecommand"])) !== undefined;
}

/** @param write the mend for a line that is to stand at the head of the settings */
export function examineForced(
  { forAll, blocks }: Forced,
  settings: SshdSettings,
  write: (line: string) => string,
): Finding[] {
  const everybody = forAll ? examineLogins(settings, undefined, write) : [];
  const some = blocks.flatMap((block) => examineLogins(settings, block, write));
  const elsewhere = settings.inMatch.filter((it) => isOtherwise(it, forAll, blocks));
  const differing = elsewhere.map(({ place, name }) =>
    name === "forcecommand"
      ? warning(
          `a Match block has another ForceCommand: no code is asked there (${place})`,
          "see that those logins need none, or take that line out",
        )
      : warning(`a Match block lets some logins past the code (${place})`, "take that line out"),
  );
  return [...everybody, ...some, ...differing];
}

/** Of one Match block, or of everybody outside them. */
function examineLogins(
  settings: SshdSettings,
  block: MatchedSetting | undefined,
  write: (line: string) => string,
): Finding[] {
  const of = (name: string): string =>
    settings.inMatch.find((it) => it.block === block?.block && it.name === name)?.value ??
    settings.values.get(name) ??
    FORCE_DEFAULTS[name] ??
    "";
  const where = block === undefined ? "" : ` (${block.place})`;
  const mend = (line: string) =>
    block === undefined ? write(line) : `write ${line} below ${block.place}, then reload sshd`;
  return [
    ...examineForwarding(of, where, mend),
    ...examineEnvironment(patternsFor(settings, block), of, where, mend),
    ...examineSubsystems(settings),
  ];
}

type Of = (name: string) => string;
type Mend = (line: string) => string;

function examineForwarding(of: Of, where: string, mend: Mend): Finding[] {
  const isOn = (name: string) => of(name.toLowerCase()).toLowerCase() !== "no";
  const open = isOn("DisableForwarding") ? [] : FORWARDINGS.filter(([name]) => isOn(name));
  const found: Finding[] = [];
  if (open.length > 0) {
    const what = open.map(([, words]) => words).join(", ");
    const lines = open.map(([name]) => `${name} no`).join("; ");
    found.push(warning(`who has no code may still forward ${what}${where}`, mend(lines)));
  }
  if (isOn("PermitTunnel")) {
    found.push(warning(`who has no code may still open a tunnel${where}`, mend("PermitTunnel no")));
  }
  return found;
}

/** What a client may send: AcceptEnv adds up, in Match blocks too. */
function patternsFor({ accepted, inMatch }: SshdSettings, block?: MatchedSetting): string[] {
  const more = inMatch.filter(
    (it) => it.name === "acceptenv" && (block === undefined || it.block === block.block),
  );
  return [...accepted, ...more.flatMap(({ value }) => value.split(/\s+/))];
}

function examineEnvironment(
  accepted: readonly string[],
  of: Of,
  where: string,
  mend: Mend,
): Finding[] {
  const found: Finding[] = [];
  const patterns = accepted.filter((pattern) => RUNS_FIRST.some((it) => fits(pattern, it)));
  if (patterns.length > 0) {
    found.push(
      problem(
        `AcceptEnv ${patterns.join(" ")} lets a client run commands before the code is asked for${where}`,
        "write no more there than: AcceptEnv LANG LC_*",
      ),
    );
  }
  if (of("permituserenvironment").toLowerCase() !== "no") {
    found.push(
      warning(
        `PermitUserEnvironment: ~/.ssh/environment counts before the code is asked for${where}`,
        mend("PermitUserEnvironment no"),
      ),
    );
  }
  return found;
}

function examineSubsystems({ subsystems }: SshdSettings): Finding[] {
  if (!subsystems.some((it) => /^sftp\s+internal-sftp\b/.test(it))) return [];
  return [
    warning(
      "Subsystem sftp is internal-sftp, which no command can become: sftp and scp do not work",
      "name the program: Subsystem sftp /usr/lib/openssh/sftp-server",
    ),
  ];
}

/** A line of a Match block without our ForceCommand that opens what is closed elsewhere. */
function isOtherwise(
  { name, value, block }: MatchedSetting,
  forAll: boolean,
  blocks: readonly MatchedSetting[],
): boolean {
  if (!forAll || blocks.some((it) => it.block === block)) return false;
  if (name === "forcecommand") return true;
  if (name === "disableforwarding") return value.toLowerCase() === "no";
  const isSwitch = /^(allow\w+forwarding|x11forwarding|permittunnel)$/.test(name);
  return isSwitch && value.toLowerCase() !== "no";
}

/** sshd's patterns: * and ?. */
function fits(pattern: string, name: string): boolean {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(name);
}
