/** What is killed, and what has to hold of each afterwards: the old state entire, or the new. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync } from "node:fs";
import { initialize } from "../../src/client/initialize.ts";
import type { Scope } from "../../src/settings/scope.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import { codeOf } from "../faults/post.ts";
import { begin, type Look, look, verdictOf } from "./kill-look.ts";

/** What a round knows of its home before the kill. */
export interface Before {
  readonly secret: string;
  readonly backupCodes: readonly string[];
  /** Begun and not confirmed. */
  readonly pending: string;
  readonly code: string;
  readonly pendingCode: string;
}

export interface Operation {
  readonly name: string;
  readonly args: readonly string[];
  /** True for one that begins with an empty home. */
  readonly fromNothing?: boolean;
  input(before: Before): string;
  /** True when it was done; `reported` is its standard output when it ended with 0. */
  check(scope: Scope, before: Before, reported: string | undefined): Promise<boolean>;
}

const VERIFY = ["verify", "alice", "--code-stdin", "--json"];
const nothing = (): string => "";

/** As pam_oath keeps them. */
const USERS_FILE = ["a", "b", "c"]
  .map((name) => `HOTP/T30 imported-${name} - ${name.charCodeAt(0).toString(16).repeat(19)}01\n`)
  .join("");

export const OPERATIONS: readonly Operation[] = [
  {
    name: "verify (totp)",
    args: VERIFY,
    input: ({ code }) => code,
    check: (scope, { code }, reported) => checkSpent(scope, code, reported),
  },
  {
    name: "verify (backup code)",
    args: VERIFY,
    input: ({ backupCodes }) => backupCodes[0] ?? "",
    check: (scope, { backupCodes }, reported) => checkSpent(scope, backupCodes[0] ?? "", reported),
  },
  {
    name: "enroll --begin",
    args: ["enroll", "alice", "--begin", "--json"],
    input: nothing,
    check: (scope, { code }, reported) =>
      look(scope, async (seen) => {
        const isDone = seen.count("enroll-begin") === 3;
        mustBeDone(isDone, reported);
        assert.equal(await verdictOf(seen, code), "accept");
        assert.ok(await begin(seen), "it cannot be begun again");
        return isDone;
      }),
  },
  {
    name: "enroll --confirm",
    args: ["enroll", "alice", "--confirm", "--code-stdin", "--json"],
    input: ({ pendingCode }) => pendingCode,
    check: (scope, before, reported) =>
      look(scope, (seen) => checkConfirmed(seen, before, reported)),
  },
  {
    name: "reset",
    args: ["reset", "alice", "--yes", "--json"],
    input: nothing,
    check: (scope, { code, backupCodes }, reported) =>
      look(scope, async (seen) => {
        const isDone = seen.count("reset") === 1;
        mustBeDone(isDone, reported);
        const left = (await seen.service.backupCodeStatus("alice")).left;
        assert.equal(left, isDone ? 0 : backupCodes.length);
        assert.equal(await verdictOf(seen, code), isDone ? "unenrolled" : "accept");
        return isDone;
      }),
  },
  {
    name: "backup-code generate",
    args: ["backup-code", "generate", "alice", "--json"],
    input: nothing,
    check: (scope, { backupCodes, code }, reported) =>
      look(scope, async (seen) => {
        const isDone = seen.count("backup-codes-generate") === 1;
        mustBeDone(isDone, reported);
        assert.equal((await seen.service.backupCodeStatus("alice")).left, 10);
        const old = await verdictOf(seen, backupCodes[3] ?? "");
        assert.equal(old, isDone ? "reject" : "accept");
        if (reported) {
          const shown = JSON.parse(reported).backupCodes[7];
          assert.equal(await verdictOf(seen, shown), "accept");
        }
        assert.equal(await verdictOf(seen, code), "accept");
        return isDone;
      }),
  },
  {
    name: "config set",
    args: ["config", "set", "issuer", "Other"],
    input: nothing,
    async check(scope, { code }, reported) {
      const { issuer, totp } = loadSettings(scope);
      assert.equal(totp.window, 4, "a setting that was not changed is gone");
      assert.ok(issuer === undefined || issuer === "Other");
      mustBeDone(issuer === "Other", reported);
      await look(scope, async (seen) => assert.equal(await verdictOf(seen, code), "accept"));
      return issuer === "Other";
    },
  },
  {
    name: "import",
    args: ["import", "oath", "-", "--json"],
    input: () => USERS_FILE,
    check: (scope, { code }, reported) =>
      look(scope, async (seen) => {
        const users = await Array.fromAsync(seen.service.listUsers());
        const came = users.filter(({ user }) => user.startsWith("imported-"));
        const isDone = seen.count("import") > 0;
        assert.equal(seen.count("import"), isDone ? 4 : 0, "part of it is recorded");
        assert.equal(came.length, isDone ? 3 : 0, "part of it came");
        mustBeDone(isDone, reported);
        assert.equal(await verdictOf(seen, code), "accept");
        return isDone;
      }),
  },
  { name: "init", args: ["init", "--json"], fromNothing: true, input: nothing, check: checkInit },
];

async function checkSpent(scope: Scope, code: string, reported?: string): Promise<boolean> {
  if (reported) assert.equal(JSON.parse(reported).verdict, "accept");
  return look(scope, async (seen) => {
    const isDone = seen.accepts() === 1;
    mustBeDone(isDone, reported);
    const again = await verdictOf(seen, code);
    assert.equal(again, isDone ? "reject" : "accept", "recorded and spent are not one");
    return isDone;
  });
}

async function checkConfirmed(seen: Look, before: Before, reported?: string): Promise<boolean> {
  const isDone = seen.count("enroll-confirm") === 2;
  mustBeDone(isDone, reported);
  if (isDone) {
    assert.equal(await verdictOf(seen, before.pendingCode), "reject", "the set-up code passed");
    assert.equal(await verdictOf(seen, codeOf(before.pending, 2)), "accept");
    assert.equal((await seen.service.backupCodeStatus("alice")).left, 10);
    assert.equal(await verdictOf(seen, before.backupCodes[0] ?? ""), "reject");
    return true;
  }
  assert.equal(await verdictOf(seen, before.code), "accept", "the old secret is lost");
  const later = await seen.service.confirmEnrollment("alice", "totp", before.pendingCode);
  assert.equal(later.status, "active", "what was begun is lost");
  return false;
}

/** Whatever was made is kept; a key is never another one than it was. */
async function checkInit(scope: Scope, _: Before, reported?: string): Promise<boolean> {
  const size = statSync(scope.keyFile, { throwIfNoEntry: false })?.size;
  // Killed between making the key's file and writing to it: refused, and removing it is the mend.
  if (size === 0) {
    assert.ok(statSync(scope.storeFile, { throwIfNoEntry: false }) === undefined);
    await assert.rejects(initialize(scope), /is empty/);
    rmSync(scope.keyFile);
  }
  const key = size ? readFileSync(scope.keyFile, "latin1") : undefined;
  const made = await initialize(scope);
  if (key) assert.equal(readFileSync(scope.keyFile, "latin1"), key, "the key was replaced");
  mustBeDone(!made.store.created && !made.key.created, reported);
  await look(scope, async (seen) => assert.ok(await begin(seen)));
  return !made.store.created;
}

function mustBeDone(isDone: boolean, reported: string | undefined): void {
  assert.ok(isDone || reported === undefined, "it reported success for what was not done");
}
