/** The daemon: this release works without one, so the check only says what it sees. */
import { type Dirent, readdirSync } from "node:fs";
import { errnoOf } from "../core/fault.ts";
import { type Finding, voiceOf } from "./finding.ts";

export interface DaemonReaders {
  /** Where a daemon would listen. */
  readonly directory: string;
}

const { ok, warning } = voiceOf("daemon");

export function examineDaemon({ directory }: DaemonReaders): Finding[] {
  const socket = entriesOf(directory).find((entry) => entry.isSocket());
  if (socket === undefined) return [ok("no daemon: commands work in this process")];
  // Not connected to: one that is dead would be waited for, one that lives would be disturbed.
  return [
    warning(
      `there is a socket, ${directory}/${socket.name}, yet commands of this release work in ` +
        "their own process",
      "find out what listens there: ss -xlp",
    ),
  ];
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return [];
    throw error;
  }
}
