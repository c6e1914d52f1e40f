/** Commands that stand for an answer, such as duo push. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answering } from "../../src/commands/preanswered.ts";
import { Fault } from "../../src/core/fault.ts";
import { answers, dying } from "../engine/conversations.ts";

const BROWSER = { text: "browser", word: "browser" } as const;
const QUESTION = "Verification code (or push, browser): ";

test("the first question is answered, and all others are the person's", async () => {
  const person = answers("one", "two");
  const conversation = answering(BROWSER, person);
  await conversation.info("said");
  const asked = [
    await conversation.promptSecret(QUESTION),
    await conversation.promptSecret("second"),
    await conversation.prompt("third"),
  ];
  assert.deepEqual(
    asked,
    ["browser", "one", "two"].map((text) => ({ kind: "text", text })),
  );
  assert.deepEqual([person.prompts, person.said], [["second", "third"], ["said"]]);
  assert.equal(await conversation.waiting(async ({ aborted }) => aborted), false);
});

test("what the prompt does not offer is not answered: it would count as a failure", async () => {
  for (const question of ["Verification code: ", "Verification code (or push): "]) {
    const conversation = answering(BROWSER, answers());
    await assert.rejects(conversation.promptSecret(question), {
      code: "usage",
      message: "duo-prompt: it is not set up, or it is off",
      hint: "countersign method list",
    });
  }
});

test("without a terminal the further questions have no answer", async () => {
  const conversation = answering(BROWSER, dying(new Fault("no-terminal", "none")));
  await conversation.promptSecret(QUESTION);
  assert.deepEqual(await conversation.prompt("more"), { kind: "end-of-input" });
});
