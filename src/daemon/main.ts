/** countersignd: the one place where the daemon's parts are put together. */
import { chmodSync, lstatSync, unlinkSync, watch } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { answers } from "../client/daemon-socket.ts";
import { applySettings, openParts } from "../client/in-process.ts";
import { loadLoginCard } from "../client/login-card.ts";
import { loadMethods } from "../client/methods.ts";
import { actAsOwner, asOwner } from "../client/owner.ts";
import type { SystemLog } from "../contracts/system-log.ts";
import { Fault } from "../core/fault.ts";
import { type CheckpointRule, checkpointIfDue } from "../engine/checkpoint.ts";
import { countersignFor } from "../engine/countersign.ts";
import type { EngineParts } from "../engine/parts.ts";
import { trustedOwnerOf } from "../files/daemon-user.ts";
import { makeTrustedDirectory } from "../files/trusted-file.ts";
import type { Settings } from "../settings/schema.ts";
import { type Scope, scopeOf } from "../settings/scope.ts";
import { loadSettings } from "../settings/settings.ts";
import { openSystemLog } from "../system-log/system-log.ts";
import { keepCheckpoints } from "./checkpoints.ts";
import { Lanes } from "./lanes.ts";
import { ADMISSION, LIMITS } from "./limits.ts";
import { notify } from "./notify.ts";
import { becomeOwnUser, isOwnUser } from "./own-user.ts";
import { DaemonServer } from "./server.ts";

/** The first descriptor that systemd hands over: sd_listen_fds(3). */
const LISTEN_FDS_START = 3;
/** Editors write a file in several steps; the last one counts. Milliseconds. */
const SETTLE = 100;

/** Runs until it is told to end. @throws Fault when it cannot begin */
async function runDaemon(): Promise<void> {
  const { uid, username, homedir } = userInfo();
  // Its own user has no scope but the system's, and no say in where that is.
  const scope = scopeOf({ uid, home: homedir, env: process.env, pam: isOwnUser(username) });
  await loadMethods(asOwner(scope, () => loadSettings(scope)));
  // Of a trial's doings the host's log is not told. Its own user need not be able to load this.
  const hostLog = scope.name === "system" ? openSystemLog() : undefined;
  await loadLoginCard();
  const stays = becomeOwnUser(scope);
  if (stays) log(stays);
  // A host whose files are being given away: root goes on with both.
  actAsOwner(scope);
  let settings = loadSettings(scope);
  let parts = tellingHost(await openParts(scope, settings), settings, hostLog);
  const lanes = new Lanes(parts.slowHash);
  const server = new DaemonServer({
    limits: LIMITS,
    admission: ADMISSION,
    serviceFor: (caller) => {
      const slowHash = lanes.of(caller.uid);
      const service = countersignFor({ ...parts, slowHash }, caller);
      return {
        ...service,
        // Whoever changed a setting goes on with it in force; the watch reads it again, and tells.
        recordSetting: async (action, change) => {
          await service.recordSetting(action, change);
          reload(() => undefined);
        },
      };
    },
    log,
  });
  const reload = (tell = log): void => {
    settings = reloaded(scope, settings, tell);
    parts = tellingHost(applySettings(parts, settings), settings, hostLog);
  };
  watchSettings(scope, () => reload());
  // Before anybody can know that it runs: a signal unheard would end it as it stands.
  const toldToEnd = untilToldToEnd(() => reload());
  await server.listen(await place(scope));
  if (!inherited()) chmodSync(scope.socketFile, 0o666);
  log(`listening on ${inherited() ? "the socket of its unit" : scope.socketFile}`);
  notify("READY=1");
  const own = { uid: process.getuid?.() ?? 0, login: userInfo().username, ownsStore: true };
  const rounds = keepCheckpoints(() => checkpointIfDue(parts, own, checkpointRule(settings)), log);
  await toldToEnd;
  notify("STOPPING=1");
  await rounds.end();
  await server.stop();
  await parts.store.close();
  parts.sealer.close();
}

/** The settings that are there now, or, where they do not parse, the last good ones, loudly. */
function reloaded(scope: Scope, settings: Settings, tell: typeof log): Settings {
  try {
    const next = loadSettings(scope);
    tell("settings read anew");
    return next;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    tell(`SETTINGS NOT READ, the last good ones stay in force: ${error.message}`);
    return settings;
  }
}

function tellingHost(
  parts: EngineParts,
  { audit }: Settings,
  hostLog: SystemLog | undefined,
): EngineParts {
  return { ...parts, systemLog: audit.systemLog === "on" ? hostLog : undefined };
}

function checkpointRule({ audit }: Settings): CheckpointRule {
  return { events: audit.checkpointEvery, interval: audit.checkpointHours * 3_600_000 };
}

function watchSettings({ settingsFile }: Scope, reload: () => void): void {
  let timer: NodeJS.Timeout | undefined;
  const name = settingsFile.slice(dirname(settingsFile).length + 1);
  const watcher = watch(dirname(settingsFile), { persistent: false }, (_event, changed) => {
    if (changed !== name) return;
    clearTimeout(timer);
    timer = setTimeout(reload, SETTLE);
  });
  watcher.on("error", (error) => log(`settings are watched no more: ${error.message}`));
}

function untilToldToEnd(reload: () => void): Promise<void> {
  process.on("SIGHUP", reload);
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
}

/** True when systemd has opened the socket for this very process. */
function inherited(): boolean {
  const { LISTEN_FDS, LISTEN_PID } = process.env;
  return LISTEN_FDS === "1" && LISTEN_PID === String(process.pid);
}

async function place({ socketFile }: Scope): Promise<{ path: string } | { fd: number }> {
  if (inherited()) return { fd: LISTEN_FDS_START };
  const directory = dirname(socketFile);
  makeTrustedDirectory(directory, 0o755, "file-unwritable", trustedOwnerOf(directory));
  await clearAway(socketFile);
  return { path: socketFile };
}

/** Removes the socket of a daemon that is gone. @throws Fault `conflict` for one that answers */
async function clearAway(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) {
    throw new Fault("file-untrusted", `${path}: this is no socket`, { hint: "move it away" });
  }
  if (await answers(path)) {
    throw new Fault("conflict", "another countersignd is running", { hint: "stop it first" });
  }
  unlinkSync(path);
}

function log(line: string): void {
  process.stderr.write(`countersignd: ${line}\n`);
}

await runDaemon().catch((error: unknown) => {
  const fault = error instanceof Fault ? error : new Fault("internal", String(error));
  log(fault.message);
  if (fault.hint) log(`try: ${fault.hint}`);
  process.exitCode = 1;
});
