/** The settings: that they parse, and whether one of them undoes the second factor. */
import type { Settings } from "../settings/schema.ts";
import { type Finding, voiceOf } from "./finding.ts";
import { examineRules, type PolicyReaders } from "./policy.ts";
import { examineRoles, type RoleReaders } from "./roles.ts";

export interface SettingsReaders extends PolicyReaders, RoleReaders {
  readonly path: string;
  /** @throws Fault where they do not parse */
  readonly load: () => Settings;
  /** False when the scope has neither settings nor key nor store. */
  readonly isBegun: () => boolean;
  readonly exists: (path: string) => boolean;
}

/** What holds without settings. The tests compare them with the schema's. */
export const DEFAULTS = {
  freeFailures: 5,
  longestDelay: 300,
  decay: 900,
} as const;

/** A throttle this many times weaker than the default is worth a word. */
const MUCH_WEAKER = 4;

const WIDEST_WINDOW = 3;

const voice = voiceOf("settings");
const { ok, warning, broken } = voice;

export async function examineSettings(readers: SettingsReaders): Promise<Finding[]> {
  const { path, load, isBegun, exists } = readers;
  if (!isBegun()) return [warning("nothing is set up yet", "countersign init")];
  let settings: Settings;
  try {
    settings = load();
  } catch (error) {
    return [broken(error)];
  }
  const weak = [
    ...weakPolicy(settings),
    ...(await examineRules(settings, readers, voice)),
    ...(await examineRoles(settings, readers, voice)),
    ...weakWindow(settings),
    ...weakThrottle(settings),
  ];
  if (weak.length > 0) return weak;
  return [ok(exists(path) ? `${path} parses` : `no ${path}: the defaults hold`)];
}

function weakPolicy({ policy }: Settings): Finding[] {
  if (policy.unenrolled !== "allow") return [];
  return [
    warning(
      "policy.unenrolled is allow: whoever has not enrolled is let in without a code",
      "once everybody has enrolled: countersign policy set unenrolled refuse",
    ),
  ];
}

function weakWindow({ totp }: Settings): Finding[] {
  if (totp.window <= WIDEST_WINDOW) return [];
  const valid = 2 * totp.window + 1;
  return [
    warning(
      `totp.window is ${totp.window}: ${valid} codes are right at any moment`,
      "set the clocks right, then: countersign config unset totp.window",
    ),
  ];
}

function weakThrottle({ throttle }: Settings): Finding[] {
  // A hard lock stops guessing, whatever the delays.
  if (throttle.lockAfter > 0 && throttle.lockAfter <= DEFAULTS.freeFailures * MUCH_WEAKER)
    return [];
  const weaker = [
    { name: "freeFailures", times: throttle.freeFailures / DEFAULTS.freeFailures },
    { name: "longestDelay", times: DEFAULTS.longestDelay / throttle.longestDelay },
    { name: "decay", times: DEFAULTS.decay / throttle.decay },
  ] as const;
  return weaker
    .filter(({ times }) => times > MUCH_WEAKER)
    .map(({ name }) =>
      warning(
        `throttle.${name} is ${throttle[name]}, by default ${DEFAULTS[name]}: codes can be ` +
          "guessed that much faster",
        `countersign config unset throttle.${name}`,
      ),
    );
}
