/**
 * Real parts that a test needs. One that cannot be had skips the test, with the reason;
 * with CI=true it fails it, so that nothing goes untested unnoticed.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { createRequire } from "node:module";

/** Where distributions put PAM modules. */
const MODULES = ["x86_64-linux-gnu/", "aarch64-linux-gnu/", ""].flatMap((folder) => [
  `/lib/${folder}security`,
  `/usr/lib/${folder}security`,
]);

/** Parts that are no program. */
const CHECKS: Readonly<Record<string, () => string | undefined>> = {
  root: () => (process.getuid?.() === 0 ? undefined : "needs root"),
  "mount namespaces": () =>
    spawnSync("unshare", ["-m", "--propagation", "private", "true"]).status === 0
      ? undefined
      : "mount namespaces are not to be had here",
  "libpam0g-dev": () =>
    existsSync("/usr/include/security/pam_modules.h") ? undefined : "libpam0g-dev is not installed",
  "libpam-oath": () =>
    MODULES.some((folder) => existsSync(`${folder}/pam_oath.so`))
      ? undefined
      : "libpam-oath is not installed",
  keytar: () => {
    try {
      createRequire(import.meta.url)("keytar");
      return undefined;
    } catch {
      return "keytar was not compiled (libsecret-1-dev was missing at npm ci)";
    }
  },
};

const known = new Map<string, string | undefined>();

/** Why the part is not there, or undefined when it is: "root", "keytar" or a program's name. */
export function lacks(part: string): string | undefined {
  if (!known.has(part)) known.set(part, (CHECKS[part] ?? (() => lacksProgram(part)))());
  return known.get(part);
}

/**
 * Options for test() or describe(): `test("…", needs("root", "tmux"), async (t) => …)`.
 * With CI=true a missing part throws while the file loads, which fails it.
 */
export function needs(...parts: readonly string[]): { skip?: string } {
  const missing = parts.map(lacks).filter((reason) => reason !== undefined);
  if (missing.length === 0) return {};
  const reason = missing.join("; ");
  if (process.env.CI === "true") throw new Error(`${reason}, and with CI=true nothing is skipped`);
  return { skip: reason };
}

function lacksProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders.some((folder) => isExecutable(`${folder}/${name}`))
    ? undefined
    : `${name} is not installed`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
