/** What the daemon says of itself. Nothing of it is secret: /proc tells any user the same. */
import { statSync } from "node:fs";
import type { AboutDaemon } from "../contracts/daemon.ts";
import { linesLost } from "../system-log/system-log.ts";

const PROGRAM = import.meta.filename;

/** A build puts a new file in the place of the old one. */
const BEGUN_AS = stampOf(PROGRAM);

export function aboutDaemon(): AboutDaemon {
  return {
    uid: process.getuid?.() ?? 0,
    program: PROGRAM,
    isCurrent: stampOf(PROGRAM) === BEGUN_AS,
    linesLost: linesLost(),
  };
}

function stampOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev} ${stats.ino} ${stats.mtimeMs}`;
}
