/** What every method must do: refuse whoever has nothing enrolled, and take part in one prompt. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnswer, SHAPES, type Shape } from "../../src/core/answer.ts";
import { methodsFor } from "../../src/methods/registry.ts";
import { answers } from "../engine/conversations.ts";
import { type Host, makeHost } from "../engine/host.ts";
import { SoftwareYubikey } from "../support/yubikey.ts";

/** Those that judge here: what a service judges is tried with the service. */
const METHODS = methodsFor({}).filter((method) => method.kind === "code");

/** Answers of each shape. */
const EXAMPLES: Readonly<Record<Shape, string>> = {
  "one-time-password": "123456",
  "backup-code": "0123456789",
  push: "push",
  phone: "phone2",
  sms: "sms",
  passcode: "duo 123456",
  browser: "browser",
  message: "message",
  yubikey: "vvccccjddvhvhknhfjbrjnlnldnhcujvddbikngjrtgh",
};

function submit(host: Host, name: string, user: string, code: string) {
  const method = METHODS.find((each) => each.name === name);
  assert.ok(method);
  const { store } = host.parts;
  const attempt = { user, code, at: host.clock.now() };
  return {
    prepare: () => method.prepare?.(store, user, code, host.parts),
    judge: (prepared: Uint8Array | undefined) =>
      store.transact((tx) => method.judge(tx, attempt, host.parts, prepared)),
  };
}

/** Of alice, who is enrolled in it. */
async function rightAnswer(host: Host, name: string): Promise<string> {
  if (name === "yubikey") return (await enrollKey(host)).touch();
  if (name === "hotp") return (await host.enrollCounting("alice")).token.press();
  const { phone, backupCodes } = await host.enroll("alice");
  return name === "totp" ? phone.code() : (backupCodes[0] ?? "");
}

/** A YubiKey of alice's. */
async function enrollKey(host: Host): Promise<SoftwareYubikey> {
  const key = new SoftwareYubikey();
  await host.root.enrollYubikey("alice", false, answers(key.touch(), key.privateId, key.aesKey));
  return key;
}

test("names are each one method's, and every shape has an answer that is of it", () => {
  assert.equal(new Set(METHODS.map(({ name }) => name)).size, METHODS.length);
  for (const shape of SHAPES) assert.equal(readAnswer(EXAMPLES[shape]).shape, shape);
});

for (const { name, shapes, isEnrolled } of METHODS) {
  const example = EXAMPLES[shapes[0] ?? "push"];
  test(`${name}: nobody is enrolled who has nothing, and nothing they say is accepted`, async (t) => {
    const host = makeHost(t);
    await host.enroll("alice");
    await host.enrollCounting("alice");
    await enrollKey(host);
    for (const user of ["bob", "Alice", "", "alice "]) {
      assert.equal(await host.parts.store.read((view) => isEnrolled(view, user)), false);
      const { prepare, judge } = submit(host, name, user, example);
      assert.equal((await judge(await prepare())).accepted, false);
      assert.equal((await judge(undefined)).accepted, false);
    }
    assert.equal(await host.parts.store.read((view) => isEnrolled(view, "alice")), true);
  });

  test(`${name}: a right answer is accepted by one of a hundred judgements at once`, async (t) => {
    const host = makeHost(t);
    const code = await rightAnswer(host, name);
    const { prepare, judge } = submit(host, name, "alice", code);
    const prepared = await prepare();
    const all = await Promise.all(Array.from({ length: 100 }, () => judge(prepared)));
    assert.equal(all.filter(({ accepted }) => accepted).length, 1);
    for (const each of all) if (!each.accepted) assert.equal(each.reason, "replayed");
  });
}

test("backup codes: without the hash that was prepared nothing is accepted", async (t) => {
  const host = makeHost(t);
  const { backupCodes } = await host.enroll("alice");
  const { prepare, judge } = submit(host, "backup-code", "alice", backupCodes[0] ?? "");
  assert.equal((await judge(undefined)).accepted, false);
  assert.equal((await judge(await prepare())).accepted, true);
});

test("backup codes: who has used them all is not enrolled by them any more", async (t) => {
  const host = makeHost(t);
  const { backupCodes } = await host.enroll("alice");
  for (const code of backupCodes) await host.verify("alice", code);
  const method = METHODS.find(({ name }) => name === "backup-code");
  assert.ok(method);
  assert.equal(await host.parts.store.read((view) => method.isEnrolled(view, "alice")), false);
});
