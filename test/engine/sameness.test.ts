/** An unknown user, an unenrolled, a disabled and an enrolled one: the same prompt, the same work. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store, Transaction } from "../../src/contracts/store.ts";
import { promptOf } from "../../src/engine/verify.ts";
import { answers, silence } from "./conversations.ts";
import { type Host, makeHost } from "./host.ts";

/** A store that writes down which statements are asked of it. */
function watched(store: Store, asked: string[]): Store {
  const watch = (tx: Transaction): Transaction =>
    Object.fromEntries(
      Object.entries(tx).map(([part, statements]) => [
        part,
        new Proxy(statements, {
          get(target, name) {
            asked.push(`${part}.${String(name)}`);
            return Reflect.get(target, name);
          },
        }),
      ]),
    ) as unknown as Transaction;
  return {
    transact: (work) => store.transact((tx) => work(watch(tx))),
    read: (work) => store.read((view) => work(watch(view))),
    close: () => store.close(),
  };
}

async function hostOfAllKinds(host: Host): Promise<void> {
  await host.enroll("enrolled");
  await host.enroll("disabled");
  await host.root.disableUser("disabled");
  await host.enroll("reset");
  await host.root.reset("reset", undefined, silence);
  await host.enrollCounting("counting");
  const options = { method: "totp", algorithm: "sha1", digits: 6, period: 30 } as const;
  await host.root.beginEnrollment("pending", options, silence);
}

const KINDS = ["unknown", "pending", "reset", "enrolled", "counting", "disabled"];

for (const [what, answer] of [
  ["a one-time password", "000000"],
  ["a backup code", "00000-00000"],
  ["a touch of a YubiKey", "vvccccjddvhvhknhfjbrjnlnldnhcujvddbikngjrtgh"],
  ["nonsense", "nonsense"],
] as const) {
  test(`a wrong answer (${what}) is one prompt and one piece of work for everybody`, async (t) => {
    const host = makeHost(t);
    await hostOfAllKinds(host);
    const seen = new Map<string, { asked: string[]; hashes: number; heard: unknown }>();
    for (const user of KINDS) {
      const asked: string[] = [];
      let hashes = 0;
      const root = host.with({
        store: watched(host.parts.store, asked),
        slowHash: (text, salt, cost) => {
          hashes++;
          return host.parts.slowHash(text, salt, cost);
        },
      });
      const conversation = answers(answer);
      await root.verify(user, {}, conversation);
      seen.set(user, { asked, hashes, heard: [conversation.prompts, conversation.said] });
    }
    const unknown = seen.get("unknown");
    assert.ok(unknown && unknown.asked.length > 5);
    assert.deepEqual(unknown.heard, [[promptOf({ ...host.parts, methods: [] })], []]);
    for (const user of KINDS) assert.deepEqual(seen.get(user), unknown, user);
  });
}

test("the person refused is told nothing, whatever the cause", async (t) => {
  const host = makeHost(t);
  await hostOfAllKinds(host);
  for (const user of [...KINDS, "-x", ""]) {
    for (let n = 0; n < 7; n++) {
      const conversation = answers("000000");
      await host.root.verify(user, {}, conversation);
      assert.deepEqual(
        [conversation.prompts, conversation.said],
        [[promptOf({ ...host.parts, methods: [] })], []],
      );
    }
  }
});

test("every scrypt is as dear for who has no codes as for who has", async (t) => {
  const host = makeHost(t, { scryptCost: { N: 4, r: 2, p: 1 } });
  await hostOfAllKinds(host);
  const costs: unknown[] = [];
  const root = host.with({
    slowHash: (text, salt, cost) => {
      costs.push([cost, salt.length]);
      return host.parts.slowHash(text, salt, cost);
    },
  });
  for (const user of KINDS) await root.verify(user, {}, answers("00000-00000"));
  assert.deepEqual(costs, Array(KINDS.length).fill([{ N: 4, r: 2, p: 1 }, 16]));
});
