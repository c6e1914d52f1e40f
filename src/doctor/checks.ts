/** Every check in its order, each on its own: none can take the others down or hold them up. */
import { printable } from "../core/printable.ts";
import { type AuditReaders, examineAudit } from "./audit.ts";
import { type ClockReaders, examineClock } from "./clock.ts";
import { type DaemonReaders, examineDaemon } from "./daemon.ts";
import { type DuoReaders, examineDuo } from "./duo.ts";
import { examineFiles, type FilesReaders } from "./files.ts";
import { type CheckName, type Finding, voiceOf } from "./finding.ts";
import { examineKey, type KeyReaders } from "./key.ts";
import { examineMessage, type MessageReaders } from "./message.ts";
import { examinePam, type PamReaders } from "./pam.ts";
import { examineSettings, type SettingsReaders } from "./settings.ts";
import { examineSshd, type SshdReaders } from "./sshd.ts";
import { examineGuest, examineStore, type StoreReaders } from "./store.ts";
import { examineYubikey, type YubikeyReaders } from "./yubikey.ts";

/** What the checks of one's own files look through. */
export interface Readers {
  readonly clock: ClockReaders;
  readonly settings: SettingsReaders;
  readonly files: FilesReaders;
  readonly key: KeyReaders;
  readonly store: StoreReaders;
  readonly duo: DuoReaders;
  readonly message: MessageReaders;
  readonly yubikey: YubikeyReaders;
}

/** What those of the host look through, where more than one person is concerned. */
export interface HostReaders {
  readonly daemon: DaemonReaders;
  readonly audit: AuditReaders;
  readonly pam: PamReaders;
  readonly sshd: SshdReaders;
}

/** What somebody without root looks through where a daemon holds what they enroll. */
export interface GuestReaders {
  readonly clock: ClockReaders;
  readonly daemon: DaemonReaders;
  /** A store of their own from before, which is asked no more. */
  readonly ownStore: string | undefined;
}

export interface Check {
  readonly name: CheckName;
  readonly examine: () => Promise<readonly Finding[]> | readonly Finding[];
}

/** How long one check may take, in milliseconds: longer than each wait inside one. */
const LIMIT = 15_000;

/** No line is longer: what a file or a program says may be. */
const LINE_LIMIT = 600;

export function checksOver(own: Readers): readonly Check[] {
  return [
    { name: "clock", examine: () => examineClock(own.clock) },
    { name: "settings", examine: () => examineSettings(own.settings) },
    { name: "files", examine: () => examineFiles(own.files) },
    { name: "key", examine: () => examineKey(own.key) },
    { name: "store", examine: () => examineStore(own.store) },
    { name: "duo", examine: () => examineDuo(own.duo) },
    { name: "message", examine: () => examineMessage(own.message) },
    { name: "yubikey", examine: () => examineYubikey(own.yubikey) },
  ];
}

export function hostChecksOver(host: HostReaders): readonly Check[] {
  return [
    { name: "daemon", examine: () => examineDaemon(host.daemon) },
    { name: "audit", examine: () => examineAudit(host.audit) },
    { name: "pam", examine: () => examinePam(host.pam) },
    { name: "sshd", examine: () => examineSshd(host.sshd) },
  ];
}

export function guestChecksOver({ clock, daemon, ownStore }: GuestReaders): readonly Check[] {
  return [
    { name: "clock", examine: () => examineClock(clock) },
    { name: "store", examine: () => examineGuest(ownStore) },
    { name: "daemon", examine: () => examineDaemon(daemon) },
  ];
}

/** What all of them found, in their order. */
export async function runChecks(checks: readonly Check[], limit = LIMIT): Promise<Finding[]> {
  const found = await Promise.all(checks.map((check) => runOne(check, limit)));
  return found.flat().map(({ message, mend, ...finding }) => ({
    ...finding,
    message: printable(message, LINE_LIMIT),
    ...(mend === undefined ? {} : { mend: printable(mend, LINE_LIMIT) }),
  }));
}

async function runOne({ name, examine }: Check, limit: number): Promise<readonly Finding[]> {
  const voice = voiceOf(name);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding[]>((resolve) => {
    timer = setTimeout(() => {
      resolve([voice.problem(`this check took over ${limit / 1000} s and was given up`)]);
    }, limit);
  });
  try {
    return await Promise.race([(async () => examine())(), late]);
  } catch (error) {
    return [voice.broken(error)];
  } finally {
    clearTimeout(timer);
  }
}
