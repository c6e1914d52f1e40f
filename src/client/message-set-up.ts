/** The ways of messages that the settings set up, and what is missing where they set up none. */
import { accessSync, constants } from "node:fs";
import { hostname } from "node:os";
import { Fault } from "../core/fault.ts";
import { checkTrusted } from "../files/trusted-file.ts";
import { said } from "../files/untrusted.ts";
import {
  demandPrivacy,
  type MailServer,
  type MessageSetUp,
  type Program,
} from "../message/set-up.ts";
import type { Settings } from "../settings/schema.ts";
import { readAuthorities } from "./authorities.ts";

/** Undefined where there is no way at all. */
export function messageSetUpOf({ message }: Settings): MessageSetUp | undefined {
  const { mostPerHour, command, commandTakes, smtp } = message;
  const server = serverOf(smtp);
  const program = command === undefined ? undefined : programOf(command);
  if (server === undefined && program === undefined) return undefined;
  const programTakesMail = commandTakes === "any";
  return { server, program, programTakesMail, mostPerHour, hostName: hostname() };
}

/**
 * What a login would find wrong only once somebody asks for a message.
 * @throws Fault `settings-invalid`, or of a `file-…` code
 */
export function checkMessage(settings: Settings): void {
  const setUp = messageSetUpOf(settings);
  if (setUp === undefined) throw noWay(settings);
  if (setUp.server) demandPrivacy(setUp.server);
  setUp.server?.authorities();
  setUp.program?.check();
}

function noWay({ message: { smtp } }: Settings): Fault {
  if (smtp.host !== undefined || smtp.from !== undefined) {
    const missing = smtp.host === undefined ? "host" : "from";
    return new Fault(
      "settings-invalid",
      `message has no way yet: message.smtp.${missing} is not set`,
      {
        hint: `countersign config set message.smtp.${missing} …`,
      },
    );
  }
  return new Fault(
    "settings-invalid",
    "message has no way yet: neither a mail server nor a program",
    {
      hint: "set message.smtp.host and .from, or message.command: man countersign.json",
    },
  );
}

function serverOf({
  host,
  from,
  user,
  caFile,
  ...rest
}: Settings["message"]["smtp"]): MailServer | undefined {
  if (host === undefined || from === undefined) return undefined;
  const authorities = (): string | undefined =>
    caFile === undefined
      ? undefined
      : readAuthorities(caFile, "countersign config unset message.smtp.caFile");
  return { ...rest, host, from, user, authorities };
}

/** It runs as whoever this is: nobody else may have put it there (trusted-file.ts). */
function programOf(command: string): Program {
  const [file = "", ...args] = command.split(" ");
  const check = (): void => {
    if (!checkTrusted(file, { secret: false })) {
      throw new Fault(
        "settings-invalid",
        `${said(file)}: the program of message.command is not there`,
        {
          hint: "put it there, or: countersign config set message.command …",
        },
      );
    }
    try {
      accessSync(file, constants.X_OK);
    } catch (cause) {
      throw new Fault("settings-invalid", `${said(file)}: this is no program`, {
        hint: `chmod 755 ${said(file)}`,
        cause,
      });
    }
  };
  return { file, args, check };
}
