/** One service: whether its lines make up a login that needs the code, and one that works. */
import { basename } from "node:path";
import { faultsOfEnroll } from "./enroll.ts";
import { faultsOfPasses, TAKES_PASSWORD } from "./first-pass.ts";
import { faultsOfLine, type LineFault, runsCountersign, splitExec } from "./line-of-countersign.ts";
import type { PamLine } from "./lines.ts";
import {
  faultOfName,
  faultOfVerifier,
  faultsOfModule,
  isMisspelled,
  isModule,
} from "./module-line.ts";
import { outcomesOf } from "./outcome.ts";
import { linesOf, type Service, type Step } from "./services.ts";

/** Programs that anybody starts and that run as root: pam_exec gives up root without seteuid. */
const SETUID = /^(su|su-l|sudo|sudo-i|doas|passwd|chfn|chsh|polkit-1|pkexec)$/;

/** These answer pam_setcred(3) with PAM_IGNORE. */
const IGNORES_CREDENTIALS = /^pam_(exec|faildelay|nologin|echo|warn)\.so$/;

const SSHD = "sshd";

/** What is wrong with one service. */
export interface Note extends LineFault {
  readonly state: "problem" | "warning";
}

/** Where what the lines name is looked for. */
export interface Installed {
  /** Uid that the program may belong to besides root. */
  readonly owner: number;
  /** Where libpam looks for modules. */
  readonly moduleDirectories: readonly string[];
  /** True where sshd asks PAM nothing of who has shown no key. */
  readonly isKeyFirst: () => boolean;
}

/** True for a line that asks for a code, through pam_exec or the module. */
export function asksCountersign(line: PamLine): boolean {
  return runsCountersign(line) || isModule(line);
}

/** True for one that asks, or was meant to. */
export function concernsCountersign({ steps }: Service, installed: Installed): boolean {
  const { moduleDirectories } = installed;
  return linesOf(steps).some(
    (line) => asksCountersign(line) || isMisspelled(line, moduleDirectories),
  );
}

export function examineService({ name, steps }: Service, installed: Installed): Note[] {
  const lines = linesOf(steps);
  const asking = lines.filter(asksCountersign);
  const wrong = asking.flatMap((line) =>
    (isModule(line)
      ? faultsOfModule(line, installed.moduleDirectories)
      : faultsOfLine(line, installed.owner)
    ).map(({ why, mend }) => bad(`${why} (${line.place})`, mend)),
  );
  for (const line of lines.filter((each) => isMisspelled(each, installed.moduleDirectories))) {
    const { why, mend } = faultOfName(line);
    wrong.push(bad(`${why} (${line.place})`, mend));
  }
  const auth = lines.filter(({ type }) => type === "auth");
  const first = auth.find(asksCountersign);
  if (first === undefined) return wrong;
  return [
    ...wrong,
    ...auth.filter(runsCountersign).slice(0, 1).flatMap(examineExec(name, auth)),
    ...auth.filter(isModule).flatMap(examineModule(auth)),
    ...auth.filter(isModule).flatMap((line) => {
      const faults = faultsOfEnroll(line, authOf(steps), name === SSHD && installed.isKeyFirst());
      return faults.map(({ why, mend }) => bad(`${why} (${line.place})`, mend));
    }),
    ...waysIn(steps, first),
  ];
}

function examineExec(name: string, auth: readonly PamLine[]): (first: PamLine) => Note[] {
  return (first) => [
    ...(SETUID.test(name) ? auth.filter(runsCountersign).flatMap(withoutRoot) : []),
    ...sharedAnswer(auth, first),
    ...unansweredCredentials(auth, first),
  ];
}

function examineModule(auth: readonly PamLine[]): (line: PamLine) => Note[] {
  return (line) => {
    const passes = faultsOfPasses(line, auth).map(({ isBroken, why, mend }) =>
      note(isBroken ? "problem" : "warning", `${why} (${line.place})`, mend),
    );
    const verifier = faultOfVerifier(line);
    const alone = verifier
      ? [note("warning", `${verifier.why} (${line.place})`, verifier.mend)]
      : [];
    return [...passes, ...alone];
  };
}

function withoutRoot(line: PamLine): Note[] {
  if (splitExec(line).options.includes("seteuid")) return [];
  return [
    bad(
      `seteuid is missing, so countersign does not run as root and refuses everybody (${line.place})`,
      "write seteuid before the program's path",
    ),
  ];
}

/** pam_exec asks only where no line before it did, and leaves what it was told to the next. */
function sharedAnswer(auth: readonly PamLine[], asking: PamLine): Note[] {
  const other = auth.find(({ module }) => TAKES_PASSWORD.test(basename(module)));
  if (other === undefined) return [];
  return [
    bad(
      `${basename(other.module)} (${other.place}) and pam_exec (${asking.place}) are given one and ` +
        "the same answer, which cannot be the password and the code",
      "keep one of them here: sshd can ask for a key first, then for the code alone " +
        "(AuthenticationMethods publickey,keyboard-interactive)",
    ),
  ];
}

/**
 * sshd, login and su ask the same lines for credentials once the code was accepted, pam_setcred(3).
 * Where every line ignores that, the login fails after all.
 */
function unansweredCredentials(auth: readonly PamLine[], asking: PamLine): Note[] {
  if (auth.some(({ module }) => !IGNORES_CREDENTIALS.test(basename(module)))) return [];
  return [
    bad(
      `nothing answers for credentials, so that sshd lets nobody in (${asking.place})`,
      "add below it: auth required pam_permit.so",
    ),
  ];
}

function waysIn(steps: readonly Step[], asking: PamLine): Note[] {
  const { refusedGetsIn, passedGetsIn, waysPast } = outcomesOf(authOf(steps), {
    asks: asksCountersign,
    counts: "all",
  });
  const { control, place } = asking;
  const required = "write required as the line's control";
  const notes: Note[] = [];
  if (refusedGetsIn)
    notes.push(bad(`with ${control} a refused code lets in all the same (${place})`, required));
  else if (control === "sufficient")
    notes.push(odd(`with sufficient a right code skips every line after it (${place})`, required));
  const inVain = /^requi(red|site)$/.test(control)
    ? "see what the other auth lines demand"
    : required;
  if (!passedGetsIn) notes.push(bad(`even a right code does not let in (${place})`, inVain));
  for (const by of waysPast)
    notes.push(
      odd(
        `${by} can let in without a code`,
        `move the line of ${place} above it, or see that it means to`,
      ),
    );
  return notes;
}

/** True where nobody gets in without the right password, whatever else is asked. */
export function demandsPassword({ steps }: Service): boolean {
  const takesPassword = ({ module }: PamLine): boolean => TAKES_PASSWORD.test(basename(module));
  const { refusedGetsIn, passedGetsIn, waysPast } = outcomesOf(authOf(steps), {
    asks: takesPassword,
    counts: "any",
  });
  return passedGetsIn && !refusedGetsIn && waysPast.length === 0;
}

/** The auth lines, in their substacks. */
function authOf(steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step): Step[] => {
    if ("substack" in step) return [{ substack: authOf(step.substack) }];
    return step.type === "auth" ? [step] : [];
  });
}

function note(state: Note["state"], why: string, mend?: string): Note {
  return { state, why, ...(mend === undefined ? {} : { mend }) };
}

function bad(why: string, mend?: string): Note {
  return note("problem", why, mend);
}

function odd(why: string, mend: string): Note {
  return note("warning", why, mend);
}
