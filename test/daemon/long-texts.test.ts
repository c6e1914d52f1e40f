/** Texts from outside at their longest: what is kept of them fits the protocol's lines again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LINE_MAX } from "../../src/protocol/lines.ts";
import { encodeOpening } from "../../src/protocol/messages.ts";
import { succeed } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { enrolledDaemon } from "./daemon.ts";
import { PROMPTED } from "./peer.ts";

const parts = needs("oathtool");

for (const [what, character, length] of [
  ["astral characters", "\u{1F511}", 160],
  ["quotes", '"', 600],
  ["backslashes", "\\", 600],
] as const) {
  test(`a login of ${what} does not end the audit log's listing`, parts, async (t) => {
    const { daemon, countersign } = await enrolledDaemon(t);
    const long = character.repeat(length);
    const opening = { kind: "verify", user: long, service: long, rhost: long, tty: long } as const;
    const line = encodeOpening(opening);
    assert.ok(line.length <= LINE_MAX, `${line.length}`);
    const peer = await daemon.connect();
    peer.send(`${line}answer 000000\n`);
    assert.equal(await peer.line(), PROMPTED);
    assert.match(await peer.rest(), /^verdict (reject|unenrolled) /);
    const events = JSON.parse(await succeed(countersign, ["audit", "list", "--json"]));
    assert.equal(events.at(-1).rhost, character.repeat(128));
    await succeed(countersign, ["audit", "verify"]);
  });
}

test("what fits no line comes to the same as without a daemon", parts, async (t) => {
  const { daemon, countersign, phone } = await enrolledDaemon(t);
  const verify = ["verify", "alice", "--code-stdin", "--rhost", "h".repeat(10_000)];
  const through = await countersign(verify, { input: await phone.next() });
  const long = await countersign(["verify", "alice", "--code-stdin"], {
    input: "1".repeat(9_000),
  });
  await daemon.stop();
  const without = await countersign(verify, { input: await phone.next() });
  const longWithout = await countersign(["verify", "alice", "--code-stdin"], {
    input: "1".repeat(9_000),
  });
  assert.deepEqual([through.code, through.stderr], [without.code, without.stderr]);
  assert.deepEqual([long.code, long.stderr], [longWithout.code, longWithout.stderr]);
});
