/**
 * The method `duo-push`: a push to the phone, a call, or a passcode, judged by Duo through
 * its Auth API.
 */
import type { ChallengeMethod } from "../contracts/method.ts";
import type { PushApplication } from "../duo/application.ts";

export const DUO_PUSH = "duo-push";

// What speaks with Duo is loaded once somebody asks for it: no other login waits for TLS.
const loaded = () => import("../duo/push-login.ts");

export function duoPush(application: PushApplication): ChallengeMethod {
  const { failMode, nameOf } = application;
  return {
    kind: "challenge",
    name: DUO_PUSH,
    word: "push",
    shapes: ["push", "phone", "sms", "passcode", "one-time-password"],
    failMode,
    nameOf,
    setUp: "countersign duo configure duo-push",
    needsSecret: true,
    enrollsAtLogin: true,

    async isEnrolled(tx, user) {
      return (await tx.authenticators.findRemote(user, DUO_PUSH)) !== undefined;
    },

    async load() {
      await loaded();
    },

    async challenge(challenge, conversation) {
      const { loginByPush } = await loaded();
      return loginByPush(application, challenge, conversation);
    },

    async check(secret) {
      const { checkPush } = await loaded();
      return checkPush(application, secret);
    },
  };
}
