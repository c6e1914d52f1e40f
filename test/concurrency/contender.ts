/**
 * One of several processes that want the same at the same moment: it opens the store of a
 * home, waits for the moment, submits the answer many times at once, and prints the verdicts.
 *
 *   contender.ts HOME verify|confirm USER COUNT MOMENT   (the answer is on standard input)
 */
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { callerOfThisProcess } from "../../src/client/caller.ts";
import { openParts } from "../../src/client/in-process.ts";
import { countersignFor } from "../../src/engine/countersign.ts";
import { scopeOf } from "../../src/settings/scope.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import { answers } from "../engine/conversations.ts";

const [home = "", task, user = "", count, moment] = process.argv.slice(2);
const scope = scopeOf({ uid: process.getuid?.() ?? 0, home, env: { COUNTERSIGN_HOME: home } });
const answer = (await text(process.stdin)).trim();
const parts = await openParts(scope, loadSettings(scope));
// Ten hashes for each new set of backup codes: at the real cost a hundred sets take minutes.
const cheap = { ...parts, scryptCost: { N: 2, r: 1, p: 1 } };
const service = countersignFor(cheap, callerOfThisProcess());

async function submit(): Promise<unknown> {
  if (task === "confirm") return service.confirmEnrollment(user, "totp", answer);
  const { verdict, reason } = await service.verify(user, { service: "race" }, answers(answer));
  return { verdict, reason };
}

await sleep(Math.max(0, Number(moment) - Date.now()));
const outcomes = await Promise.all(Array.from({ length: Number(count) }, submit));
await service.close();
process.stdout.write(JSON.stringify(outcomes));
