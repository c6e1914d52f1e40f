import { resolve } from "node:path";
import { Flags } from "@oclif/core";
import { configureYubikey, type YubikeySetUp } from "../../client/yubikey-set-up.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json } from "../base.ts";
import { warnUnrecorded } from "../config/unrecorded.ts";
import { askForSecret, demandNoMore } from "../duo/secret.ts";

const KEY_HINT = "it is given out together with the client id";

export class YubikeyConfigure extends CountersignCommand {
  static override summary = "Have validation servers judge YubiKeys.";

  static override description =
    `A YubiKey whose AES key is known here is judged here, and nothing need be set up. Others are
judged by validation servers: Yubico's own, or those named with --servers. They are asked all at
once; the first answer that holds counts, and servers that disagree let nobody in. What is asked
and answered is signed with an API key. It is asked for on the terminal, or read from standard
input, and kept sealed in the store; it is never an argument.

Client id and API key for Yubico's servers are given out at upgrade.yubico.com/getapikey.
What is left out of --servers and --ca-file does not hold any more.`;

  static override examples = [
    {
      description: "Yubico's servers",
      command: "sudo <%= config.bin %> yubikey configure --client-id 12345",
    },
    {
      description: "Two of one's own, with the API key from a file",
      command:
        "sudo <%= config.bin %> yubikey configure --client-id 1 \\\n  --servers https://val1.example.org,https://val2.example.org \\\n  --ca-file /etc/ssl/example-ca.pem --secret-stdin < api-key",
    },
  ];

  // What is too much may be a secret: oclif would repeat it.
  static override strict = false;

  static override flags = {
    "client-id": Flags.integer({
      required: true,
      min: 1,
      max: 999_999_999,
      helpValue: "ID",
      description: "client id at the servers",
    }),
    servers: Flags.string({
      helpValue: "URL,URL",
      description: "addresses of the servers, with commas between them; at first Yubico's",
    }),
    "ca-file": Flags.string({
      helpValue: "FILE",
      description: "PEM file of authorities that vouch for the servers, in place of public ones",
    }),
    timeout: Flags.integer({
      min: 1,
      max: 60,
      helpValue: "SECONDS",
      description: "in which a server must answer; at first 8",
    }),
    "secret-stdin": Flags.boolean({ description: "read the API key from standard input" }),
    json,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(YubikeyConfigure);
    demandNoMore("yubikey configure", "no arguments", argv.map(String));
    const caFile = flags["ca-file"] === undefined ? undefined : resolve(flags["ca-file"]);
    const { servers, timeout } = flags;
    const wishes = { clientId: flags["client-id"], servers, caFile, timeout };
    const setUp = await configureYubikey(wishes, () =>
      askForSecret("API key", flags["secret-stdin"] === true, KEY_HINT),
    );
    warnUnrecorded(setUp.unrecorded);
    if (flags.json) sayJson(document(setUp));
    else say(...lines(setUp));
  }
}

function document({ clientId, servers, caFile }: YubikeySetUp): object {
  return { clientId, servers, caFile: caFile ?? null };
}

function lines({ servers, caFile }: YubikeySetUp): string[] {
  return [
    ...(caFile === undefined
      ? []
      : [`Whom ${caFile} vouches for is taken for them, and no others.`]),
    "YubiKeys whose AES key is not known here are judged by:",
    ...servers.map((server) => `  ${server}`),
    "try: countersign yubikey check",
  ];
}
