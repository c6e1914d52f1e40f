/** Asks Duo whether it is there, with the settings on standard input, in an environment of its own. */
import { randomBytes } from "node:crypto";
import { json } from "node:stream/consumers";
import { Fault } from "../../../src/core/fault.ts";
import { DuoPrompt } from "../../../src/duo/prompt.ts";
import type { PromptSettings } from "../../../src/duo/prompt-settings.ts";

const settings = (await json(process.stdin)) as PromptSettings;
try {
  const clock = { now: () => Date.now() };
  await new DuoPrompt(settings, { clock, random: randomBytes }).healthCheck();
  process.stdout.write("there");
} catch (error) {
  process.stdout.write(error instanceof Fault ? error.code : String(error));
}
