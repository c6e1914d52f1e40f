/** The Auth API as the method `duo-push` uses it: a client for each login, with its secret. */
import type { Conversation } from "../contracts/conversation.ts";
import type { Challenge, ChallengeOutcome, MethodCheck } from "../contracts/method.ts";
import type { PushApplication } from "./application.ts";
import { routeOf } from "./application-route.ts";
import { AuthApi } from "./auth-api.ts";
import { PushFlow } from "./push-flow.ts";
import { SigningDates } from "./signing-date.ts";

/** One for all logins of this process: two alike in one second are no replay of each other. */
const DATES = new SigningDates(Date);

/** @throws Fault `settings-invalid`, or of a `file-…` code */
export function loginByPush(
  application: PushApplication,
  challenge: Challenge,
  conversation: Conversation,
): Promise<ChallengeOutcome> {
  const api = clientWith(application, challenge.secret);
  return new PushFlow(api, challenge, application.hostName, conversation).outcome();
}

/** @throws Fault */
export async function checkPush(
  application: PushApplication,
  secret: Buffer,
): Promise<MethodCheck> {
  const api = clientWith(application, secret);
  const theirs = await api.ping();
  // Their time is in whole seconds, cut off: half a second is what is lost on average.
  const clockOffset = Math.round((Date.now() - theirs - 500) / 1000);
  await api.check();
  return { clockOffset };
}

function clientWith(application: PushApplication, secretKey: Buffer): AuthApi {
  const { integrationKey } = application;
  return new AuthApi({
    route: routeOf(application),
    credentials: { integrationKey, secretKey },
    clock: Date,
    dates: DATES,
  });
}
