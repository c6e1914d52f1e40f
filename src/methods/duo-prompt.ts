/** The method `duo-prompt`: Duo's Universal Prompt, in a browser on the person's side. */
import { randomBytes } from "node:crypto";
import type { ChallengeMethod } from "../contracts/method.ts";
import type { PromptApplication } from "../duo/application.ts";
import type { PromptParts } from "../duo/prompt.ts";

export const DUO_PROMPT = "duo-prompt";

const HOST: PromptParts = { clock: Date, random: randomBytes };

// What speaks with Duo is loaded once somebody asks for it: no other login waits for TLS.
const loaded = () => import("../duo/prompt-visit.ts");

/** @param parts this host's own, when absent */
export function duoPrompt(application: PromptApplication, parts = HOST): ChallengeMethod {
  const { failMode, nameOf } = application;
  return {
    kind: "challenge",
    name: DUO_PROMPT,
    word: "browser",
    shapes: ["browser"],
    failMode,
    nameOf,
    setUp: "countersign duo configure duo-prompt",
    needsSecret: true,
    enrollsAtLogin: true,

    async isEnrolled(tx, user) {
      return (await tx.authenticators.findRemote(user, DUO_PROMPT)) !== undefined;
    },

    async load() {
      const { loadSdk } = await loaded();
      await loadSdk();
    },

    async challenge(challenge, conversation) {
      const { visitPrompt } = await loaded();
      return visitPrompt(application, parts, challenge, conversation);
    },

    async check(secret) {
      const { checkPrompt } = await loaded();
      return checkPrompt(application, parts, secret);
    },
  };
}
