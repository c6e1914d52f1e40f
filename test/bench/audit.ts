/**
 * An audit log of ten million events: the list of one user, the proof that nothing was changed,
 * and logins while the oldest are archived and removed.
 *
 *   node_modules/.bin/node test/bench/audit.ts [EVENTS]
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openParts } from "../../src/client/in-process.ts";
import type { Caller, Countersign } from "../../src/contracts/service.ts";
import { countersignFor } from "../../src/engine/countersign.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import { USERS, writeEvents } from "./audit-log.ts";
import { Daemon } from "./daemon-under-test.ts";
import { codeOf, enrollMany, nameOf, scopeIn } from "./enrolled.ts";
import { median, milliseconds, percentile, print, row } from "./measure.ts";

const EVENTS = Number(process.argv[2] ?? 10_000_000);
/** So many, or half of them. */
const ROTATED = Math.min(100_000, EVENTS / 2);
const ROUNDS = 20;
const STEP = 30_000;
const COMMAND = fileURLToPath(new URL("../../bin/countersign.js", import.meta.url));
const ROOT: Caller = { uid: 0, login: "root", ownsStore: true };

const home = mkdtempSync(join(tmpdir(), "countersign-bench-"));
/** The next user to log in: each at most once a time step. */
let next = 0;
const env = { PATH: process.env.PATH, COUNTERSIGN_HOME: home, HOME: home };
const start = Date.now();
try {
  await enrollMany(home, USERS);
  await writeEvents(home, EVENTS);
  print(`${EVENTS} events written in ${seconds(Date.now() - start)}`);
  await inProcess(measureList);
  command("audit list --user, whole", ["audit", "list", "--user", nameOf(7)]);
  command("the same of all users", ["audit", "list"]);
  await inProcess(measureVerify);
  const daemon = await Daemon.start(home);
  command("audit verify, daemon", ["audit", "verify"], EVENTS);
  await measureRotation();
  await daemon.stop();
  command(
    "audit verify --archive",
    ["audit", "verify", "--archive", join(home, "archive")],
    EVENTS,
  );
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function inProcess(measure: (service: Countersign) => Promise<void>): Promise<void> {
  const scope = scopeIn(home);
  const service = countersignFor(await openParts(scope, loadSettings(scope)), ROOT);
  await measure(service);
  await service.close();
}

/** What the store works for a list; the goal is of the worst of them. */
async function measureList(service: Countersign): Promise<void> {
  print(row("audit list --user, the store", "p50", "longest", "goal"));
  for (const last of [50, undefined]) {
    const times: number[] = [];
    let events = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      const user = nameOf(Math.floor((round * USERS) / ROUNDS));
      events = (await Array.fromAsync(service.listAudit({ user }, last))).length;
      times.push(performance.now() - start);
    }
    const name = `${events} of ${EVENTS / USERS} events`;
    print(row(name, milliseconds(median(times)), milliseconds(Math.max(...times)), "100 ms"));
  }
}

async function measureVerify(service: Countersign): Promise<void> {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const result = await service.verifyAudit();
  const took = performance.now() - start;
  const { user, system } = process.cpuUsage(used);
  if (!result.intact) throw new Error("the chain does not hold");
  print(row("audit verify, in process", "events/s", "by CPU time", "goal"));
  const rate = (time: number) => `${Math.round(result.events / (time / 1000))}`;
  print(row("", rate(took), rate((user + system) / 1000), "200000"));
}

/** The oldest go, while one user after another logs in. */
async function measureRotation(): Promise<void> {
  const beside = await logins(1000, () => false);
  // They are a second apart, and the youngest is of the beginning of all this.
  const before = new Date(start - (EVENTS - ROTATED) * 1000).toISOString().slice(0, 16);
  const archive = ["--before", `${before}Z`, "--archive", join(home, "archive")];
  const begun = performance.now();
  const rotation = spawn(process.execPath, [COMMAND, "audit", "rotate", ...archive], {
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  let isOver = false;
  const ended = once(rotation, "exit").then(([code]) => {
    isOver = true;
    if (code !== 0) throw new Error(`audit rotate: ${code}`);
  });
  const during = await logins(Number.POSITIVE_INFINITY, () => isOver);
  await ended;
  print(row(`rotation, ${seconds(performance.now() - begun)}`, "logins", "p50", "p99", "longest"));
  for (const [name, times] of [
    ["logins beside none", beside],
    ["logins while it runs", during],
  ] as const) {
    const [middle, late] = [median(times), percentile(times, 0.99)].map(milliseconds);
    print(row(name, `${times.length}`, middle ?? "", late ?? "", milliseconds(Math.max(...times))));
  }
}

/** Milliseconds of each login through the daemon, one after another. */
async function logins(count: number, isOver: () => boolean): Promise<number[]> {
  const { countersignOver } = await import("../../src/client/over-socket.ts");
  const { openerOf } = await import("../../src/client/daemon-socket.ts");
  const { answering } = await import("./trial.ts");
  const service = countersignOver(openerOf(scopeIn(home).socketFile));
  const times: number[] = [];
  while (times.length < count && !isOver()) {
    const user = next++ % USERS;
    const code = codeOf(user, Math.floor(Date.now() / STEP));
    const start = performance.now();
    const { verdict } = await service.verify(nameOf(user), { service: "sshd" }, answering(code));
    times.push(performance.now() - start);
    if (verdict !== "accept") throw new Error(`${nameOf(user)}: ${verdict}`);
  }
  return times;
}

function command(name: string, args: readonly string[], events?: number): void {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, [COMMAND, ...args], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`${args.join(" ")}: ${status}`);
  const took = performance.now() - start;
  const rate = events === undefined ? [] : [`${Math.round(events / (took / 1000))}/s`];
  print(row(name, milliseconds(took), ...rate));
}

function seconds(time: number): string {
  return `${(time / 1000).toFixed(1)} s`;
}
