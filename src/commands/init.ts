import { Flags } from "@oclif/core";
import { currentScope, isHeldByDaemon } from "../client/connect.ts";
import { type Initialized, initialize } from "../client/initialize.ts";
import { KEY_KINDS } from "../contracts/key-provider.ts";
import { say, sayJson } from "../terminal/output.ts";
import { CountersignCommand, json } from "./base.ts";

export class Init extends CountersignCommand {
  static override summary = "Create settings, store and master key.";

  static override description =
    `Root's are the host's own (/etc/countersign, /var/lib/countersign); anyone else's are
their own, in their home. Safe to repeat: what is there is kept, and a key that is
gone is never replaced, for a new one could not open the store.

Root's are given to the user countersign where the host has one: the daemon then runs
as that user, and needs no root. Done again, it gives what root had before.

Other commands do this on first need, with the defaults.`;

  static override examples = [
    { description: "With a key file", command: "sudo <%= config.bin %> init" },
    {
      description: "With the key in the desktop's keyring",
      command: "<%= config.bin %> init --key keyring",
    },
    {
      description: "With the store elsewhere",
      command: "sudo <%= config.bin %> init --store sqlite:/srv/countersign/store.db",
    },
  ];

  static override flags = {
    key: Flags.option({
      options: KEY_KINDS,
      description: "where the master key is kept; by default in a file",
    })(),
    store: Flags.string({
      helpValue: "URL",
      description: "where the store is to be, as sqlite:/PATH",
    }),
    json,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Init);
    const scope = currentScope();
    const made = await initialize(scope, { key: flags.key, store: flags.store });
    if (flags.json) return sayJson(made);
    say(
      `settings    ${made.settingsFile}`,
      `master key  ${made.key.place} ${made.key.created ? "(new)" : "(kept)"}`,
      `store       ${made.store.path} ${made.store.created ? "(new)" : "(kept)"}`,
      ...ownerLines(made),
      ...(isHeldByDaemon(scope)
        ? ["", "It is not asked: countersignd is here, and keeps what you enroll among the host's."]
        : []),
      ...(made.key.created
        ? ["", "Back the key up, apart from the store: without it the store cannot be read."]
        : []),
    );
  }
}

/** What root has to know of whom the files belong to. */
function ownerLines({ owner }: Initialized): string[] {
  if (!owner) return [];
  if (owner.user !== "root") return [`owner       ${owner.user}`];
  if (owner.because === "keyring")
    return ["owner       root; the daemon runs as root: root's keyring is no other user's"];
  return [
    "owner       root; for a daemon without root's rights, and then init again:",
    "            useradd --system --shell /usr/sbin/nologin countersign",
  ];
}
