/** Ctrl-Z stops no process of ours that may hold the store's lock: it would keep everybody out. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { succeed } from "../commands/enrolled.ts";
import { CLI, Home } from "../support/cli.ts";

/** Waits until the process has the store open. */
async function opened(pid: number, store: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const descriptors = readdirSync(`/proc/${pid}/fd`);
    if (descriptors.some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === store)) return;
    await sleep(10);
  }
  assert.fail("the store was not opened");
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** R, S, D … and T for a stopped one: proc(5). */
function stateOf(pid: number): string {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).charAt(0);
}

test("a verification goes on when it is told to stop", async (t) => {
  const home = await Home.make(t);
  await succeed(home.run.bind(home), ["init"]);
  const child = spawn(CLI, ["verify", "alice", "--code-stdin"], {
    env: home.env,
    stdio: ["pipe", "ignore", "ignore"],
  });
  t.after(() => child.kill("SIGKILL"));
  assert.ok(child.pid);
  await opened(child.pid, `${home.path}/store.db`);
  child.kill("SIGTSTP");
  await sleep(200);
  assert.notEqual(stateOf(child.pid), "T");
  child.stdin.end("000000\n");
  const [code] = await once(child, "exit");
  assert.equal(code, 3);
});
