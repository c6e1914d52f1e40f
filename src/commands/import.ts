import { Args, Flags } from "@oclif/core";
import { withCountersign } from "../client/connect.ts";
import { Bringing, type Content } from "../client/import/bringing.ts";
import { homesContent } from "../client/import/homes.ts";
import { openContent, unknownUsersFor } from "../client/import/open.ts";
import { type Came, Pass } from "../client/import/pass.ts";
import { STANDARD_INPUT } from "../client/import/source.ts";
import { IMPORT_FORMATS, type ImportFormat } from "../contracts/imported.ts";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { say, sayTexts } from "../terminal/output.ts";
import { type Progress, progress } from "../terminal/progress.ts";
import { CountersignCommand, json } from "./base.ts";
import { documentTexts } from "./import/document.ts";
import { conflictLines, nextSteps, outcomeLines, shortFault } from "./import/outcome.ts";
import { Overview } from "./import/overview.ts";
import { askForOpening } from "./import/secret.ts";
import { counted } from "./words.ts";

export class Import extends CountersignCommand {
  static override summary = "Bring in what users have in another system.";

  static override description =
    `Formats: google-authenticator (a state file, or all homes' with --homes), oath (the users
file of pam_oath), otpauth (key URIs, one a line, and exports of Google Authenticator),
pskc (RFC 6030, the file that comes with hardware tokens) and yubico (CSV of Yubico's
tools).

First it shows what would come, what cannot and why, and what is weaker than what is
enrolled here. Then all of the file comes, or nothing: where something cannot, nothing
does without --partly. Doing it again changes nothing. Secrets, digits, periods,
algorithms and counters come along, codes that were used count as used, and scratch codes
are backup codes here. Tokens that are nobody's are kept by serial number.

The file is left as it is. There is no export: whoever can read a secret out can be the
user.

Exit status: 0 when all came, or was here already, or was left out with --partly; 1 when
something cannot come, 2 for wrong usage.`;

  static override examples = [
    {
      description: "What would come from the users file of pam_oath",
      command: "sudo <%= config.bin %> import oath /etc/users.oath --dry-run",
    },
    {
      description: "The state files in all homes",
      command: "sudo <%= config.bin %> import google-authenticator --homes",
    },
    {
      description: "One QR code, for alice",
      command:
        "zbarimg --raw -q code.png |\n  sudo <%= config.bin %> import otpauth - --user alice",
    },
    {
      description: "Tokens, encrypted under a passphrase that is asked for",
      command: "sudo <%= config.bin %> import pskc tokens.xml",
    },
  ];

  static override args = {
    format: Args.string({
      ignoreStdin: true,
      required: true,
      options: [...IMPORT_FORMATS],
      description: IMPORT_FORMATS.join(", "),
    }),
    file: Args.string({
      ignoreStdin: true,
      description: "the file; - for standard input",
    }),
  };

  // What is too much may be a secret: oclif would repeat it.
  static override strict = false;
  static override usage =
    "import FORMAT FILE|--homes [--user USER] [--dry-run] [--partly] [--secret-stdin] [--json]";

  static override flags = {
    "dry-run": Flags.boolean({ description: "show what would come, and change nothing" }),
    partly: Flags.boolean({ description: "leave out what cannot come" }),
    user: Flags.string({
      helpValue: "USER",
      description: "whose all of it is; of a state file otherwise its owner's",
    }),
    homes: Flags.boolean({
      description: "every user's state file in their home, for google-authenticator",
      exclusive: ["user", "secret-stdin"],
    }),
    "secret-stdin": Flags.boolean({
      description: "read the key or passphrase of the file from standard input",
    }),
    json,
  };

  override async run(): Promise<void> {
    const { args, argv, flags } = await this.parse(Import);
    const format = args.format as ImportFormat;
    const file = fileIn(format, argv.slice(1).map(String), flags);
    const isTrial = flags["dry-run"] === true;
    const ways = { isTrial, isPartly: flags.partly === true, isEach: flags.homes === true };
    const line = progress();
    const came = await withCountersign({ begin: !isTrial }, async ({ service, caller, scope }) => {
      const ask = (asked: AskedFor) => askForOpening(asked, flags["secret-stdin"] === true);
      const content = flags.homes
        ? homesContent((user) => line.update(`reading ${user}'s home`))
        : await openContent({ format, file, user: flags.user, ask }, caller);
      try {
        const isHosts = scope.name === "system" && flags.user === undefined;
        const bringing = new Bringing(service, content, {
          isTrial,
          unknownUsers: unknownUsersFor(isHosts),
        });
        const pass = new Pass(bringing, ways);
        return await (flags.json ? asDocument(pass, format, isTrial) : asText(pass, content, line));
      } finally {
        line.done();
        content.close?.();
      }
    });
    if (!flags.json) say(...endLines(came, format, isTrial, flags.homes ? undefined : file));
    if (came.isShort) throw shortFault(came, isTrial);
  }
}

type AskedFor = Parameters<typeof askForOpening>[0];

interface FileFlags {
  readonly user?: string | undefined;
  readonly homes?: boolean | undefined;
  readonly "secret-stdin"?: boolean | undefined;
}

/** @throws Fault `usage`; of what is too much nothing is repeated, for it may be a secret */
function fileIn(format: ImportFormat, rest: readonly string[], flags: FileFlags): string {
  const [file = "", ...more] = rest;
  const flag = rest.find((word) => /^-./.test(word))?.split("=")[0];
  if (flag !== undefined) throw wrong(`import takes no flag ${flag}`);
  if (more.length > 0) throw wrong("import takes one file; secrets are never arguments");
  if (flags.homes && format !== "google-authenticator") {
    throw wrong("--homes is for google-authenticator: the others keep nothing in homes");
  }
  if (flags.user !== undefined && format === "oath") {
    throw wrong("--user is not for oath: each line says whose it is");
  }
  if (flags.homes && file !== "") throw wrong("a file, or --homes, but not both");
  if (!flags.homes && file === "") throw wrong("which file?");
  // A key URI in an argument is in every process list, and in the shell's history.
  if (/^otpauth/i.test(file)) throw wrong("a key URI is a secret, and never an argument");
  if (file === STANDARD_INPUT && flags["secret-stdin"]) {
    throw wrong("standard input is either the file or its key");
  }
  return file;
}

function wrong(message: string): Fault {
  return new Fault("usage", message, { hint: "countersign help import" });
}

async function asText(pass: Pass, content: Content, line: Progress): Promise<Came> {
  const overview = new Overview();
  for (const remark of content.remarks ?? []) overview.remark(remark, "the file");
  const looked = (entries: number) => line.update(`${entries} looked at`);
  for await (const entry of pass.lines(looked)) overview.add(entry);
  line.done();
  say(...overview.lines());
  return pass.end((entries) => line.update(`${counted(entries, "row")} added`));
}

async function asDocument(pass: Pass, format: ImportFormat, isTrial: boolean): Promise<Came> {
  const ended = Promise.withResolvers<Came>();
  const nobody = (): void => undefined;
  const end = async (): Promise<Came> => {
    const came = await pass.end(nobody);
    ended.resolve(came);
    return came;
  };
  await sayTexts(documentTexts(format, isTrial, pass.lines(nobody), end));
  return ended.promise;
}

function endLines(
  came: Came,
  format: ImportFormat,
  isTrial: boolean,
  file: string | undefined,
): string[] {
  const isDone = came.outcome?.done === true;
  const what = file === undefined ? "The files in the homes are" : `${printable(file, 4096)} is`;
  const isFile = file !== STANDARD_INPUT;
  const { counts } = came;
  if (counts.new + counts.here + counts.unfit === 0) {
    return [`there is nothing to import${file === undefined ? " in any home" : " in it"}`];
  }
  return [
    ...conflictLines(came),
    "",
    ...outcomeLines(came, isTrial),
    ...(isDone && isFile ? nextSteps(format, what) : []),
  ];
}
