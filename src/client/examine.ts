/** Puts the checks of `countersign doctor` before this process's scope. Changes nothing. */
import { existsSync, globSync, lstatSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Sealer } from "../contracts/sealing.ts";
import { askWithin } from "../doctor/ask-program.ts";
import {
  checksOver,
  type GuestReaders,
  guestChecksOver,
  type HostReaders,
  hostChecksOver,
  type Readers,
  runChecks,
} from "../doctor/checks.ts";
import type { Finding } from "../doctor/finding.ts";
import { askingServices, passwordServices } from "../doctor/pam.ts";
import { isKeyFirstIn } from "../doctor/sshd.ts";
import { isForcedBy } from "../doctor/sshd-force.ts";
import { spaceAt } from "../doctor/store.ts";
import { readStore, type StoreContent } from "../doctor/store-file.ts";
import { ownUid } from "../files/owner.ts";
import { createSealer } from "../keys/sealing.ts";
import type { Scope } from "../settings/scope.ts";
import { loadSettings } from "../settings/settings.ts";
import { SCHEMA_VERSION } from "../stores/schema.ts";
import { HOST_SOCKETS } from "../system-log/system-log.ts";
import { daemonReaders } from "./ask-daemon.ts";
import { currentScope, isHeldByDaemon } from "./connect.ts";
import { duoReaders } from "./examine-duo.ts";
import { messageReaders } from "./examine-message.ts";
import { yubikeyReaders } from "./examine-yubikey.ts";
import { unknownToHost } from "./host-groups.ts";
import { hostViewOf } from "./host-view.ts";
import { keyProviderOf, storePath } from "./in-process.ts";
import { setsUpAtLogin } from "./login-card.ts";
import { asOwner, duringAsOwner } from "./owner.ts";

export type { Finding };

const PAM = { directories: ["/etc/pam.d", "/usr/lib/pam.d"], conf: "/etc/pam.conf" };

/** Where distributions have libpam look for modules. */
const MODULES = ["", "/usr"].flatMap((root) =>
  ["lib", "lib64", "lib/*", "lib32"].map((lib) => `${root}/${lib}/security`),
);

const SSHD_CONFIG = "/etc/ssh/sshd_config";

const isForced = (): boolean => isForcedBy(SSHD_CONFIG);

/** sshd -T reads every host key first. */
const SSHD_LIMIT = 5_000;

const CLOCK = { ask: askWithin(), exists: existsSync, now: Date.now };

/** What is right and wrong with this host's set-up, or with a person's own. */
export async function examine(): Promise<readonly Finding[]> {
  const scope = currentScope();
  if (isHeldByDaemon(scope)) return runChecks(guestChecksOver(guestReaders(scope)));
  // As whom the engine would act, for that one has to be able to.
  const seen = asOwner(scope, () => lookAround(scope));
  try {
    const own = await duringAsOwner(scope, () => runChecks(checksOver(ownReaders(scope, seen))));
    if (scope.name !== "system") return own;
    return [...own, ...(await runChecks(hostChecksOver(hostReaders(scope, seen))))];
  } finally {
    seen.close();
  }
}

type Seen = ReturnType<typeof lookAround>;

/** What several checks look at, looked at once. */
function lookAround(scope: Scope) {
  const settings = once(() => loadSettings(scope));
  const path = (): string => storePath(scope, settings());
  const content = once(async () => readStore(path()));
  let opened: Sealer | undefined;
  const sealer = once(async () => {
    const key = await keyProviderOf(scope, settings()).read();
    if (key === undefined) return undefined;
    opened = createSealer(key);
    key.fill(0);
    return opened;
  });
  const isThere = (file: string): boolean =>
    lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  return {
    settings,
    /** The store's path, or undefined where the settings do not parse. */
    path: attempt(path),
    content,
    sealer,
    isThere,
    isBegun: () => [scope.settingsFile, scope.keyFile, scope.storeFile].some(isThere),
    close: () => opened?.close(),
  };
}

function ownReaders(scope: Scope, seen: Seen): Readers {
  const { settings, path, content, sealer, isBegun, isThere } = seen;
  const events = async (): Promise<StoreContent["events"]> => {
    // What keeps it from opening is for the check of the store to tell.
    const opened = path === undefined ? undefined : await content().catch(() => undefined);
    return opened?.events ?? [];
  };
  const storeFile = path ?? scope.storeFile;
  return {
    clock: {
      ...CLOCK,
      newestEvent: async () => {
        const all = await events();
        return all.length === 0 ? undefined : Math.max(...all.map(({ at }) => at));
      },
    },
    settings: {
      path: scope.settingsFile,
      load: settings,
      isBegun,
      exists: existsSync,
      now: Date.now,
      unknownGroups: (names) => unknownToHost("group", names),
      groupIds: async (names) => (await hostViewOf([], names))?.groups,
    },
    files: { scope, storeFile, owner: ownUid() },
    key: {
      isBegun,
      provider: () => keyProviderOf(scope, settings()),
      sealer,
      storeExists: () => isThere(storeFile),
      keyCheck: async () => (await content())?.keyCheck,
    },
    store: { isBegun, path, content, schema: SCHEMA_VERSION, sealer, space: spaceAt },
    duo: duoReaders({ settings, content, sealer }),
    message: messageReaders({ settings, content, sealer }),
    yubikey: yubikeyReaders({ settings, content, sealer }),
  };
}

function guestReaders(scope: Scope): GuestReaders {
  const { storeFile } = scope;
  return {
    clock: { ...CLOCK, newestEvent: async () => undefined },
    daemon: daemonReaders(scope, PAM, isForced),
    ownStore: existsSync(storeFile) ? storeFile : undefined,
  };
}

function hostReaders(scope: Scope, seen: Seen): HostReaders {
  const { isBegun, settings } = seen;
  // Started by the launcher, or by what the launcher starts, which is beside its folder.
  const program = resolve(dirname(process.argv[1] ?? "."), "../bin/countersign.js");
  const daemon = daemonReaders(scope, PAM, isForced);
  return {
    daemon,
    audit: {
      isOn: () => (isBegun() ? attempt(() => settings().audit.systemLog === "on") : undefined),
      sockets: HOST_SOCKETS,
      exists: existsSync,
      linesLost: async () => {
        const answer = existsSync(daemon.socket) ? await daemon.ask(daemon.socket) : undefined;
        return typeof answer === "object" ? answer.linesLost : undefined;
      },
    },
    pam: {
      ...PAM,
      owner: 0,
      moduleDirectories: globSync(MODULES),
      program,
      isBegun,
      isForced: () => isForcedBy(SSHD_CONFIG),
      setsUp: () => attempt(() => setsUpAtLogin(seen.settings())) === true,
      isKeyFirst: () => isKeyFirstIn(SSHD_CONFIG),
    },
    sshd: {
      programs: ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"],
      config: SSHD_CONFIG,
      exists: existsSync,
      ask: askWithin(SSHD_LIMIT),
      asksCountersign: () => askingServices(PAM).includes("sshd"),
      demandsPassword: () => passwordServices(PAM).includes("sshd"),
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    // The settings' own check says what is wrong with them.
    return undefined;
  }
}
