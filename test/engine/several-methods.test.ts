/** An answer whose shape several methods have: counted once, accepted by whichever it is of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CodeMethod, Judgement } from "../../src/contracts/method.ts";
import type { Reason } from "../../src/core/verdict.ts";
import { answers } from "./conversations.ts";
import { makeHost } from "./host.ts";

const ACCEPTED: Judgement = { accepted: true };
const refused = (reason: Reason): Judgement => ({ accepted: false, reason });

function methodThat(name: string, judgement: Judgement, asked: string[]): CodeMethod {
  return {
    ...{ kind: "code", name, shapes: ["one-time-password"] },
    isEnrolled: async () => true,
    judge: async (_tx, { user }) => {
      asked.push(`${name} ${user}`.trim());
      return judgement;
    },
  };
}

async function judged(t: Parameters<typeof makeHost>[0], judgements: readonly Judgement[]) {
  const asked: string[] = [];
  const methods = judgements.map((each, n) => methodThat(`m${n}`, each, asked));
  const host = makeHost(t, { methods });
  const { verdict, method, reason } = await host.root.verify("alice", {}, answers("123456"));
  const { throttle } = host.parts.policy;
  const admission = await host.parts.store.transact((tx) =>
    tx.attempts.count("alice", host.clock.now(), throttle),
  );
  return { verdict, method, reason, asked, failures: admission.admitted && admission.failures };
}

test("the first that accepts it ends it, and the failures are forgotten", async (t) => {
  const ended = await judged(t, [refused("wrong-code"), ACCEPTED, ACCEPTED]);
  assert.deepEqual(ended, {
    ...{ verdict: "accept", method: "m1", reason: undefined },
    ...{ asked: ["m0 alice", "m1 alice"], failures: 1 },
  });
});

test("refused by all, it is one attempt, and the log has what says most", async (t) => {
  const none = await judged(t, [
    refused("not-enrolled"),
    refused("wrong-code"),
    refused("not-enrolled"),
  ]);
  assert.deepEqual(
    [none.verdict, none.method, none.reason, none.failures],
    ["reject", "m1", "wrong-code", 2],
  );
  const old = await judged(t, [refused("wrong-code"), refused("replayed")]);
  assert.deepEqual([old.method, old.reason], ["m1", "replayed"]);
});

test("of who is disabled, all are asked about nobody, and none accepts", async (t) => {
  const asked: string[] = [];
  const methods = [
    methodThat("m0", refused("wrong-code"), asked),
    methodThat("m1", ACCEPTED, asked),
  ];
  const host = makeHost(t, { methods, groupsOf: async () => new Set() });
  await host.root.disableUser("alice");
  const { verdict, reason } = await host.root.verify("alice", {}, answers("123456"));
  assert.deepEqual([verdict, reason, asked], ["reject", "disabled", ["m0", "m1"]]);
});
