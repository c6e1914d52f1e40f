import assert from "node:assert/strict";
import { test } from "node:test";
import { answering } from "../../src/commands/preanswered.ts";
import { answers } from "../engine/conversations.ts";

test("the first question is answered with the word, and all others by the person", async () => {
  const person = answers("one", "two");
  const conversation = answering("browser", person);
  await conversation.info("said");
  const asked = [
    await conversation.promptSecret("first"),
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
