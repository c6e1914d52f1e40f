/** Sets up duo-push on an installation, through the command itself, at a stand-in for Duo. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Countersign, succeed } from "../commands/enrolled.ts";
import type { StandIn } from "../duo/stand-in/server.ts";
import type { Run, RunOptions } from "../support/run.ts";

export interface Installation {
  readonly countersign: Countersign;
  /** Runs a program where the installation is. */
  readonly run: (argv: readonly string[], options?: RunOptions) => Promise<Run>;
  /** A directory there that root alone can write to. */
  readonly directory: string;
}

export async function setUpDuo(
  { countersign, run, directory }: Installation,
  standIn: StandIn,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const caFile = join(directory, "duo-ca.pem");
  const write = (argv: readonly string[], input: string) =>
    succeed((_, how) => run(argv, how), [], input);
  await write(["sh", "-c", `cat > ${caFile}; chmod 644 ${caFile}`], standIn.authority);
  const { integrationKey, secretKey } = standIn.application;
  const application = ["--api-host", standIn.host, "--integration-key", integrationKey];
  const trust = ["--allow-host", "--ca-file", caFile];
  const configure = ["duo", "configure", "duo-push", ...application, ...trust, "--secret-stdin"];
  const ended = await countersign(configure, { input: `${secretKey}\n` });
  assert.equal(ended.code, 0, ended.stderr);
  for (const [name, value] of Object.entries(settings)) {
    await succeed(countersign, ["config", "set", `duo.push.${name}`, value]);
  }
}
