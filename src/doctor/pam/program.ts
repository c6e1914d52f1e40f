/** The program PAM runs as root: whoever can change it, or a directory above it, is root. */
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { Fault } from "../../core/fault.ts";
import { trustedDirectory } from "../../files/directories.ts";
import { said } from "../../files/untrusted.ts";

const LINKS_MAX = 40;

/** What the launcher starts, seen from the launcher; where it is there. */
const STARTED = ["../dist/main.cjs", "../node_modules/node/bin/node"];

/**
 * @param owner uid that it may belong to besides root
 * @throws Fault `file-untrusted`, `file-unreadable`, `not-found`
 */
export function checkProgram(path: string, owner = 0): void {
  if (!isAbsolute(path)) {
    throw new Fault("file-untrusted", `${said(path)} is not an absolute path`, {
      hint: "write the whole path: PAM searches no PATH",
    });
  }
  const real = checkFile(path, owner);
  const launched = STARTED.map((each) => resolve(dirname(real), each));
  for (const each of launched)
    if (lstatSync(each, { throwIfNoEntry: false })) checkFile(each, owner);
  if ((lstatSync(real).mode & 0o111) === 0) {
    throw new Fault("file-untrusted", `${said(path)} is not executable`, {
      hint: `chmod +x ${said(real)}`,
    });
  }
}

/** As `checkProgram`, for a file that is loaded and not started. */
export function checkRootsFile(path: string): void {
  checkFile(path, 0);
}

/** The real path of a file that nobody else can change; each link on the way is checked too. */
function checkFile(path: string, owner: number): string {
  let next = path;
  for (let links = 0; links <= LINKS_MAX; links++) {
    const directory = trustedDirectory(dirname(next), owner);
    const real = join(directory ?? "/", basename(next));
    const stats = directory === undefined ? undefined : lstatSync(real, { throwIfNoEntry: false });
    if (stats === undefined) {
      throw new Fault("not-found", `${said(next)} is not there`, {
        hint: "install countersign there, or write the path where it is",
      });
    }
    if (!stats.isSymbolicLink()) {
      checkStats(real, stats, owner);
      return real;
    }
    next = resolve(dirname(real), readlinkSync(real));
  }
  throw new Fault("file-untrusted", `${said(path)} leads through too many links`);
}

function checkStats(path: string, stats: Stats, owner: number): void {
  const name = said(path);
  const refuse = (why: string, hint: string): never => {
    throw new Fault("file-untrusted", `${name} ${why}`, { hint });
  };
  if (!stats.isFile()) refuse("is not a regular file", "install countersign there anew");
  if (stats.uid !== 0 && stats.uid !== owner)
    refuse(`belongs to uid ${stats.uid}, who can change what runs as root`, `chown 0 ${name}`);
  if ((stats.mode & 0o022) !== 0)
    refuse("can be written to by group or others", `chmod go-w ${name}`);
}
