import { Flags } from "@oclif/core";
import {
  type Disproof,
  type Evidence,
  type Proof,
  proveFiles,
  proveWithStore,
  readKeyFile,
} from "../../client/audit-proof.ts";
import { withCountersign } from "../../client/connect.ts";
import { formatHead, parseHead } from "../../core/audit-head.ts";
import { Fault } from "../../core/fault.ts";
import { printable } from "../../core/printable.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { progress } from "../../terminal/progress.ts";
import { CountersignCommand, json } from "../base.ts";
import { counted, isoTime, shortTime } from "../words.ts";

const FAULTS: Readonly<Record<Disproof["fault"], string>> = {
  missing: "is missing",
  reordered: "is not where it was written",
  altered: "was altered",
  "cut-off": "and what followed it was cut off",
  forged: "has a checkpoint that was not signed by this store",
  archived: "is in an archive, which was not given",
  truncated: "and what follows it, the signature too, is missing",
};

const MENDS: Partial<Record<Disproof["fault"], string>> = {
  archived: "give the file that holds it with --archive",
  truncated: "take the archive from a backup; while its events are in the store: audit rotate",
};

const COMPARE = "compare with your log collector, and find out who wrote to it";
const GAP = "give all archives from then on, each with --archive; or ask who took one";

const FILES = { helpValue: "FILE", multiple: true, multipleNonGreedy: true } as const;

export class AuditVerify extends CountersignCommand {
  static override summary = "Prove that nothing in the audit log was changed.";

  static override description =
    `Each event carries the hash of the one before it, made with a key that is not in the
store: an altered, removed, inserted or reordered event is found. An end that was cut
off, and a store that was put back, leave no gap, so keep the head that is printed, or
checkpoints, somewhere else, and give them next time. Of archives give all from one on:
they are proven with the store, as one log. With --public-key files are checked by that
key alone, wherever they are. Exit status 1 when the log does not hold.`;

  static override examples = [
    { description: "Check it, and note the head", command: "sudo <%= config.bin %> audit verify" },
    {
      description: "Check that nothing noted then is gone",
      command: "sudo <%= config.bin %> audit verify --head 1234:9f2c...",
    },
    {
      description: "Check an archive on another machine",
      command: "<%= config.bin %> audit verify --public-key audit.pem --archive 2026.jsonl",
    },
  ];

  static override flags = {
    head: Flags.string({
      helpValue: "N:HASH",
      description: "a head printed earlier, and kept elsewhere",
    }),
    checkpoint: Flags.string({
      ...FILES,
      description: "a checkpoint kept elsewhere; may be repeated",
    }),
    archive: Flags.string({
      ...FILES,
      description: "an archive that audit rotate wrote; may be repeated",
    }),
    "public-key": Flags.string({
      helpValue: "FILE",
      exclusive: ["head"],
      description: "check those files by this key, and ask no store",
    }),
    json,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(AuditVerify);
    const { head, checkpoint = [], archive = [], "public-key": key } = flags;
    const heads = head === undefined ? [] : [readHead(head)];
    const evidence = { heads, checkpoints: checkpoint, archives: archive };
    const result = key === undefined ? await prove(evidence) : proveAlone(key, evidence);
    announce(result, flags.json, archive.length > 0);
    if (!result.intact) this.exit(1);
  }
}

async function prove(evidence: Evidence): Promise<Proof | Disproof> {
  const line = progress();
  const tell = (events: number): void => line.update(`${counted(events, "event")} checked`);
  try {
    return await withCountersign({}, ({ service }) => proveWithStore(service, evidence, tell));
  } finally {
    line.done();
  }
}

function proveAlone(key: string, evidence: Evidence): Proof | Disproof {
  if (evidence.checkpoints.length + evidence.archives.length > 0)
    return proveFiles(readKeyFile(key), evidence);
  throw new Fault("usage", "--public-key checks files: name some", {
    hint: "--checkpoint FILE or --archive FILE",
  });
}

function readHead(text: string) {
  const head = parseHead(text);
  if (head) return head;
  throw new Fault("usage", "--head takes a head as audit verify prints it: NUMBER:HASH", {
    hint: "countersign help audit verify",
  });
}

function announce(result: Proof | Disproof, json: boolean, hasArchives: boolean): void {
  if (json) sayJson(result.intact ? toJson(result) : result);
  else if (result.intact) say(...lines(result));
  if (result.intact) return;
  const { sequence, fault, file } = result;
  const where = file === undefined ? "" : `${printable(file, 4096)}: `;
  // An archive that was not given leaves the same gap as one that is gone.
  const isGap = fault === "missing" && file === undefined && hasArchives;
  const mend = isGap ? GAP : (MENDS[fault] ?? COMPARE);
  process.stderr.write(`error: ${where}event ${sequence} ${FAULTS[fault]}\ntry: ${mend}\n`);
}

/** Members that tell nothing are left out. */
function toJson({ events, first = 1, head, archives, checkpoints, archived }: Proof): object {
  const { sequence, at, leftOver } = archived ?? {};
  return {
    intact: true,
    events,
    head: head ? formatHead(head) : null,
    ...(first > 1 ? { first } : {}),
    ...(archives > 0 ? { archives } : {}),
    ...(sequence === undefined || at === undefined
      ? {}
      : { archived: { sequence, at: isoTime(at), leftOver } }),
    ...(checkpoints.length > 0
      ? { checkpoints: checkpoints.map((each) => ({ ...each, at: isoTime(each.at) })) }
      : {}),
  };
}

function lines({ events, first = 1, head, archives, checkpoints, archived }: Proof): string[] {
  const signed = checkpoints.map(
    ({ sequence, host, at }) =>
      `checkpoint at event ${sequence}: signed by ${host || "?"}, ${shortTime(at)}`,
  );
  if (!head) return signed;
  const left = archived?.leftOver ?? 0;
  return [
    `${counted(events, "event")}, none changed`,
    `head ${formatHead(head)}`,
    ...(archives > 0 ? [`archives read: ${archives}`] : []),
    ...(first > 1 ? [`events before ${first} are in archives that were not given`] : []),
    ...(left > 0 ? [`${counted(left, "archived event")} still to be removed: audit rotate`] : []),
    ...signed,
  ];
}
