/** The host's log hears of what happens, in process and from the daemon; off, it hears nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { enroll, succeed } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { journalFields, Receiver } from "../system-log/receiver.ts";
import { ADD_OWN_USER, Host } from "./host.ts";

const parts = needs("root", "mount namespaces", "oathtool", "python3");
const JOURNAL = "/run/systemd/journal";
const VERIFY = ["verify", "alice", "--code-stdin"];

/** What becomes of the streams of a command that is become: proc_pid_fdinfo(5). */
const STREAMS = 'for fd in 0 1 2; do grep flags "/proc/self/fdinfo/$fd"; done';

test("the journal gets each event once, whoever records it", parts, async (t) => {
  const host = await Host.withoutDaemon(t, `${ADD_OWN_USER}; mkdir -p ${JOURNAL}`);
  const root = host.as();
  const journal = await Receiver.open(t, `${JOURNAL}/socket`, "read", (argv) =>
    host.sandbox.enter(argv),
  );
  const { phone } = await enroll(root);
  const own = await host.sandbox.run(["sh", "-c", STREAMS], { input: "" });
  const become = await host.sandbox.run([SANDBOX_CLI, ...VERIFY, "--", "sh", "-c", STREAMS], {
    input: await phone.next(),
  });
  assert.equal(become.stdout, own.stdout, "the socket is no business of what is become");
  await succeed(root, ["config", "set", "audit.checkpointEvery", "1"]);
  await host.startDaemon();
  assert.equal((await root(VERIFY, { input: await phone.wrong() })).code, 1);
  const checkpoint = await succeed(root, ["audit", "checkpoint"]);
  const before = JSON.parse(await succeed(root, ["audit", "list", "--json"])).length;
  for (const state of ["off", "on"]) {
    await succeed(root, ["config", "set", "audit.systemLog", state]);
    await root(VERIFY, { input: "" });
  }

  const events = JSON.parse(await succeed(root, ["audit", "list", "--json"]));
  const [, unheard, , last] = events.slice(before);
  const heard: Map<string, string>[] = [];
  while (heard.at(-1)?.get("COUNTERSIGN_EVENT") !== String(last.sequence)) {
    heard.push(...(await journal.heard(heard.length + 1)).slice(heard.length).map(journalFields));
  }
  const isSigned = (fields: Map<string, string>) => fields.has("COUNTERSIGN_CHECKPOINT");
  const signed = heard.filter(isSigned).map((fields) => fields.get("COUNTERSIGN_CHECKPOINT"));
  assert.equal(signed.length, 2, "the daemon's own, and the command's");
  assert.equal(signed[1], checkpoint);
  const told = heard.filter((fields) => !isSigned(fields));
  const numbers = told.map((fields) => Number(fields.get("COUNTERSIGN_EVENT")));
  assert.ok(!numbers.includes(unheard.sequence));
  assert.deepEqual(
    numbers.slice(0, before),
    [...Array(before).keys()].map((n) => n + 1),
  );
  for (const [at, fields] of told.slice(0, before).entries()) {
    const { action, user, verdict, hash } = events[at];
    assert.equal(fields.get("COUNTERSIGN_ACTION"), action);
    assert.equal(fields.get("COUNTERSIGN_USER") ?? null, user);
    assert.equal(fields.get("COUNTERSIGN_VERDICT") ?? null, verdict);
    assert.equal(fields.get("COUNTERSIGN_HASH"), hash);
    assert.equal(fields.get("SYSLOG_FACILITY"), "10");
  }
});
