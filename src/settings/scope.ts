/** Where everything of one scope lies: the host's, a person's, or a trial's (DESIGN.md 2). */
import { isAbsolute, join } from "node:path";
import { Fault } from "../core/fault.ts";
import { isPrintable } from "../core/printable.ts";

export interface Scope {
  readonly name: "system" | "personal" | "home";
  readonly settingsFile: string;
  readonly storeFile: string;
  readonly keyFile: string;
  /** The daemon's, where there is one: a person's is the host's. */
  readonly socketFile: string;
  /** What `init` makes, where it is absent, with these modes. */
  readonly directories: readonly { readonly path: string; readonly mode: number }[];
}

export interface ScopeInput {
  readonly uid: number;
  readonly env: NodeJS.ProcessEnv;
  /** From the passwd entry (os.userInfo), never $HOME: that is the caller's word. */
  readonly home: string;
  /** True behind PAM, where the environment is hostile: always the system's scope. */
  readonly pam?: boolean;
}

const SYSTEM: Scope = {
  name: "system",
  settingsFile: "/etc/countersign/countersign.json",
  storeFile: "/var/lib/countersign/store.db",
  keyFile: "/etc/countersign/master.key",
  socketFile: "/run/countersign/socket",
  directories: [
    // Settings may be read by all; what is secret in there has its own mode.
    { path: "/etc/countersign", mode: 0o755 },
    { path: "/var/lib/countersign", mode: 0o700 },
  ],
};

/** @throws Fault `usage` for a COUNTERSIGN_HOME or a home directory that is no absolute path */
export function scopeOf({ uid, env, home, pam = false }: ScopeInput): Scope {
  if (pam) return SYSTEM;
  const trial = env.COUNTERSIGN_HOME;
  // Set but empty is no directory either: falling back would write to the real place.
  if (trial !== undefined) return under("home", mustBePath("COUNTERSIGN_HOME", trial));
  if (uid === 0) return SYSTEM;
  return personal(env, mustBePath("the home directory", home));
}

function personal(env: NodeJS.ProcessEnv, home: string): Scope {
  const config = join(xdg(env.XDG_CONFIG_HOME) ?? join(home, ".config"), "countersign");
  const data = join(xdg(env.XDG_DATA_HOME) ?? join(home, ".local/share"), "countersign");
  return under("personal", config, data);
}

function under(name: Scope["name"], config: string, data: string = config): Scope {
  return {
    name,
    settingsFile: join(config, "countersign.json"),
    storeFile: join(data, "store.db"),
    keyFile: join(config, "master.key"),
    socketFile: name === "home" ? join(data, "socket") : SYSTEM.socketFile,
    directories: [...new Set([config, data])].map((path) => ({ path, mode: 0o700 })),
  };
}

/** The XDG base directory specification has relative paths ignored. */
function xdg(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) && isPrintable(path) ? path : undefined;
}

function mustBePath(what: string, path: string): string {
  if (isAbsolute(path) && isPrintable(path)) return path;
  throw new Fault("usage", `${what} must be an absolute path`);
}
