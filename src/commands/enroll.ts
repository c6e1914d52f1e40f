import { Flags } from "@oclif/core";
import { accountMeant, callerOfThisProcess } from "../client/caller.ts";
import { withCountersign } from "../client/connect.ts";
import { DUO_METHODS, type DuoMethod } from "../client/duo.ts";
import { demandHostAccount } from "../client/host-account.ts";
import type { EnrollOptions } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import { ALGORITHMS } from "../core/totp.ts";
import { CountersignCommand, codeStdin, json, optionalUser } from "./base.ts";
import { enrollAtTerminal } from "./enroll-at-terminal.ts";
import { demandOwnFlags, enrollByChallenge } from "./enroll-by-challenge.ts";
import { beginForScript, confirmForScript } from "./enroll-in-two-steps.ts";

const METHODS = ["totp", ...DUO_METHODS] as const;
const QR = ["auto", "utf8", "utf8-inverse", "ascii", "none"] as const;

export class Enroll extends CountersignCommand {
  static override summary = "Set up an authenticator app, or Duo, for a user.";

  static override description =
    `Shows a QR code, and the key in letters, for any authenticator app: Google
Authenticator, Duo Mobile and the like. Asks for the code the app then shows; that
code makes the authenticator active, and is spent by it. Ten backup codes follow, shown once.

Whoever enrolls again is asked for a code of the old authenticator, unless they are
root, and keeps it until the new one has been confirmed.

For scripts, --begin prints the secret and --confirm takes the code.

With a method of Duo there is one challenge, and whoever passes it is enrolled; who is new
to Duo is shown its enrollment address. The phone is Duo's to keep, so the flags about
codes are for totp alone. The exit status is that of verify.`;

  static override examples = [
    { description: "Enroll yourself", command: "<%= config.bin %> enroll" },
    {
      description: "Enroll alice, who sits beside you",
      command: "sudo <%= config.bin %> enroll alice",
    },
    {
      description: "For a terminal without UTF-8",
      command: "<%= config.bin %> enroll --qr ascii",
    },
    {
      description: "Approvals on the phone, beside the codes",
      command: "<%= config.bin %> enroll --method duo-push",
    },
    {
      description: "From a script, in two steps",
      command:
        "<%= config.bin %> enroll alice --begin --json\n<%= config.bin %> enroll alice --confirm --code-stdin --json",
    },
  ];

  static override args = { user: optionalUser };

  static override flags = {
    method: Flags.option({ options: METHODS, default: "totp", description: "what to enroll" })(),
    issuer: Flags.string({
      helpValue: "NAME",
      description: "name shown in the app; by default the setting issuer, or the host's name",
    }),
    algorithm: Flags.option({
      options: ALGORITHMS,
      default: "sha1",
      description: "hash of the codes; many apps know sha1 only",
    })(),
    digits: Flags.option({
      options: ["6", "8"] as const,
      default: "6",
      description: "length of a code",
    })(),
    period: Flags.option({
      options: ["30", "60"] as const,
      default: "30",
      description: "seconds a code lives",
    })(),
    qr: Flags.option({
      options: QR,
      description: "how to draw the QR code; by default the setting qr",
    })(),
    "qr-file": Flags.string({
      helpValue: "FILE",
      description: "also write the QR code to a new .png or .svg file",
    }),
    begin: Flags.boolean({ description: "begin only: print the secret" }),
    confirm: Flags.boolean({ description: "confirm what was begun, with a code" }),
    "code-stdin": codeStdin,
    json,
  };

  override async run(): Promise<void> {
    const { args, flags, raw } = await this.parse(Enroll);
    const { method } = flags;
    if (method !== "totp") {
      // Those that were typed: the others have their defaults.
      demandOwnFlags(
        method,
        raw.flatMap((word) => (word.type === "flag" ? word.flag : [])),
      );
      return this.#withDuo(args.user, method, flags.json);
    }
    if (flags.begin && flags.confirm) {
      throw new Fault("usage", "--begin and --confirm are two steps, one after the other", {
        hint: "countersign help enroll",
      });
    }
    const options: EnrollOptions = {
      method: flags.method,
      issuer: flags.issuer,
      algorithm: flags.algorithm,
      digits: flags.digits === "8" ? 8 : 6,
      period: flags.period === "60" ? 60 : 30,
    };
    const user = accountMeant(args.user, callerOfThisProcess());
    if (!flags.confirm) demandHostAccount(user);
    await withCountersign({ begin: !flags.confirm }, async (connection) => {
      const way = { json: flags.json, codeStdin: flags["code-stdin"], file: flags["qr-file"] };
      if (flags.confirm) return confirmForScript(connection.service, user, flags.method, way);
      if (flags.begin) return beginForScript(connection.service, user, options, way);
      const qr = flags.qr ?? (await connection.settings()).qr;
      const { isOwnStore } = connection;
      return enrollAtTerminal(connection.service, user, options, { qr, isOwnStore, ...way });
    });
  }

  async #withDuo(named: string | undefined, method: DuoMethod, json: boolean): Promise<void> {
    const user = accountMeant(named, callerOfThisProcess());
    demandHostAccount(user);
    const status = await withCountersign({}, ({ service }) =>
      enrollByChallenge(service, user, method, json),
    );
    this.exit(status);
  }
}
