/** The store: that it opens and is whole, that it can be written, and that its log holds. */
import { accessSync, constants, statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { Sealer } from "../contracts/sealing.ts";
import { breakAt } from "../core/audit-chain.ts";
import { EMPTY_HEAD } from "../core/audit-head.ts";
import { errnoOf } from "../core/fault.ts";
import { type Finding, voiceOf } from "./finding.ts";
import type { StoreContent } from "./store-file.ts";

export interface StoreReaders {
  /** False when the scope has neither settings nor key nor store. */
  readonly isBegun: () => boolean;
  /** Undefined where the settings, which say it, do not parse. */
  readonly path: string | undefined;
  /** Undefined when there is no store. @throws Fault */
  readonly content: () => Promise<StoreContent | undefined>;
  /** The schema this program knows. */
  readonly schema: number;
  /** Undefined when there is no key. @throws Fault */
  readonly sealer: () => Promise<Sealer | undefined>;
  readonly space: (path: string) => Space;
}

/** What is free on a file system. */
export interface Space {
  readonly bytes: number;
  /** Undefined where files are not counted. */
  readonly inodes: number | undefined;
}

/** "csgn" in ASCII, as the store marks its files. */
const APPLICATION = 0x6373676e;

const MIB = 1024 * 1024;
/** Below the first a warning, below the second a problem. */
const BYTES = [50 * MIB, MIB] as const;
const INODES = [1000, 10] as const;

const { ok, warning, problem, broken } = voiceOf("store");

export async function examineStore(readers: StoreReaders): Promise<Finding[]> {
  const { path } = readers;
  if (!readers.isBegun()) return [];
  if (path === undefined) return [warning("not looked for: the settings do not parse")];
  let content: StoreContent | undefined;
  try {
    content = await readers.content();
  } catch (error) {
    return [broken(error)];
  }
  if (content === undefined) {
    return [warning(`${path}: there is no store yet`, "countersign init")];
  }
  return [
    examineContent(path, content, readers.schema),
    await examineChain(content, readers.sealer),
    examineSpace(path, readers.space),
  ];
}

/** Of whoever has what they enrolled in the host's store, which only the daemon opens. */
export function examineGuest(ownStore: string | undefined): Finding[] {
  const hosts = "what you enroll is in the host's, which countersignd holds";
  return [ownStore === undefined ? ok(hosts) : warning(`${ownStore} is not asked: ${hosts}`)];
}

/** Of the file system a path lies on. */
export function spaceAt(path: string): Space {
  const { bavail, bsize, files, ffree } = statfsSync(path);
  return { bytes: bavail * bsize, inodes: files === 0 ? undefined : ffree };
}

function examineContent(path: string, content: StoreContent, known: number): Finding {
  const { application, schema, integrity } = content;
  const restore = "restore it from a backup; keep the damaged file";
  if (integrity !== undefined && integrity !== "ok")
    return problem(`${path} is damaged: ${integrity.replace(/\s+/g, " ")}`, restore);
  // A creation that was cut short; only init goes on with it, for a lost store looks the same.
  if (schema === 0 && [0, APPLICATION].includes(application))
    return problem(
      `${path}: the store is empty`,
      "restore it from a backup; where nobody has enrolled yet: countersign init",
    );
  if (application !== APPLICATION)
    return problem(
      `${path} is no store of countersign`,
      "name the right file in the setting store",
    );
  if (schema > known)
    return problem(
      `${path} has schema ${schema}, this program knows ${known}`,
      "update countersign on this host",
    );
  const version = schema < known ? `schema ${schema}, brought to ${known} at its next use` : "";
  const unread = integrity === undefined ? "too large to look for damage here" : "whole";
  return ok(`${path}: ${[unread, version].filter(Boolean).join("; ")}`);
}

async function examineChain(
  { events }: StoreContent,
  unseal: StoreReaders["sealer"],
): Promise<Finding> {
  const sealer = await unseal().catch(() => undefined);
  if (sealer === undefined) return warning("without the key the audit log cannot be checked");
  const [oldest] = events;
  let head =
    oldest === undefined || oldest.sequence <= 1
      ? EMPTY_HEAD
      : { sequence: oldest.sequence - 1, hash: oldest.previousHash };
  for (const event of events) {
    if (breakAt(sealer.auditKey, head, event))
      return problem(
        `the audit log does not hold at event ${head.sequence + 1}: somebody changed it`,
        "countersign audit verify, and find out who wrote to the store",
      );
    head = event;
  }
  const all = (oldest?.sequence ?? 1) <= 1;
  if (all) return ok(`the audit log holds (events: ${events.length})`);
  return ok(`the audit log's last ${events.length} events hold; all: countersign audit verify`);
}

function examineSpace(path: string, space: StoreReaders["space"]): Finding {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    const why = errnoOf(error) === "EROFS" ? "its file system is read-only" : "not writable";
    return problem(`${path}: ${why}, so no code can be spent and nobody gets in`, "remount it");
  }
  const { bytes, inodes } = space(dirname(path));
  const says = inodes === undefined ? "" : ` and room for ${inodes} files`;
  const message = `${Math.floor(bytes / MIB)} MiB${says} left on its file system`;
  const below = (at: 0 | 1): boolean =>
    bytes < BYTES[at] || (inodes !== undefined && inodes < INODES[at]);
  const mend = "free some space: with none left every code is refused";
  if (below(1)) return problem(message, mend);
  return below(0) ? warning(message, mend) : ok(message);
}
