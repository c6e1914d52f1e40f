/** Who was refused, and from where, counted: newest first, until it is too long ago. */
import type { ReportElement, ReportFinding } from "../../contracts/report.ts";
import type { AuditRecord } from "../../core/audit-chain.ts";
import type { EngineParts } from "../parts.ts";

const PAGE = 1_000;
/** Names that are counted one by one: a guesser may make up as many as they like. */
const COUNTED = 10_000;
/** Of each list, those with the most. */
const TOLD = 20;

const FAILURES = ["reject", "unenrolled", "throttled"];

export async function* failures(parts: EngineParts, since: number): AsyncGenerator<ReportElement> {
  const [users, sources] = [new Tally(), new Tally()];
  let seen = 0;
  for await (const page of backwards(parts, since)) {
    for (const { verdict, action, user, rhost } of page) {
      if (action !== "verify" || !FAILURES.includes(verdict ?? "")) continue;
      users.add(user ?? "");
      sources.add(rhost ?? "");
    }
    seen += page.length;
    yield { seen, of: "event" };
  }
  for (const [user, count] of users.most()) {
    yield told({ kind: "failures-of-user", user, count });
  }
  for (const [name, count] of sources.most()) {
    yield told({ kind: "failures-from", name: name || "this host", count });
  }
  const uncounted = Math.max(users.uncounted, sources.uncounted);
  if (uncounted > 0) {
    yield told({ kind: "unknown", count: uncounted, detail: "failures under ever new names" });
  }
}

function told(finding: Omit<ReportFinding, "violation">): ReportElement {
  return { finding: { violation: false, ...finding } };
}

/** Places, not times, so that no page looks at more than it holds, however long the log is. */
async function* backwards(
  { store }: EngineParts,
  since: number,
): AsyncGenerator<readonly AuditRecord[]> {
  let upTo = (await store.read((view) => view.audit.head())).sequence;
  while (upTo > 0) {
    const after = Math.max(0, upTo - PAGE);
    const bound = upTo;
    const page = await store.read((view) => view.audit.page(after, PAGE, { upTo: bound }));
    const recent = page.filter(({ at }) => at >= since);
    if (recent.length > 0) yield recent;
    // A clock that stepped mixes times within a page, and no further.
    if (recent.length === 0) return;
    upTo = after;
  }
}

class Tally {
  readonly #counts = new Map<string, number>();
  uncounted = 0;

  add(name: string): void {
    const count = this.#counts.get(name) ?? 0;
    if (count === 0 && this.#counts.size >= COUNTED) this.uncounted++;
    else this.#counts.set(name, count + 1);
  }

  /** The most first, and by name. */
  most(): [name: string, count: number][] {
    return [...this.#counts]
      .toSorted(([one, many], [other, more]) => more - many || (one < other ? -1 : 1))
      .slice(0, TOLD);
  }
}
