import { Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import type { AuditVerification } from "../../contracts/service.ts";
import { formatHead, parseHead } from "../../core/audit-head.ts";
import { Fault } from "../../core/fault.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { progress } from "../../terminal/progress.ts";
import { CountersignCommand, json } from "../base.ts";
import { counted } from "../words.ts";

const FAULTS = {
  missing: "is missing",
  reordered: "is not where it was written",
  altered: "was altered",
  "cut-off": "and what followed it was cut off",
} as const;

export class AuditVerify extends CountersignCommand {
  static override summary = "Prove that nothing in the audit log was changed.";

  static override description =
    `Each event carries the hash of the one before it, made with a key that is not in the
store: an altered, removed, inserted or reordered event is found. An end that was cut
off leaves no gap, so keep the head that is printed somewhere else, and give it next
time with --head. Exit status 1 when the log does not hold.`;

  static override examples = [
    { description: "Check it, and note the head", command: "sudo <%= config.bin %> audit verify" },
    {
      description: "Check that nothing noted then is gone",
      command: "sudo <%= config.bin %> audit verify --head 1234:9f2c...",
    },
  ];

  static override flags = {
    head: Flags.string({
      helpValue: "N:HASH",
      description: "a head printed earlier, and kept elsewhere",
    }),
    json,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(AuditVerify);
    const head = flags.head === undefined ? undefined : readHead(flags.head);
    const line = progress();
    const result = await withCountersign({}, ({ service }) =>
      service.verifyAudit(head, (events) => line.update(`${counted(events, "event")} checked`)),
    );
    line.done();
    announce(result, flags.json);
    if (!result.intact) this.exit(1);
  }
}

function readHead(text: string) {
  const head = parseHead(text);
  if (head) return head;
  throw new Fault("usage", "--head takes a head as audit verify prints it: NUMBER:HASH", {
    hint: "countersign help audit verify",
  });
}

function announce(result: AuditVerification, json: boolean): void {
  if (json) sayJson(result.intact ? { ...result, head: formatHead(result.head) } : result);
  else if (result.intact)
    say(`${counted(result.events, "event")}, none changed`, `head ${formatHead(result.head)}`);
  if (result.intact) return;
  process.stderr.write(`error: event ${result.sequence} ${FAULTS[result.fault]}\n`);
  process.stderr.write(
    "try: compare with your log collector, and find out who wrote to the store\n",
  );
}
