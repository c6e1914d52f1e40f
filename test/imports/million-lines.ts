/** Reads a users file of a million lines, which nobody holds, and tells how many came. */
import { parentPort } from "node:worker_threads";
import { readOathUsers } from "../../src/imports/oath-users.ts";

const LINES = 1_000_000;
const AT_ONCE = 500;
const KEY = "3132333435363738393031323334353637383930";

function* chunks(): Generator<string> {
  for (let at = 0; at < LINES; at += AT_ONCE) {
    let chunk = "";
    for (let user = at; user < at + AT_ONCE; user++) chunk += `HOTP/T30\tuser${user}\t-\t${KEY}\n`;
    yield chunk;
  }
}

let count = 0;
let last: string | undefined;
for await (const item of readOathUsers(chunks())) {
  if (item.kind === "authenticator") count += 1;
  last = item.user;
}
parentPort?.postMessage({ count, last });
