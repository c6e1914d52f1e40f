import { Flags, type Interfaces } from "@oclif/core";
import { accountMeant, callerOfThisProcess } from "../client/caller.ts";
import { withCountersign } from "../client/connect.ts";
import { DUO_METHODS } from "../client/duo.ts";
import { demandHostAccount } from "../client/host-account.ts";
import type { EnrollOptions, TokenChoice } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import { ALGORITHMS } from "../core/totp.ts";
import { CountersignCommand, codeStdin, json, optionalUser } from "./base.ts";
import { enrollAtTerminal } from "./enroll-at-terminal.ts";
import { type ByChallenge, demandOwnFlags, enrollByChallenge } from "./enroll-by-challenge.ts";
import { beginForScript, confirmForScript } from "./enroll-in-two-steps.ts";
import { demandTokenFlags, enrollToken } from "./enroll-token.ts";
import {
  demandNoYubikeyFlags,
  demandYubikeyFlags,
  enrollYubikey,
  type YubikeyWay,
} from "./enroll-yubikey.ts";

const METHODS = ["totp", "hotp", "yubikey", ...DUO_METHODS, "message"] as const;
const QR = ["auto", "utf8", "utf8-inverse", "ascii", "none"] as const;

export class Enroll extends CountersignCommand {
  static override summary = "Set up an app, a token, a YubiKey, Duo, or codes by message.";

  static override description =
    `Shows a QR code, and the key in letters, for any authenticator app: Google
Authenticator, Duo Mobile and the like. Asks for the code the app then shows; that
code makes the authenticator active, and is spent by it. Ten backup codes follow, shown once.

Whoever enrolls again is asked for a code of the old authenticator, unless they are
root, and keeps it until the new one has been confirmed.

For scripts, --begin prints the secret and --confirm takes the code.

With --method hotp the codes count instead of keeping time. With --serial, a hardware token that
was imported is given to the user: no key is shown, and its codes show that it is in their hand,
one or, where it has run ahead, two in a row. Each is counted as an attempt at a login is. What
the user has besides stays, and so do backup codes.

With --method yubikey the key is touched. What an import brought, or the validation servers
know (yubikey configure), takes no more; else its private id and AES key are asked for. For
scripts, --secret-stdin reads the touch, the private id and the AES key, a line each. Further
keys are enrolled beside the first.

With a method of Duo there is one challenge, and whoever passes it is enrolled; who is new
to Duo is shown its enrollment address. The phone is Duo's to keep, so the flags about
codes are not for it. The exit status is that of verify.

With message a code is sent to a phone number or a mail address, and whoever types it
is enrolled; an administrator has it read out to them. An earlier address is replaced.`;

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
      description: "A token of the drawer, for alice",
      command: "sudo <%= config.bin %> enroll alice --method hotp --serial 20261122",
    },
    {
      description: "A YubiKey, beside the codes",
      command: "<%= config.bin %> enroll --method yubikey",
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
    serial: Flags.string({
      helpValue: "SERIAL",
      description: "give the hardware token with this serial number, with --method hotp or totp",
    }),
    address: Flags.string({
      helpValue: "ADDRESS",
      description: "where codes are sent by message; asked for when left out",
    }),
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
      description: "seconds a code lives; of totp alone",
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
    local: Flags.boolean({
      description: "judge a YubiKey here, by its AES key, whatever validation servers there are",
    }),
    "secret-stdin": Flags.boolean({
      description: "read what --method yubikey asks for from standard input, a line each",
    }),
    json,
  };

  override async run(): Promise<void> {
    const { args, flags, raw } = await this.parse(Enroll);
    const { method } = flags;
    // Those that were typed: the others have their defaults.
    const given = raw.flatMap((word) => (word.type === "flag" ? word.flag : []));
    if (method === "yubikey") {
      demandYubikeyFlags(given);
      const { local, json } = flags;
      const way = { isLocal: local, secretStdin: flags["secret-stdin"], json };
      return this.#withYubikey(args.user, way);
    }
    demandNoYubikeyFlags(given);
    if (method !== "totp" && method !== "hotp") {
      demandOwnFlags(method, given);
      return this.#byChallenge(args.user, method, flags);
    }
    if (flags.address !== undefined) {
      throw new Fault("usage", "--address is for --method message", {
        hint: "countersign help enroll",
      });
    }
    if (flags.serial !== undefined) {
      demandTokenFlags(given);
      const way = { json: flags.json, codeStdin: flags["code-stdin"] };
      return this.#withToken(args.user, { method, serial: flags.serial }, way);
    }
    const options = optionsFrom(flags, given);
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

  async #withToken(
    named: string | undefined,
    token: Required<TokenChoice>,
    way: { readonly json: boolean; readonly codeStdin: boolean },
  ): Promise<void> {
    const user = accountMeant(named, callerOfThisProcess());
    demandHostAccount(user);
    const status = await withCountersign({}, ({ service }) =>
      enrollToken(service, user, token, way),
    );
    this.exit(status);
  }

  async #withYubikey(named: string | undefined, way: YubikeyWay): Promise<void> {
    const user = accountMeant(named, callerOfThisProcess());
    demandHostAccount(user);
    await withCountersign({ begin: true }, ({ service }) => enrollYubikey(service, user, way));
  }

  async #byChallenge(
    named: string | undefined,
    method: ByChallenge,
    { json, address }: { readonly json: boolean; readonly address?: string | undefined },
  ): Promise<void> {
    const user = accountMeant(named, callerOfThisProcess());
    demandHostAccount(user);
    const status = await withCountersign({}, ({ service }) =>
      enrollByChallenge(service, user, method, { json, address }),
    );
    this.exit(status);
  }
}

type Given = Interfaces.InferredFlags<typeof Enroll.flags>;

/** @throws Fault `usage` for what cannot be meant */
function optionsFrom(
  { method, issuer, algorithm, digits, period, begin, confirm }: Given,
  given: readonly string[],
): EnrollOptions {
  const hint = "countersign help enroll";
  const counts = method === "hotp";
  if (counts && given.includes("period")) {
    const message = "--period is for --method totp: hotp counts, and knows no time";
    throw new Fault("usage", message, { hint });
  }
  if (begin && confirm) {
    const message = "--begin and --confirm are two steps, one after the other";
    throw new Fault("usage", message, { hint });
  }
  return {
    ...{ method, issuer, algorithm },
    digits: digits === "8" ? 8 : 6,
    period: counts ? undefined : period === "60" ? 60 : 30,
  };
}
