/**
 * The daemon killed at each step of a login. Whoever waits is refused; afterwards the code is
 * good once if it was not spent, and never where it was.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { CLI } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { Daemon, enrolledDaemon } from "./daemon.ts";
import { login, OPENING } from "./peer.ts";
import { STEPS, type Step } from "./steps.ts";

const parts = needs("root", "oathtool", "strace");
const ACCEPTED = "verdict accept user=alice method=totp";

/** A login against a daemon that dies at that step, and what comes after it. */
function killedAt(
  client: string,
  step: Step,
  begin: (daemon: Daemon, env: Readonly<Record<string, string>>, code: string) => Login,
): void {
  test(`${client}: killed ${step.when}`, parts, async (t: TestContext) => {
    const { daemon, home, phone, countersign } = await enrolledDaemon(t);
    // The store's log has begun: from now on a commit is one sync.
    assert.equal(await login(daemon.socket, await phone.next()), ACCEPTED);
    const code = await phone.next();
    const reached = await step.prepare(t, daemon.child.pid ?? 0);
    const under = begin(daemon, home.env, code);
    await reached(under.answer);
    await daemon.kill();
    await under.isRefused();

    const next = await Daemon.start(t, home);
    const again = await login(next.socket, code);
    if (step.isSpent) assert.match(again, /^verdict reject .*reason=replayed/);
    else assert.equal(again, ACCEPTED, "the code was spent and nobody let in");
    assert.match(await login(next.socket, code), /^verdict reject .*reason=replayed/);
    assert.equal(await login(next.socket, await phone.next()), ACCEPTED);
    await succeed(countersign, ["audit", "verify"]);
  });
}

interface Login {
  /** Gives the answer, once. */
  readonly answer: () => void;
  readonly isRefused: () => Promise<void>;
}

for (const step of STEPS) {
  killedAt("a bare client", step, (daemon, _env, code) => {
    const peer = daemon.connect();
    void peer.then((opened) => opened.send(OPENING));
    return {
      answer: () => void peer.then((opened) => opened.send(`answer ${code}\n`)),
      isRefused: async () => {
        const received = await (await peer).rest();
        assert.doesNotMatch(received, /verdict/);
      },
    };
  });

  killedAt("the command", step, (_daemon, env, code) => {
    const child = spawn(CLI, ["verify", "alice", "--code-stdin", "--json"], { env });
    const ended = endOf(child);
    return {
      answer: () => void child.stdin.end(`${code}\n`),
      isRefused: async () => {
        child.stdin.end(`${code}\n`);
        const { code: status, stdout, stderr } = await ended;
        assert.equal(status, 5, stderr);
        assert.deepEqual(JSON.parse(stdout), { verdict: "unavailable", user: "alice" });
        assert.match(stderr, /^error: .*countersignd (hung up|does not answer).*\ntry: .*\n$/);
      },
    };
  });
}

async function endOf(child: ChildProcess) {
  child.stdin?.on("error", () => undefined);
  const [stdout, stderr, [code]] = await Promise.all([
    child.stdout ? text(child.stdout) : "",
    child.stderr ? text(child.stderr) : "",
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

test("killed right after the verdict: the code stays spent", parts, async (t) => {
  const { daemon, home, phone } = await enrolledDaemon(t);
  const code = await phone.next();
  assert.equal(await login(daemon.socket, code), ACCEPTED);
  await daemon.kill();
  const next = await Daemon.start(t, home);
  assert.match(await login(next.socket, code), /^verdict reject .*reason=replayed/);
});
