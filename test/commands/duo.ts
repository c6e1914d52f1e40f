/** Stand-ins for Duo, and how the command is told of them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "../support/cli.ts";
import { type Countersign, succeed } from "./enrolled.ts";

export const HOST = "api-12345678.duosecurity.com";
export const ID = "DIXXXXXXXXXXXXXXXXXX";
export const SECRET = "Sec0".repeat(10);

/** `duo configure` of a host of Duo's own, with the secret on standard input. */
export function configure(
  method: "duo-push" | "duo-prompt" = "duo-push",
  ...more: readonly string[]
): string[] {
  const id = method === "duo-push" ? "--integration-key" : "--client-id";
  return ["duo", "configure", method, "--api-host", HOST, id, ID, "--secret-stdin", ...more];
}

/** The flags for a host that is not Duo's, whose authority is written to the home. */
export function standInFlags(home: Home, host: string, authority: string): string[] {
  const caFile = join(home.path, "duo-ca.pem");
  writeFileSync(caFile, authority, { mode: 0o644 });
  return ["--api-host", host, "--allow-host", "--ca-file", caFile];
}

/** Where an application is, and its keys. */
export interface Application {
  readonly host: string;
  /** In PEM. */
  readonly authority: string;
  readonly id: string;
  readonly secret: string;
}

/** Sets a method up with a stand-in, as an administrator does. */
export async function setUpDuo(
  home: Home,
  method: "duo-push" | "duo-prompt",
  { host, authority, id, secret }: Application,
): Promise<void> {
  const flags = standInFlags(home, host, authority);
  const keys = [method === "duo-push" ? "--integration-key" : "--client-id", id, "--secret-stdin"];
  await succeed(home.run.bind(home), ["duo", "configure", method, ...flags, ...keys], secret);
}

/** The events, oldest first. */
export async function auditOf(
  countersign: Countersign,
): Promise<{ action: string; method?: string; detail?: string }[]> {
  return JSON.parse(await succeed(countersign, ["audit", "list", "--json"]));
}
