/** The method `message`: a code by SMS or mail, good once, for the login that asked for it. */
import { randomBytes } from "node:crypto";
import type { ChallengeMethod } from "../contracts/method.ts";
import type { MessageParts } from "../message/exchange.ts";
import type { MessageSetUp } from "../message/set-up.ts";

export const MESSAGE = "message";

const HOST: MessageParts = { clock: Date, random: randomBytes };
const HOUR = 3_600_000;

// What sends is loaded once somebody asks for it: no other login waits for it.
const loaded = () => import("../message/exchange.ts");

/** @param parts this host's own, when absent */
export function message(setUp: MessageSetUp, parts = HOST): ChallengeMethod {
  return {
    kind: "challenge",
    name: MESSAGE,
    word: "message",
    shapes: ["message"],
    setUp: "man countersign.json, the settings message",
    // A mail server may take a host's mail without a password; a program has none.
    needsSecret: false,
    // Whoever has a password would have the codes sent to themselves.
    enrollsAtLogin: false,
    // Messages cost money, and are a nuisance to whom they are sent.
    limit: { most: setUp.mostPerHour, within: HOUR },
    failMode: "secure",
    outage: "message",
    nameOf: (user) => user,

    async isEnrolled(tx, user) {
      return (await tx.authenticators.findRemote(user, MESSAGE)) !== undefined;
    },

    async load() {
      await loaded();
      if (setUp.server === undefined) return;
      const { loadNodemailer } = await import("../message/nodemailer.ts");
      await loadNodemailer();
    },

    async challenge(challenge, conversation) {
      const { exchange } = await loaded();
      return exchange(setUp, parts, challenge, conversation);
    },

    async check(secret) {
      const { checkWays } = await loaded();
      await checkWays(setUp, secret);
      return {};
    },
  };
}
