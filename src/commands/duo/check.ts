import { Args } from "@oclif/core";
import { type Connection, withCountersign } from "../../client/connect.ts";
import { DUO_METHODS, duoMethods } from "../../client/duo.ts";
import type { Countersign } from "../../contracts/service.ts";
import { Fault } from "../../core/fault.ts";
import { outputColumns, say, sayJson } from "../../terminal/output.ts";
import { styleFor } from "../../terminal/style.ts";
import { CountersignCommand, json } from "../base.ts";
import { findingLines, type NamedFinding } from "../findings.ts";

/** Seconds that this host's clock may be off; Duo takes requests of a few minutes. */
const CLOCK_TOLERANCE = 60;

export class DuoCheck extends CountersignCommand {
  static override summary = "Ask Duo whether it takes what was set up.";

  static override description =
    `One line for each method that is set up, or for the one named: ok, with what this host's
clock is off, or the problem and its mend. A wrong id, a wrong secret, an application of
another type, the clock, the network, a certificate and a host that is not Duo's are told
apart as far as Duo does. Nobody is asked for an approval. Exit status 1 when there is a
problem.`;

  static override examples = [
    { description: "Both methods", command: "sudo <%= config.bin %> duo check" },
    { description: "For monitoring", command: "sudo <%= config.bin %> duo check duo-push --json" },
  ];

  static override args = {
    method: Args.string({
      ignoreStdin: true,
      options: [...DUO_METHODS],
      description: "duo-push or duo-prompt; all that are set up when left out",
    }),
  };

  static override flags = { json };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(DuoCheck);
    const findings = await withCountersign({}, async (connection) => {
      const found: CheckOfMethod[] = [];
      for (const method of args.method ? [args.method] : await methodsSetUp(connection)) {
        found.push(await check(connection.service, method));
      }
      return found;
    });
    if (flags.json) sayJson(findings);
    else {
      const named = findings.map(({ method, ...finding }) => ({ name: method, ...finding }));
      say(...findingLines(named, outputColumns(), styleFor(process.env, process.stdout)));
    }
    if (findings.some(({ state }) => state === "problem")) this.exit(1);
  }
}

interface CheckOfMethod extends Omit<NamedFinding, "name"> {
  readonly method: string;
  /** Seconds that this host's clock is ahead of Duo's, where Duo took the keys. */
  readonly clockOffset?: number;
  /** Of a problem: the fault's. */
  readonly code?: string;
}

/** @throws Fault `not-permitted`, `usage` where there is none */
async function methodsSetUp({ service, settings }: Connection): Promise<readonly string[]> {
  // Of a caller whom the daemon tells nothing, the settings at hand are not those in force.
  await service.status(Date.now());
  const begun = duoMethods(await settings()).filter(({ apiHost, id }) => apiHost ?? id);
  if (begun.length > 0) return begun.map(({ method }) => method);
  throw new Fault("not-found", "no method of Duo is set up", {
    hint: "countersign help duo configure",
  });
}

async function check(service: Countersign, method: string): Promise<CheckOfMethod> {
  try {
    return told(method, (await service.checkMethod(method)).clockOffset ?? 0);
  } catch (error) {
    if (!(error instanceof Fault) || !isOfMethod(error)) throw error;
    const { code, hint } = error;
    const message = error.message.replace(`${method}: `, "");
    return { method, state: "problem", message, ...(hint ? { mend: hint } : {}), code };
  }
}

/** False for what keeps any command from its work, such as a store that cannot be read. */
function isOfMethod({ code }: Fault): boolean {
  return /^(duo-|file-|usage$|settings-invalid$)/.test(code);
}

function told(method: string, clockOffset: number): CheckOfMethod {
  const off = Math.abs(clockOffset);
  const side = clockOffset > 0 ? "ahead of" : "behind";
  const clock = off === 0 ? "the clocks agree" : `this host's clock is ${off} s ${side} Duo's`;
  const message = `Duo takes the keys; ${clock}`;
  if (off <= CLOCK_TOLERANCE) return { method, state: "ok", message, clockOffset };
  const mend = "set this host's clock by NTP: timedatectl set-ntp true";
  return { method, state: "warning", message, mend, clockOffset };
}
