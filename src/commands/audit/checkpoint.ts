import { Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import { keyIdOf } from "../../core/audit-checkpoint.ts";
import { sayJson, sayText } from "../../terminal/output.ts";
import { CountersignCommand, json } from "../base.ts";
import { isoTime } from "../words.ts";

export class AuditCheckpoint extends CountersignCommand {
  static override summary = "Sign where the audit log ends, for others to keep.";

  static override description =
    `A checkpoint says the last event's place, this host's name and the time, signed with a
key that is sealed in the store. Keep it on another host: a log that was cut off, or a
store that was put back, no longer holds against it. Whoever has the public key can check
it, without this program too: countersign(1) has the commands of openssl.`;

  static override examples = [
    {
      description: "Keep one elsewhere",
      command: "sudo <%= config.bin %> audit checkpoint | ssh loghost save-checkpoint",
    },
    {
      description: "Give an auditor the key",
      command: "sudo <%= config.bin %> audit checkpoint --public-key > audit.pem",
    },
  ];

  static override flags = {
    "public-key": Flags.boolean({
      description: "print the key by which they are checked, in PEM; sign nothing",
    }),
    json,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(AuditCheckpoint);
    await withCountersign({}, async ({ service }) => {
      if (flags["public-key"]) {
        const publicKey = await service.auditPublicKey();
        if (flags.json) sayJson({ key: keyIdOf(publicKey), publicKey });
        else sayText(publicKey);
        return;
      }
      const checkpoint = await service.checkpointAudit();
      if (flags.json) sayJson({ ...checkpoint, at: isoTime(checkpoint.at) });
      else sayText(checkpoint.text);
    });
  }
}
