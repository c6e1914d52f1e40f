/**
 * What a login costs, beside two modules in wide use and beside what the machine can do at all.
 *
 *   node_modules/.bin/node test/bench/logins.ts [--users 1,1000,100000,1000000] [--quick]
 *     [--profile] [--console]
 *
 * As root, on Debian with make, gcc, libpam0g-dev, libpam-google-authenticator and libpam-oath,
 * after npm run build. All files are in a directory of its own under TMPDIR, which should be on
 * the disk that a store would be on. --profile tells where the daemon's time goes under load.
 * --console leaves out the log daemon that each login's messages go to.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Limits, measureLimits } from "./limits.ts";
import { Workshop } from "./login-bench.ts";
import { type Load, LoadedHost, peersUnderLoad } from "./login-load.ts";
import { loginTimes, type Times } from "./login-times.ts";
import { inTurn, median, milliseconds, percentile, print, ratio, row } from "./measure.ts";
import { selfTimes } from "./profile.ts";
import { missingPeers } from "./verifiers.ts";

const { values: flags } = parseArgs({
  options: {
    users: { type: "string" },
    quick: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    console: { type: "boolean", default: false },
  },
});
const QUICK = flags.quick;
const SIZES = (flags.users ?? (QUICK ? "1,1000" : "1,1000,100000,1000000")).split(",").map(Number);
const ROUNDS = QUICK ? 400 : 1000;
const AT_ONCE = 64;
/** Logins after which the daemon's memory is looked at. */
const LOADS = QUICK ? [10_000] : [10_000, 90_000];
const LARGEST = Math.max(...SIZES, QUICK ? 25_000 : 150_000);
const COMMANDS = 40;
const CLI = fileURLToPath(new URL("../../bin/countersign.js", import.meta.url));

const missing = missingPeers().map(({ name }) => name);
for (const { name, part } of missingPeers()) print(`${name} is not here: apt-get install ${part}`);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
const workshop = await Workshop.open({ hasLog: !flags.console });
try {
  const limits = await measureLimits(workshop, AT_ONCE);
  reportLimits(limits);
  await compareTimes(limits);
  await underLoad(limits);
  if (flags.profile) await profileLoad();
} finally {
  workshop.remove();
}

function reportLimits({ roundTrip, connection, commit, ...limits }: Limits): void {
  print(row("what the machine can do", "C", "Node"));
  print(row("socket: round trip", milliseconds(roundTrip.inC), milliseconds(roundTrip.inNode)));
  const [inC, inNode] = [milliseconds(connection.inC), milliseconds(connection.inNode)];
  print(row("connect, round trip, close", inC, inNode));
  const served = `${limits.connectionsPerSecond.toFixed(0)}/s`;
  print(row(`the same, ${AT_ONCE} at once`, "", served));
  print(row("durable commit of a row", "", milliseconds(commit.p50)));
  print(row(`a row of ${AT_ONCE} in a commit`, "", milliseconds(limits.sharedCommit)), "");
}

async function compareTimes({ connection }: Limits): Promise<void> {
  const medians: number[] = [];
  const overLimit: number[] = [];
  for (const users of SIZES) {
    const { verifiers, commit } = await loginTimes(workshop, users, ROUNDS, missing);
    const [own, ...peers] = verifiers;
    if (!own) continue;
    // Nothing that is durable and behind a socket can take less.
    const least = connection.inC + commit;
    print(row(`one login of ${users.toLocaleString("en")}`, "p50", "p99", "auth p50", "x limit"));
    for (const times of verifiers) reportTimes(times, users, least);
    print(row("  limit", milliseconds(least)));
    medians.push(median(own.whole));
    overLimit.push(median(own.whole) / least);
    comparePeers(own, peers, least);
    goal("  p99 to p50", percentile(own.whole, 0.99) / median(own.whole), 4);
    print("");
  }
  goal("p50, slowest size to fastest", spread(medians), 1.2);
  goal("the same, of times the limit", spread(overLimit), 1.2);
  print(
    "login: pam_start to pam_end; auth: pam_authenticate alone. limit: a connection",
    "and a round trip in C, and a durable commit, timed between the logins. The",
    "daemon's clock is set before each login, through a file that it reads.",
    "",
  );
}

function reportTimes(times: Times, users: number, least: number): void {
  const p50 = median(times.whole);
  const cells = [p50, percentile(times.whole, 0.99), median(times.authenticate)].map(milliseconds);
  print(row(` ${times.verifier}`, ...cells, ratio(p50, least)));
  if (times.users < users) print(`    only ${times.users} files were made within two minutes`);
}

function comparePeers(own: Times, peers: readonly Times[], least: number): void {
  for (const peer of peers) {
    const most = peer.verifier === "pam_google_authenticator.so" ? 0.2 : 1;
    const theirs = median(peer.whole);
    const name = `  to ${peer.verifier.slice(4, -3)}'s`;
    goal(name, median(own.whole) / theirs, most, `limit ${ratio(least, theirs)}`);
  }
}

function spread(values: readonly number[]): number {
  return Math.max(...values) / Math.min(...values);
}

function goal(name: string, value: number, most: number, remark = ""): void {
  const met = value <= most ? "met" : "NOT MET";
  print(row(name, `${value.toFixed(2)} x`, `<= ${most} x`, met, remark));
}

async function underLoad(limits: Limits): Promise<void> {
  const host = await LoadedHost.open(workshop, LARGEST);
  try {
    const { daemon } = host.verifier;
    const memory = [{ logins: 0, ...daemon.memory() }];
    print(row(`${AT_ONCE} at once`, "a second", "slowest", "recorded", "x limit"));
    let logins = 0;
    for (const count of LOADS) {
      const load = await host.run("pam", count, AT_ONCE);
      logins += count;
      memory.push({ logins, ...daemon.memory() });
      reportLoad(load, limits);
      print(`    daemon: ${milliseconds(host.processorTime)} of processor time a login`);
      rateGoal(load);
    }
    reportLoad(await host.run("socket", 10_000, AT_ONCE), limits, "at the socket, without PAM");
    print(`    daemon: ${milliseconds(host.processorTime)} of processor time a login`);
    const peers = { users: 1000, logins: QUICK ? 1000 : 5000, atOnce: AT_ONCE };
    for (const load of await peersUnderLoad(workshop, peers, missing)) reportLoad(load, limits);
    print("x limit: to an echo server in Node with as many clients; peers: 1,000 users", "");
    reportMemory(memory);
    await compareCommand(host);
  } finally {
    await host.close();
  }
}

function reportLoad(load: Load, limits: Limits, name: string = load.name): void {
  const rate = median(load.rates);
  const recorded = `${load.recorded}/${load.accepted}`;
  const slowest = Math.min(...load.rates).toFixed(0);
  const toLimit = ratio(limits.connectionsPerSecond, rate);
  print(row(` ${name}`, rate.toFixed(0), slowest, recorded, toLimit));
  if (load.accepted < load.tried) print(`    of ${load.tried} tried`);
}

function rateGoal({ rates }: Load): void {
  const rate = median(rates);
  print(row("", rate.toFixed(0), ">= 5000", rate >= 5000 ? "met" : "NOT MET"));
}

function reportMemory(memory: readonly { logins: number; now: number; peak: number }[]): void {
  print(row(`daemon, ${LARGEST.toLocaleString("en")} users`, "resident", "at most", "goal"));
  for (const { logins, now, peak } of memory) {
    const [a, b] = [now, peak].map((value) => `${value.toFixed(0)} MiB`);
    const met = peak <= 120 ? "met" : "NOT MET";
    const name = `  after ${logins.toLocaleString("en")} logins`;
    print(row(name, a ?? "", b ?? "", "<= 120 MiB", met));
  }
  print("");
}

/** The command, whose start is Node's own, through the daemon's socket. */
async function compareCommand(host: LoadedHost): Promise<void> {
  const empty = join(host.home, "empty.mjs");
  writeFileSync(empty, "");
  const times = await inTurn(COMMANDS, {
    empty: () => run(process.execPath, [empty]),
    verify: () => {
      const { user, code } = host.nextLogin();
      run(CLI, ["verify", user, "--code-stdin"], code, { COUNTERSIGN_HOME: host.home });
      host.count();
    },
  });
  const base = median(times.get("empty") ?? []);
  print(row(`${COMMANDS} commands each, in turn`, "p50", "p90"));
  for (const [name, values] of times) {
    const cells = [milliseconds(median(values)), milliseconds(percentile(values, 0.9))];
    print(row(name === "empty" ? "  empty Node script" : "  verify --code-stdin", ...cells));
  }
  goal("  to the empty script", median(times.get("verify") ?? []) / base, 1.5);
  print("");
}

function run(file: string, args: readonly string[], input = "", env = {}): void {
  const { status, stderr } = spawnSync(file, args, {
    input,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["pipe", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${args.join(" ")}: exit status ${status}: ${stderr}`);
}

async function profileLoad(): Promise<void> {
  const folder = join(workshop.path, "profile");
  mkdirSync(folder);
  const host = await LoadedHost.open(workshop, 25_000, folder);
  await host.run("socket", 20_000, AT_ONCE);
  await host.close();
  print("the daemon under load: self time");
  for (const { place, part } of selfTimes(folder).slice(0, 40)) {
    print(`${(part * 100).toFixed(1).padStart(6)} %  ${place}`);
  }
}
