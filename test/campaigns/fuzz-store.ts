/** The bytes of a store, changed at random: faults or true answers, and never a login too many. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { withCountersign } from "../../src/client/connect.ts";
import type { Countersign } from "../../src/contracts/service.ts";
import type { AuditRecord } from "../../src/core/audit-chain.ts";
import type { AuditHead } from "../../src/core/audit-head.ts";
import { Fault } from "../../src/core/fault.ts";
import { type Scope, scopeOf } from "../../src/settings/scope.ts";
import { codeOf, done, Post } from "../faults/post.ts";
import type { Target } from "./fuzz-texts.ts";
import { saying } from "./kill-look.ts";
import type { Random } from "./random.ts";

const PAGE = 4096;

interface Original {
  readonly post: Post;
  readonly bytes: Buffer;
  readonly spentCode: string;
  readonly spentBackupCode: string;
  readonly records: readonly AuditRecord[];
  readonly head: AuditHead;
  readonly rows: string;
}

/** A target over a store in which a code and a backup code are spent, and some were refused. */
export async function storeTarget(t: {
  after: (work: () => Promise<void>) => void;
}): Promise<Target> {
  const post = await Post.make(t as never);
  for (const user of ["bob", "carol"]) {
    done(await post.home.run(["enroll", user, "--begin", "--json"]));
  }
  const spentCode = codeOf(post.handed.secret, 1);
  const spentBackupCode = post.handed.backupCodes[0] ?? "";
  for (const answer of [spentCode, spentBackupCode]) done(await post.verify(answer));
  const bytes = readFileSync(post.file("store.db"));
  const { records, head } = await withCountersign({ scope: scopeAt(post.home.path) }, readLog);
  const rows = spentRows(post.file("store.db")) ?? "";
  const original = { post, bytes, spentCode, spentBackupCode, records, head, rows };
  return (random) => tryOne(random, original);
}

async function readLog({ service }: { service: Countersign }) {
  const verified = await service.verifyAudit();
  assert.ok(verified.intact);
  return { records: await Array.fromAsync(service.listAudit({})), head: verified.head };
}

async function tryOne(random: Random, original: Original): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "countersign-fuzz-"));
  try {
    cpSync(original.post.home.path, home, { recursive: true });
    const file = join(home, "store.db");
    writeFileSync(file, damage(random, original.bytes));
    // What says that a code is spent is not sealed: where the damage is there, a replay may pass.
    const rows = spentRows(file);
    const isSpent = rows === undefined || rows === original.rows;
    await faultOnly(() =>
      withCountersign({ scope: scopeAt(home) }, ({ service }) => {
        // Hashing takes longer than all the rest: one try in eight is to have backup codes.
        const isSlow = random.below(8) === 0;
        return judge(service, original, isSpent, isSlow);
      }),
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function judge(
  service: Countersign,
  original: Original,
  isSpent: boolean,
  isSlow: boolean,
): Promise<void> {
  const wrong = ["000000", "x", ...(isSlow ? ["ZZZZZZZZZZ"] : [])];
  const used = [original.spentCode, ...(isSlow ? [original.spentBackupCode] : [])];
  for (const answer of [...wrong, ...(isSpent ? used : [])]) {
    const { verdict, fault } = await service.verify("alice", {}, saying(answer));
    assert.notEqual(
      verdict,
      "accept",
      `${wrong.includes(answer) ? "a wrong" : "a used"} code passed`,
    );
    assert.notEqual(verdict, "exempt");
    if (fault) mustBeTold(fault);
  }
  await faultOnly(async () => void (await bounded(service.listUsers(), 100)));
  await faultOnly(async () => {
    const before = original.records.length;
    const { intact } = await service.verifyAudit([original.head]);
    const records = await bounded(service.listAudit({}), 100);
    if (intact) assert.deepEqual(records.slice(0, before), original.records, "an altered log held");
  });
}

function damage(random: Random, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  const pages = changed.length / PAGE;
  const way = random.below(6);
  if (way === 0) return changed.subarray(0, random.below(changed.length));
  if (way === 1) return changed.fill(0, random.below(pages) * PAGE).subarray(0, bytes.length);
  if (way === 2) {
    const from = random.below(pages) * PAGE;
    changed.copy(changed, random.below(pages) * PAGE, from, from + PAGE);
  }
  if (way === 3) random.bytes(200).copy(changed, random.below(changed.length));
  if (way > 3) {
    for (let left = 1 + random.below(24); left > 0; left--) {
      // In use are above all the beginning and the end of a page.
      const at =
        random.below(pages) * PAGE + (random.below(2) ? random.below(120) : random.below(PAGE));
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << random.below(8)), at);
    }
  }
  return changed;
}

/** What tells that codes are spent, by the file itself; undefined when it cannot be read. */
function spentRows(file: string): string | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    const steps = "SELECT * FROM authenticators ORDER BY account, status";
    const used = "SELECT hex(hash), used_at FROM backup_codes ORDER BY 1";
    const sets = "SELECT * FROM backup_code_sets";
    const found = [steps, used, sets].map((query) => database?.prepare(query).all());
    return JSON.stringify(found);
  } catch {
    return undefined;
  } finally {
    database?.close();
  }
}

async function bounded<T>(items: AsyncIterable<T>, most: number): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) {
    found.push(item);
    assert.ok(found.length <= most, "a list does not end");
  }
  return found;
}

async function faultOnly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    mustBeTold(error);
  }
}

function mustBeTold(fault: Fault): void {
  const cause = fault.cause instanceof Error ? fault.cause.message : "";
  assert.notEqual(fault.code, "internal", `${fault.message.split(": ").at(-1)} (${cause})`);
}

function scopeAt(home: string): Scope {
  return scopeOf({ uid: 0, home, env: { COUNTERSIGN_HOME: home } });
}
