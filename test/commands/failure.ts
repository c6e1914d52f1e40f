/** What every failure looks like: one line that says it, one that mends it, and no stack. */
import assert from "node:assert/strict";
import type { Run } from "../support/run.ts";

/** The run failed with that status and sentence, and printed nothing else. */
export function assertFailure(ended: Run, code: number, message: RegExp, mend = /^try: \S/): void {
  const lines = ended.stderr.split("\n");
  assert.equal(ended.code, code, ended.stderr);
  assert.match(lines[0] ?? "", /^error: [^A-Z\s]/);
  assert.match(lines[0] ?? "", message);
  assert.doesNotMatch(lines[0] ?? "", /[.:]$/);
  assert.match(lines[1] ?? "", mend);
  assert.deepEqual(lines.slice(2), [""], "two lines and no more");
  assert.equal(ended.stdout, "");
}
