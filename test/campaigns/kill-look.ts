/** A look at a home after a kill, from another process: what it holds, and that it is whole. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { withCountersign } from "../../src/client/connect.ts";
import type { Conversation } from "../../src/contracts/conversation.ts";
import type { Countersign } from "../../src/contracts/service.ts";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import type { Scope } from "../../src/settings/scope.ts";

export interface Look {
  readonly service: Countersign;
  /** How many events of that kind succeeded. */
  count(action: string): number;
  accepts(): number;
}

/** Opens settings, key and store; proves the log before and the file after what `use` did. */
export async function look<T>(scope: Scope, use: (seen: Look) => Promise<T>): Promise<T> {
  const result = await withCountersign({ scope }, async ({ service }) => {
    assert.equal((await service.verifyAudit()).intact, true, "the audit log does not hold");
    const records = await Array.fromAsync(service.listAudit({}));
    const found = await use({
      service,
      count: (action) =>
        records.filter((each) => each.action === action && each.verdict !== "reject").length,
      accepts: () =>
        records.filter((each) => each.action === "verify" && each.verdict === "accept").length,
    });
    assert.equal((await service.verifyAudit()).intact, true, "the audit log broke afterwards");
    return found;
  });
  const database = new DatabaseSync(scope.storeFile);
  try {
    const { integrity_check: found } = database.prepare("PRAGMA integrity_check").get() ?? {};
    assert.equal(found, "ok");
    assert.deepEqual(database.prepare("PRAGMA foreign_key_check").all(), []);
  } finally {
    database.close();
  }
  return result;
}

export async function verdictOf({ service }: Look, answer: string): Promise<string> {
  return (await service.verify("alice", {}, saying(answer))).verdict;
}

export async function begin({ service }: Look): Promise<boolean> {
  const options = { method: "totp", ...DEFAULT_PARAMETERS };
  return (await service.beginEnrollment("alice", options, saying(""))).secret !== "";
}

export function saying(answer: string): Conversation {
  const reply = async () => ({ kind: "text", text: answer }) as const;
  const silence = async (): Promise<void> => undefined;
  const waiting: Conversation["waiting"] = (work) => work(new AbortController().signal);
  return {
    prompt: reply,
    promptSecret: reply,
    info: silence,
    error: silence,
    open: silence,
    waiting,
  };
}
