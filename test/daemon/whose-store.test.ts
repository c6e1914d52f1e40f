/** Whose store a user without root works on: the host's where a daemon is, else their own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Phone, succeed } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { Terminal } from "../support/terminal.ts";
import { Host } from "./host.ts";

const parts = needs("root", "mount namespaces", "tmux", "oathtool");

/** What the terminal says once alice has enrolled there. */
async function enrolled(t: Parameters<typeof Host.make>[0], host: Host): Promise<string> {
  const argv = host.sandbox.enter([SANDBOX_CLI, "enroll", "--qr", "none"], "alice");
  const terminal = await Terminal.start(t, argv);
  const card = await terminal.shows(/Code from the app:/);
  const [, secret = ""] = /^Key +([A-Z2-7 ]+)$/m.exec(card) ?? [];
  await terminal.enter(await new Phone(secret.replaceAll(" ", ""), 0).next());
  return terminal.shows(/not shown again/);
}

test("enroll says so", parts, async (t) => {
  const host = await Host.make(t);
  assert.match(await enrolled(t, host), /^alice is enrolled\.$/m);
  assert.match(await succeed(host.as(), ["user", "list"]), /^alice +active/m);
  await host.stopDaemon();
  assert.match(
    await enrolled(t, host),
    /^alice is enrolled in a store of their own; a login asks/m,
  );
});

test("so do doctor and init", parts, async (t) => {
  const host = await Host.make(t);
  const alice = host.as("alice");
  const held = "what you enroll is in the host's, which countersignd holds";
  const looked = await succeed(alice, ["doctor"]);
  assert.match(looked, new RegExp(`^ok +store +${held}$`, "m"));
  assert.match(looked, /^(ok|warning) +daemon/m);
  assert.doesNotMatch(looked, /countersign init$|sshd/m);
  assert.match(await succeed(alice, ["init"]), /^It is not asked: countersignd is here/m);
  const own = "/home/alice/.local/share/countersign/store.db";
  const again = await succeed(alice, ["doctor"]);
  assert.match(again, new RegExp(`^warning +store +${own} is not asked: ${held}$`, "m"));
});
