/** Many logins in one process: no descriptor is left, and threads do not meet. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DAEMON, DaemonHost } from "./daemon-host.ts";
import { MODULE, PAM, Services } from "./module.ts";
import { ACCEPT, PROMPT, standIn } from "./stand-in.ts";

test("1,000 logins to the daemon leave the descriptors there were", DAEMON, async (t) => {
  const host = await DaemonHost.open(t);
  await host.stack("auth required MODULE");
  const answers = [await host.phone.next(), "\\null", "\\fail", "", "123456", "x".repeat(5000)];
  const options = ["count=1000"];
  const session = await host.harness(answers, { options, timeout: 120_000 });
  assert.equal(session.descriptors[0], session.descriptors[1]);
  assert.equal(session.children, 0);
});

test("nor do logins that fail at every step", MODULE, async (t) => {
  const services = await Services.make(t);
  let count = 0;
  const { socket } = await standIn(t, async ({ socket: connection, line, send }) => {
    const step = count++ % 5;
    if (step === 0) return void connection.destroy();
    await line();
    if (step === 1) return void connection.end("half");
    send(PROMPT);
    if (step === 2) return void connection.destroySoon();
    await line();
    connection.end(step === 3 ? ACCEPT : `${ACCEPT}x`);
  });
  for (const args of [`socket=${socket}`, "socket=/nonexistent/s verifier=/none", "nonsense"]) {
    const stack = `auth required MODULE ${args}`;
    const session = await services.login(stack, { answers: ["1"], options: ["count=200"] });
    assert.equal(session.descriptors[0], session.descriptors[1], args);
  }
});

test("eight threads at once get their own verdicts", MODULE, async (t) => {
  const services = await Services.make(t);
  const { socket } = await standIn(t, async ({ line, send, socket: connection }) => {
    await line();
    send(PROMPT);
    await line();
    connection.end(ACCEPT);
  });
  const login = { answers: ["1"], options: ["count=50", "threads=8"] };
  const session = await services.login(`auth required MODULE socket=${socket}`, login);
  assert.deepEqual(session.returned, Array(8).fill(PAM.success));
});
