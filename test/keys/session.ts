/** A session bus and an unlocked gnome-keyring of a test's own, ended with it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sandbox } from "../files/sandbox.ts";

export interface Session {
  readonly env: NodeJS.ProcessEnv;
  /** Runs a program in the session; its exit status. */
  run(program: string, args: readonly string[], input?: string): Promise<number | null>;
}

export async function openSession(t: TestContext): Promise<Session> {
  const home = sandbox(t);
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_DATA_HOME: join(home, "data"),
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_RUNTIME_DIR: join(home, "run"),
  };
  mkdirSync(join(home, "run"), { mode: 0o700 });
  // Its own address: the default one is in /tmp, and what is killed leaves its socket there.
  const address = `unix:path=${join(home, "bus")}`;
  const options = ["--session", "--nofork", "--print-address", `--address=${address}`];
  const bus = spawn("dbus-daemon", options, {
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  t.after(() => end(bus));
  await once(createInterface(bus.stdout), "line");
  env.DBUS_SESSION_BUS_ADDRESS = address;
  const keyring = spawn(
    "gnome-keyring-daemon",
    ["--foreground", "--unlock", "--components=secrets"],
    { env, stdio: ["pipe", "ignore", "ignore"] },
  );
  t.after(() => end(keyring));
  keyring.stdin.end("throw-away");
  const run: Session["run"] = async (program, args, input = "") => {
    const child = spawn(program, args, { env, stdio: ["pipe", "ignore", "ignore"] });
    child.stdin.end(input);
    const [status] = await once(child, "close");
    return status;
  };
  // Asked for before it has its name, the bus would start another one, and a locked one.
  const owner = ["--session", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/"];
  const hasOwner = ["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"];
  for (let tries = 0; ; tries++) {
    const asked = spawnSync("dbus-send", [...owner, ...hasOwner], { env, encoding: "utf8" });
    if (asked.stdout.includes("true")) break;
    if (tries === 300) throw new Error("the keyring has not registered itself");
    await sleep(100);
  }
  const probe = ["store", "--label=probe", "probe", "probe"];
  for (let tries = 0; (await run("secret-tool", probe, "probe")) !== 0; tries++) {
    if (tries === 300) throw new Error("the keyring did not come up");
    await sleep(100);
  }
  return { env, run };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
