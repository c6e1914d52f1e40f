/**
 * The method `duo-push`: a push to the phone, a call, or a passcode, judged by Duo through
 * its Auth API.
 */
import type { ChallengeMethod } from "../contracts/method.ts";
import type { PushApplication } from "../duo/application.ts";
import { routeOf } from "../duo/application-route.ts";
import { AuthApi } from "../duo/auth-api.ts";
import { PushFlow } from "../duo/push-flow.ts";
import { SigningDates } from "../duo/signing-date.ts";

export const DUO_PUSH = "duo-push";

/** One for all logins of this process: two alike in one second are no replay of each other. */
const DATES = new SigningDates(Date);

export function duoPush(application: PushApplication): ChallengeMethod {
  const { integrationKey, hostName, failMode, nameOf } = application;
  const clientWith = (secretKey: Buffer): AuthApi =>
    new AuthApi({
      route: routeOf(application),
      credentials: { integrationKey, secretKey },
      clock: Date,
      dates: DATES,
    });
  return {
    name: DUO_PUSH,
    kind: "challenge",
    shapes: ["push", "phone", "sms", "passcode", "one-time-password"],
    word: "push",
    failMode,
    nameOf,

    async isEnrolled(tx, user) {
      return (await tx.authenticators.findRemote(user, DUO_PUSH)) !== undefined;
    },

    async challenge(challenge, conversation) {
      const api = clientWith(challenge.secret);
      return new PushFlow(api, challenge, hostName, conversation).outcome();
    },

    async check(secret) {
      const api = clientWith(secret);
      const theirs = await api.ping();
      // Their time is in whole seconds, cut off: half a second is what is lost on average.
      const clockOffset = Math.round((Date.now() - theirs - 500) / 1000);
      await api.check();
      return { clockOffset };
    },
  };
}
