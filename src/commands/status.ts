import { withCountersign } from "../client/connect.ts";
import { failModesOf } from "../client/duo.ts";
import type { FailMode } from "../contracts/method.ts";
import type { Countersign, StatusReport } from "../contracts/service.ts";
import { formatHead } from "../core/audit-head.ts";
import { Fault } from "../core/fault.ts";
import type { Unenrolled } from "../core/policy/rule.ts";
import { dayChart } from "../terminal/chart.ts";
import { say, sayJson } from "../terminal/output.ts";
import { isUtf8 } from "../terminal/style.ts";
import { CountersignCommand, json } from "./base.ts";
import { unenrolledWords } from "./policy/rule-words.ts";
import { userDocument, userLines } from "./user/document.ts";
import { counted, isoTime } from "./words.ts";

const DAY = 86_400_000;

export class Status extends CountersignCommand {
  static override summary = "Show who is enrolled, and how the last day went.";

  static override description =
    `The methods, what becomes of who has nothing enrolled, users by their status, and a chart
of the last day's verdicts. Whoever is not root is shown what they have enrolled on this host.`;

  static override examples = [
    { description: "At a glance", command: "sudo <%= config.bin %> status" },
    { description: "What you have enrolled", command: "<%= config.bin %> status" },
    { description: "For monitoring", command: "sudo <%= config.bin %> status --json" },
  ];

  static override flags = { json };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Status);
    await withCountersign({}, async ({ service, caller, scope, settings }) => {
      const now = Date.now();
      const report = await unlessRefused(() => service.status(now - DAY));
      if (report === undefined) return showOwn(service, caller.login, flags.json);
      const inForce = await settings();
      const failModes = failModesOf(inForce);
      const on: On = {
        methods: (await service.listMethods()).filter(({ on }) => on).map(({ method }) => method),
        failModes,
        policy: inForce.policy.enabled,
        unenrolled: inForce.policy.unenrolled,
      };
      if (flags.json) return sayJson(document(scope.name, on, report));
      say(
        `scope       ${scope.name}`,
        `methods     ${on.methods.map((method) => describe(method, failModes)).join(", ") || "none"}`,
        `policy      ${on.policy === "on" ? "on" : "off: everybody passes without a second factor"}`,
        `unenrolled  ${unenrolledWords(on.unenrolled)}`,
        `users       ${census(report)}`,
        `audit log   ${counted(report.head.sequence, "event")}`,
        "",
        ...dayChart(report.tally, now, { utf8: isUtf8(process.env) }),
      );
    });
  }
}

interface On {
  readonly methods: readonly string[];
  /** Of those that a service judges. */
  readonly failModes: Readonly<Record<string, FailMode>>;
  /** The one switch for the host. */
  readonly policy: "on" | "off";
  readonly unenrolled: Unenrolled;
}

/** Where a method lets somebody in unasked, that is to be seen. */
function describe(method: string, failModes: On["failModes"]): string {
  return failModes[method] === "safe" ? `${method} (fail mode safe)` : method;
}

/** Undefined where the daemon tells this to root alone. */
async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Fault && error.code === "not-permitted") return undefined;
    throw error;
  }
}

async function showOwn(service: Countersign, user: string, json: boolean): Promise<void> {
  const nothing = {
    user,
    status: "none",
    methods: [],
    backupCodesLeft: 0,
    ...{ alias: undefined, preferredMethod: undefined, message: undefined },
  } as const;
  const own = await service.showUser(user).catch((error: unknown) => {
    if (error instanceof Fault && error.code === "not-found") {
      return { ...nothing, throttledUntil: undefined };
    }
    throw error;
  });
  if (json) sayJson(userDocument(own));
  else say(...userLines(own));
}

function census({ accounts, throttled }: StatusReport): string {
  const parts = Object.entries(accounts).map(([status, count]) => `${count} ${status}`);
  return [...parts, `${throttled} throttled`].join(", ");
}

function document(
  scope: string,
  on: On,
  { accounts, throttled, tally, head }: StatusReport,
): object {
  const lastDay = tally.map(({ hour, verdict, count }) => ({
    hour: isoTime(hour),
    verdict,
    count,
  }));
  return { scope, ...on, users: { ...accounts, throttled }, lastDay, head: formatHead(head) };
}
