/** The daemon: whether one answers where it is looked for, and as whom it runs. */
import { lstatSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import type { AboutDaemon } from "../contracts/daemon.ts";
import { Fault } from "../core/fault.ts";
import { DAEMON_USER } from "../files/daemon-user.ts";
import { trustedDirectory } from "../files/directories.ts";
import { said } from "../files/untrusted.ts";
import { type Finding, voiceOf } from "./finding.ts";
import type { AskedSocket } from "./pam.ts";

/** "deaf": nobody listens; "silent": it was let in, and heard nothing in time. */
export type DaemonAnswer = AboutDaemon | "deaf" | "silent";

export interface DaemonReaders {
  /** Where the commands look for it. */
  readonly socket: string;
  /** Where the lines of the PAM module do. */
  readonly asked: () => readonly AskedSocket[];
  /** True where sshd's ForceCommand asks, which only a daemon answers. */
  readonly isForced: () => boolean;
  /** Uid that may hold the socket besides root. */
  readonly trusted: (directory: string) => number;
  readonly ask: (socket: string) => Promise<DaemonAnswer>;
  /** The uid that it is to run as, and whose the host's files are; undefined without such a user. */
  readonly ownUid: () => number | undefined;
  readonly filesUid: () => number;
  /** The folder that this program was built to. */
  readonly dist: string;
}

const START = "start it: systemctl enable --now countersignd, or countersignd from the init system";
const RESTART = "restart it: systemctl restart countersignd";
const ADD_USER = "useradd --system --shell /usr/sbin/nologin countersign";

const { ok, warning, problem } = voiceOf("daemon");

export async function examineDaemon(readers: DaemonReaders): Promise<Finding[]> {
  const asked = readers.asked();
  const own = asked.find(({ path }) => path === readers.socket);
  const others = asked.filter(({ path }) => path !== readers.socket);
  return [
    ...(await examineOwn(readers, own?.services ?? [])),
    ...(await Promise.all(others.map((each) => examineOther(readers, each)))).flat(),
  ];
}

async function examineOwn(readers: DaemonReaders, services: readonly string[]): Promise<Finding[]> {
  const { socket } = readers;
  const found = lstatSync(socket, { throwIfNoEntry: false });
  if (!found) return none(services, readers.isForced());
  const refused = refusalOf(readers, socket, found);
  if (refused) return [refused];
  const answer = await readers.ask(socket);
  if (answer === "deaf") return [problem(`nobody listens at ${said(socket)}`, START)];
  if (answer === "silent") {
    return [problem(`countersignd does not answer at ${said(socket)}`, `see its log; ${RESTART}`)];
  }
  const odd = [...closed(socket, found), ...asWhom(answer, readers), ...outdated(answer, readers)];
  const who = answer.uid === 0 ? "root" : answer.uid === readers.ownUid() ? DAEMON_USER : undefined;
  return odd.length > 0 ? odd : [ok(`countersignd answers, as ${who ?? `uid ${answer.uid}`}`)];
}

function none(services: readonly string[], isForced: boolean): Finding[] {
  const found: Finding[] = [];
  if (isForced) {
    const who = "ForceCommand countersign login lets in nobody but root";
    found.push(problem(`no daemon, and without one ${who}`, START));
  }
  if (services.length > 0) {
    const logins = `each login through ${services.join(", ")}`;
    const what = "starts the verifier, as root, and users without root cannot enroll";
    found.push(warning(`no daemon, so ${logins} ${what}`, START));
  }
  return found.length > 0 ? found : [ok("no daemon: commands work in this process")];
}

/** What keeps the commands and the PAM module from speaking to it at all. */
function refusalOf({ trusted }: DaemonReaders, socket: string, found: Stats): Finding | undefined {
  if (!found.isSocket()) return problem(`${said(socket)} is no socket`, "move it away, then start");
  const directory = dirname(socket);
  try {
    const owner = trusted(directory);
    trustedDirectory(directory, owner);
    if (found.uid === 0 || found.uid === owner) return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return problem(error.message, error.hint);
  }
  return problem(`${said(socket)} belongs to uid ${found.uid}`, `remove it, then ${RESTART}`);
}

/** Root gets to it all the same: who is kept out are users, and with them countersign login. */
function closed(socket: string, { mode }: Stats): Finding[] {
  const shut = `not every user may connect to ${said(socket)}`;
  if ((mode & 0o666) !== 0o666) return [warning(shut, `chmod 666 ${said(socket)}`)];
  const directory = dirname(socket);
  if ((statSync(directory).mode & 0o001) !== 0) return [];
  return [warning(shut, `chmod 755 ${said(directory)}`)];
}

function asWhom({ uid }: AboutDaemon, { ownUid, filesUid }: DaemonReaders): Finding[] {
  if (uid !== 0) return [];
  const own = ownUid();
  const again = "countersign init, then restart the daemon";
  if (own === undefined) {
    return [warning(`it runs as root: there is no user ${DAEMON_USER}`, `${ADD_USER}; ${again}`)];
  }
  const mend = filesUid() === own ? RESTART : again;
  return [warning(`it runs as root, though there is the user ${DAEMON_USER}`, mend)];
}

function outdated({ program, isCurrent }: AboutDaemon, { dist }: DaemonReaders): Finding[] {
  if (!isCurrent) return [warning("it runs a program that has been replaced since", RESTART)];
  if (dirname(program) === dist) return [];
  return [warning(`it is of another installation: ${said(program)}`, "start the one of this")];
}

async function examineOther(readers: DaemonReaders, asked: AskedSocket): Promise<Finding[]> {
  const { path, services } = asked;
  const found = lstatSync(path, { throwIfNoEntry: false });
  const refused = found && refusalOf(readers, path, found);
  if (refused) return [refused];
  if (found && typeof (await readers.ask(path)) === "object") return [];
  return [
    problem(
      `${services.join(", ")}: its line names socket=${said(path)}, where no countersignd answers`,
      `take out socket=, which is by itself ${readers.socket}`,
    ),
  ];
}
