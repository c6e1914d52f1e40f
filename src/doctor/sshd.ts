/** sshd: whether its settings let it ask for a code, and whether every login is asked. */
import type { Ask } from "./ask-program.ts";
import { type Finding, voiceOf } from "./finding.ts";
import { examineForced, FORCE_DEFAULTS, forcedIn } from "./sshd-force.ts";
import { readSshdSettings, type SshdSettings, writtenIn } from "./sshd-settings.ts";

export interface SshdReaders {
  /** The first of these that is there is asked, by its absolute path. */
  readonly programs: readonly string[];
  readonly config: string;
  readonly exists: (path: string) => boolean;
  readonly ask: Ask;
  /** True when the PAM service sshd asks countersign. */
  readonly asksCountersign: () => boolean;
  /** True when it also lets in nobody without a password. */
  readonly demandsPassword: () => boolean;
}

// sshd's own; distributions write theirs into the file.
const DEFAULTS: Readonly<Record<string, string>> = {
  usepam: "no",
  kbdinteractiveauthentication: "yes",
  passwordauthentication: "yes",
  pubkeyauthentication: "yes",
  hostbasedauthentication: "no",
  gssapiauthentication: "no",
  kerberosauthentication: "no",
  authenticationmethods: "any",
};

/** Ways in that sshd judges without PAM's auth lines. */
const PAST_PAM = [
  ["publickey", "pubkeyauthentication"],
  ["hostbased", "hostbasedauthentication"],
  ["gssapi-with-mic", "gssapiauthentication"],
] as const;

const METHODS = "AuthenticationMethods publickey,keyboard-interactive";

const { ok, warning, problem } = voiceOf("sshd");

export async function examineSshd(readers: SshdReaders): Promise<Finding[]> {
  const { programs, config, exists, ask, asksCountersign } = readers;
  const program = programs.find(exists);
  const isAsked = asksCountersign();
  if (program === undefined) return isAsked ? [ok("sshd is not installed")] : [];
  const names = [...Object.keys(DEFAULTS), ...Object.keys(FORCE_DEFAULTS)];
  const settings = await readSshdSettings(program, config, ask, names);
  const forced = forcedIn(settings);
  if (!isAsked && forced === undefined) {
    return [ok("neither sshd's PAM service nor a ForceCommand asks countersign")];
  }
  const write: Write = (line) => `write ${line} at the head of ${config}, then reload sshd`;
  const unread = settings.broken.map((why) => warning(why));
  const uncovered = forced ? examineForced(forced, settings, write) : [];
  const asked = isAsked ? { withPassword: readers.demandsPassword() } : undefined;
  const judged = [...(forced?.forAll ? [] : judge(settings, asked, write)), ...uncovered];
  if (judged.length > 0) return [...judged, ...unread];
  const by = settings.effective ? "sshd -T" : config;
  return [ok(`every login is asked for a code, by ${by}`), ...unread];
}

/**
 * True where a key, or what sshd judges without PAM as well, comes before every question of PAM's,
 * for every login. By the files alone.
 */
export function isKeyFirstIn(config: string): boolean {
  const { values, inMatch } = writtenIn(config, ["authenticationmethods"]);
  const all = [values.get("authenticationmethods") ?? "any", ...inMatch.map(({ value }) => value)];
  const lists = all.flatMap((each) => each.toLowerCase().split(/\s+/));
  const first = PAST_PAM.map(([method]) => method);
  return lists.every((list) => first.some((method) => list.startsWith(`${method},`)));
}

type Write = (line: string) => string;

/** That PAM asks for a code, and whether for a password too. */
interface Asked {
  readonly withPassword: boolean;
}

/** Whether PAM is asked, by the lines that every login goes through but those of a Match block. */
function judge(settings: SshdSettings, asked: Asked | undefined, write: Write): Finding[] {
  if (!asked) {
    return [
      warning(
        "ForceCommand asks for a code in Match blocks alone",
        "see that every login that needs one is named there, or write it above them",
      ),
    ];
  }
  const of = (name: string): string => settings.values.get(name) ?? DEFAULTS[name] ?? "";
  const isOff = (name: string): boolean => of(name).toLowerCase() === "no";
  if (isOff("usepam"))
    return [problem("UsePAM is no: sshd never asks countersign", write("UsePAM yes"))];
  const found: Finding[] = [];
  if (isOff("kbdinteractiveauthentication")) {
    found.push(
      problem(
        "KbdInteractiveAuthentication is no: sshd has no way to ask for a code",
        write("KbdInteractiveAuthentication yes"),
      ),
    );
  }
  found.push(...examineMethods(of, isOff, asked, write));
  const differing = settings.inMatch.filter(({ name }) => name in DEFAULTS);
  if (differing.length > 0) {
    found.push(
      warning(
        `a Match block sets it differently for some logins: ${differing.map(({ place }) => place).join(", ")}`,
        "see what holds for one of them: sshd -T -C user=NAME,host=HOST,addr=ADDRESS",
      ),
    );
  }
  return found;
}

function examineMethods(
  of: (name: string) => string,
  isOff: (name: string) => boolean,
  { withPassword }: Asked,
  write: Write,
): Finding[] {
  const lists = of("authenticationmethods").toLowerCase().split(/\s+/);
  const any = lists.includes("any") || lists[0] === "";
  const on = PAST_PAM.filter(([, setting]) => !isOff(setting)).map(([method]) => method);
  const without = any
    ? on
    : lists.filter((list) => !/(^|,)(keyboard-interactive|password)/.test(list));
  const found = without.map((list) =>
    warning(`${list} alone lets in without a code`, write(METHODS)),
  );
  const alone = any || lists.some((list) => /^(,?keyboard-interactive(:\w+)?)+$/.test(list));
  if (alone && !withPassword && !isOff("kbdinteractiveauthentication")) {
    found.push(
      warning("keyboard-interactive alone lets in with the code and nothing else", write(METHODS)),
    );
  }
  const takesPassword = any ? true : lists.some((list) => /(^|,)password/.test(list));
  if (takesPassword && !isOff("passwordauthentication")) {
    found.push(
      warning(
        "PasswordAuthentication is yes: such a login is asked once, for a password, which PAM " +
          "then takes for the code",
        write("PasswordAuthentication no"),
      ),
    );
  }
  return found;
}
