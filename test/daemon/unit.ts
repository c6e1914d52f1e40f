/** The service unit, and what of its walls can be put up without systemd running. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/cli.ts";
import { runOrThrow } from "../support/run.ts";

export const UNITS = join(ROOT, "systemd");
const SERVICE = readFileSync(join(UNITS, "countersignd.service"), "utf8");

/** The values of a setting, in their order. */
export function valuesOf(name: string): string[] {
  return SERVICE.split("\n")
    .filter((line) => line.startsWith(`${name}=`))
    .map((line) => line.slice(name.length + 1));
}

/**
 * Makes all that is mounted read-only but for what the unit names, hides homes, and becomes
 * the command that follows: ProtectSystem=strict, ReadWritePaths=, ProtectHome=, ProtectProc=,
 * ProcSubset=. The directory of the socket is left writable as well, for here the daemon makes
 * it itself.
 */
const WALLS = `
set -eu
for path in ${valuesOf("ReadWritePaths").join(" ").replaceAll("-/", "/")} /run/countersign; do
  mount --bind "$path" "$path"
  kept="\${kept-} $path"
done
for path in $(findmnt -rno TARGET | sort -u); do
  case " $kept " in *" $path "*) continue;; esac
  case "$path" in /proc*|/sys*|/dev*) continue;; esac
  mount -o remount,bind,ro "$path"
done
for path in /home /root; do mount -t tmpfs -o ro,mode=000 tmpfs "$path"; done
for path in /etc /usr /opt /var/lib /run /tmp; do
  if touch "$path/written" 2>/dev/null; then echo "$path can be written to" >&2; exit 1; fi
done
mount -t proc -o ${procOptions()} proc /proc
exec "$@"
`;

/** What ProtectProc= and ProcSubset= mount /proc with. */
function procOptions(): string {
  return [
    ...valuesOf("ProtectProc").map((value) => `hidepid=${value}`),
    ...valuesOf("ProcSubset").map((value) => `subset=${value}`),
  ].join(",");
}

/** Lets through the system calls whose numbers come first, and becomes what follows "--". */
const FILTER = `
import ctypes, os, struct, sys
end = sys.argv.index("--")
# ld [nr]; for each: jeq nr, 0, 1; ret ALLOW; at last: ret ERRNO(EPERM). seccomp(2)
code = [(0x20, 0, 0, 0)]
for number in sys.argv[1:end]: code += [(0x15, 0, 1, int(number)), (0x06, 0, 0, 0x7FFF0000)]
code.append((0x06, 0, 0, 0x00050001))
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in code))
filter = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(program))
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
if libc.prctl(22, 2, filter, 0, 0) != 0: sys.exit(os.strerror(ctypes.get_errno()))
os.execv(sys.argv[end + 1], sys.argv[end + 1:])
`;

/** An argument list that runs a program as the unit's user, behind the walls of the unit. */
export async function behindWalls(program: string): Promise<string[]> {
  const user = ["setpriv", "--reuid=countersign", "--regid=countersign", "--clear-groups"];
  const bare = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"];
  const filter = ["python3", "-c", FILTER, ...(await allowedCalls()), "--"];
  const walls = ["unshare", "-m", "--propagation", "private", "sh", "-c", WALLS, "walls"];
  return [...walls, ...user, ...bare, ...filter, program];
}

/** Numbers of the system calls that the unit lets through, as systemd reads its lines. */
async function allowedCalls(): Promise<string[]> {
  const groups = (await runOrThrow(["systemd-analyze", "syscall-filter"])).stdout;
  const members = new Map<string, string[]>();
  for (const part of groups.split(/^(?=@)/m)) {
    const [name = "", ...lines] = part.split("\n").map((line) => line.trim());
    members.set(
      name,
      lines.filter((line) => /^[@\w-]+$/.test(line)),
    );
  }
  const expand = (name: string): string[] =>
    name.startsWith("@") ? (members.get(name) ?? []).flatMap(expand) : [name];
  // What systemd lets every service do: systemd.exec(5).
  const allowed = new Set(["@default", "execve"].flatMap(expand));
  for (const value of valuesOf("SystemCallFilter")) {
    const names = value.replace(/^~/, "").split(" ").flatMap(expand);
    for (const name of names) value.startsWith("~") ? allowed.delete(name) : allowed.add(name);
  }
  const header = { input: "#include <sys/syscall.h>\n" };
  const { stdout } = await runOrThrow(["gcc", "-E", "-dM", "-"], header);
  const numbers = [...stdout.matchAll(/^#define __NR_(\w+) (\d+)$/gm)];
  return numbers.filter(([, name = ""]) => allowed.has(name)).map(([, , number = ""]) => number);
}
