/**
 * What a stack can end in: libpam's own rules (pam_dispatch.c), run over every answer its
 * modules can give. This shows what no reading of single lines does: a refused code that
 * does not refuse, and ways past the line that asks.
 */
import type { PamLine } from "./lines.ts";
import type { Step } from "./services.ts";

export interface Outcomes {
  /** A refused code lets in all the same. */
  readonly refusedGetsIn: boolean;
  /** A right code can let in. */
  readonly passedGetsIn: boolean;
  /** The lines whose success lets in without the code having been asked for. */
  readonly waysPast: readonly string[];
}

type Action = "ok" | "done" | "bad" | "die" | "ignore" | "reset" | number;
type Actions = ReadonlyMap<string, Action>;

/** libpam's impression and status, and what became of the code so far. */
interface State {
  readonly impression: "undefined" | "positive" | "negative";
  readonly success: boolean;
  readonly code: "unasked" | "passed" | "exempt" | "refused";
  /** The line that last ended or jumped ahead. */
  readonly by: string;
}

// pam.conf(5): the words as bracketed lists.
const WORDS: Readonly<Record<string, string>> = {
  required: "success=ok new_authtok_reqd=ok ignore=ignore default=bad",
  requisite: "success=ok new_authtok_reqd=ok ignore=ignore default=die",
  sufficient: "success=done new_authtok_reqd=done default=ignore",
  optional: "success=ok new_authtok_reqd=ok default=ignore",
};

/** What these modules answer, whoever asks. Root needs no code to be somebody else. */
const CERTAIN: Readonly<Record<string, readonly string[]>> = {
  "pam_deny.so": ["auth_err"],
  "pam_permit.so": ["success"],
  "pam_rootok.so": ["auth_err"],
};

/** It answers nothing but what its page lists. */
const MODULE = "pam_countersign.so";

const BEGIN: State = { impression: "undefined", success: false, code: "unasked", by: "" };

/** The lines that are looked at, and what several of them come to. */
export interface Asking {
  readonly asks: (line: PamLine) => boolean;
  /** `all`: one refusal refuses. `any`: who passed one has passed, such as by a password. */
  readonly counts: "all" | "any";
}

/** @param asking the lines that ask for a code */
export function outcomesOf(steps: readonly Step[], asking: Asking): Outcomes {
  const letIn = run(steps, BEGIN, asking).filter(
    ({ impression, success }) => impression === "positive" && success,
  );
  const waysPast = letIn.filter(({ code }) => code === "unasked").map(({ by }) => by);
  return {
    refusedGetsIn: letIn.some(({ code }) => code === "refused"),
    passedGetsIn: letIn.some(({ code }) => code === "passed"),
    waysPast: [...new Set(waysPast)],
  };
}

/**
 * What has become of what `asks` by the time that this line is reached, on every way to it; the
 * words are those of `State`.
 */
export function codesBefore(
  steps: readonly Step[],
  line: PamLine,
  asking: Asking,
): ReadonlySet<State["code"]> {
  const codes = new Set<State["code"]>();
  run(steps, BEGIN, asking, (reached, { code }) => {
    if (reached === line) codes.add(code);
  });
  return codes;
}

/** Every state in which these steps can be left. @param arrive told of each on the way to a line */
function run(
  steps: readonly Step[],
  entry: State,
  asking: Asking,
  arrive: (line: PamLine, state: State) => void = () => undefined,
): State[] {
  const ends = new Map<string, State>();
  const seen = new Set<string>();
  const queue: [number, State][] = [[0, entry]];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [index, state] = next;
    const key = JSON.stringify(next);
    if (seen.has(key)) continue;
    seen.add(key);
    const step = steps[index];
    if (step === undefined) {
      // A jump beyond the end fails; one onto it does not.
      const left = index > steps.length ? { ...state, ...NEGATIVE } : state;
      ends.set(JSON.stringify(left), left);
    } else if ("substack" in step) {
      for (const left of run(step.substack, state, asking, arrive)) queue.push([index + 1, left]);
    } else {
      arrive(step, state);
      const counts = asking.asks(step) ? asking.counts : undefined;
      for (const answer of answersOf(step, counts !== undefined)) {
        const [skipped, after] = apply(step, answer, state, entry, counts);
        queue.push([skipped === "end" ? steps.length : index + 1 + skipped, after]);
      }
    }
  }
  return [...ends.values()];
}

const NEGATIVE = { impression: "negative", success: false } as const;

/** The state after one module's answer, and how many steps it skips. */
function apply(
  line: PamLine,
  answer: string,
  state: State,
  entry: State,
  counts: Asking["counts"] | undefined,
): ["end" | number, State] {
  const code = counts === undefined ? state.code : codeAfter(answer, state.code, counts);
  const after = { ...state, code };
  const action = actionFor(actionsOf(line.control), answer);
  if (typeof action === "number") return [action, { ...after, by: line.place }];
  switch (action) {
    case "ignore":
      return [0, after];
    case "reset":
      return [0, { ...after, impression: entry.impression, success: entry.success }];
    case "bad":
      return [0, { ...after, ...NEGATIVE }];
    case "die":
      return ["end", { ...after, ...NEGATIVE }];
    default: {
      const { impression, success } = state;
      const counts = impression === "undefined" || (impression === "positive" && success);
      const positive = { impression: "positive", success: answer === "success" } as const;
      const told: State = counts ? { ...after, ...positive } : after;
      const ends = action === "done" && told.impression === "positive";
      return ends ? ["end", { ...told, by: line.place }] : [0, told];
    }
  }
}

function codeAfter(answer: string, before: State["code"], counts: Asking["counts"]): State["code"] {
  const judged = JUDGED.get(answer) ?? "refused";
  // Once refused stays refused, whatever a second line says.
  if (counts === "all") return before === "refused" ? before : judged;
  return before === "passed" || (before === "refused" && judged === "exempt") ? before : judged;
}

/** Of a line that asks. Whom a rule lets pass was not refused; no line of theirs is a way past. */
const JUDGED: ReadonlyMap<string, State["code"]> = new Map([
  ["success", "passed"],
  // Of a password that was right, and is to be changed.
  ["new_authtok_reqd", "passed"],
  ["ignore", "exempt"],
]);

/** The answers that can make a difference. */
function answersOf({ control, module }: PamLine, asks: boolean): Iterable<string> {
  const name = module.slice(module.lastIndexOf("/") + 1);
  // pam_exec says so for every exit status but 0; the module's page lists what it returns.
  if (asks && name === "pam_exec.so") return ["success", "system_err"];
  const asked = ["success", "ignore", "auth_err", "maxtries", "authinfo_unavail", "service_err"];
  if (asks && name === MODULE) return asked;
  const certain = CERTAIN[name];
  const named = [...actionsOf(control).keys()].filter((name) => name !== "default");
  // Such as user_unknown, which a password's line may be told to ignore.
  if (asks) return new Set([...asked, ...named]);
  return certain ?? new Set(["success", "auth_err", "ignore", ...named]);
}

function actionFor(actions: Actions, answer: string): Action {
  return actions.get(answer) ?? actions.get("default") ?? "bad";
}

function actionsOf(control: string): Actions {
  const list = control.startsWith("[") ? control.slice(1, -1) : WORDS[control.toLowerCase()];
  const actions = new Map<string, Action>();
  for (const [, name = "", action = ""] of (list ?? "").matchAll(/(\w+)\s*=\s*(\w+)/g)) {
    const jump = /^\d+$/.test(action) ? Number(action) : undefined;
    actions.set(name.toLowerCase(), jump ?? named(action));
  }
  return actions;
}

function named(action: string): Action {
  const known = (["ok", "done", "die", "ignore", "reset"] as const).find((each) => each === action);
  return known ?? "bad";
}
