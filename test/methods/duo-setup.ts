/** Sets up duo-push on an installation, through the command itself, at a stand-in for Duo. */
import { join } from "node:path";
import { type Countersign, succeed } from "../commands/enrolled.ts";
import type { StandIn } from "../duo/stand-in/server.ts";
import type { Run, RunOptions } from "../support/run.ts";

const PROGRAM = "test/methods/programs/keep-duo-secret.ts";

export interface Installation {
  readonly countersign: Countersign;
  /** Runs a program where the installation is. */
  readonly run: (argv: readonly string[], options?: RunOptions) => Promise<Run>;
  /** The checkout, as it is seen there. */
  readonly checkout: string;
  /** A directory there that root alone can write to. */
  readonly directory: string;
}

export async function setUpDuo(
  { countersign, run, checkout, directory }: Installation,
  standIn: StandIn,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const caFile = join(directory, "duo-ca.pem");
  const write = (argv: readonly string[], input: string) =>
    succeed((_, how) => run(argv, how), [], input);
  await write(["sh", "-c", `cat > ${caFile}; chmod 644 ${caFile}`], standIn.authority);
  for (const [name, value] of Object.entries({
    apiHost: standIn.host,
    anyHost: "yes",
    caFile,
    integrationKey: standIn.application.integrationKey,
    ...settings,
  })) {
    await succeed(countersign, ["config", "set", `duo.push.${name}`, value]);
  }
  const node = join(checkout, "node_modules/.bin/node");
  await write([node, join(checkout, PROGRAM)], standIn.application.secretKey);
}
