/** The two tables that translate verdicts: scripts and PAM stacks rely on each entry. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { EXIT_STATUS, EXIT_USAGE, letsIn, PAM_RETURN, VERDICTS } from "../../src/core/verdict.ts";

test("each verdict has its exit status", () => {
  assert.deepEqual(EXIT_STATUS, {
    accept: 0,
    exempt: 0,
    reject: 1,
    unenrolled: 3,
    throttled: 4,
    unavailable: 5,
  });
  assert.equal(EXIT_USAGE, 2);
  assert.ok(!Object.values(EXIT_STATUS).includes(EXIT_USAGE));
});

test("each verdict has its PAM return value", () => {
  assert.deepEqual(PAM_RETURN, {
    accept: "PAM_SUCCESS",
    exempt: "PAM_IGNORE",
    reject: "PAM_AUTH_ERR",
    unenrolled: "PAM_AUTH_ERR",
    throttled: "PAM_MAXTRIES",
    unavailable: "PAM_AUTHINFO_UNAVAIL",
  });
});

test("only an accepted code is PAM_SUCCESS", () => {
  const succeeding = VERDICTS.filter((verdict) => PAM_RETURN[verdict] === "PAM_SUCCESS");
  assert.deepEqual(succeeding, ["accept"]);
});

test("what exits with 0 lets in, and nothing else does", () => {
  for (const verdict of VERDICTS) assert.equal(letsIn(verdict), EXIT_STATUS[verdict] === 0);
  assert.deepEqual(VERDICTS.filter(letsIn), ["accept", "exempt"]);
});
