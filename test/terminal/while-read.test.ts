/** A long list ends when its reader does: head(1), or q in a pager. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOT } from "../support/cli.ts";
import { run } from "../support/run.ts";

const ENDLESS = `
import { setImmediate } from "node:timers/promises";
import { say, sayJsonArray, whileRead } from "${ROOT}/src/terminal/output.ts";
async function* endless() { for (let n = 0; ; n++) { await setImmediate(); yield n; } }
if (process.argv[1] === "json") await sayJsonArray(whileRead(endless())).catch((error) => {
  if (error.code !== "EPIPE") throw error;
});
else for await (const n of whileRead(endless())) say("line " + n);
`;

for (const [kind, first] of [
  ["text", "line 0\n"],
  ["json", "[0,\n"],
] as const) {
  test(`an endless list in ${kind} ends with its reader`, async () => {
    const pipe = `"$0" --input-type=module -e "$1" "$2" | head -n 1`;
    const { stdout, stderr } = await run(["sh", "-c", pipe, process.execPath, ENDLESS, kind]);
    assert.deepEqual([stdout, stderr], [first, ""]);
  });
}
