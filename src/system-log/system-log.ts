/**
 * The host's log: the journal where there is one, else syslogd. What neither takes at once is
 * lost, counted, and told of once one of them takes lines again.
 */
import type { SystemLog } from "../contracts/system-log.ts";
import type { LogLine } from "../core/audit-message.ts";
import { datagramSender, type Send } from "./datagrams.ts";
import { journalForm, syslogForm } from "./forms.ts";

export interface LogSockets {
  readonly journal: string;
  readonly syslog: string;
}

export const HOST_SOCKETS: LogSockets = {
  journal: "/run/systemd/journal/socket",
  syslog: "/dev/log",
};

let lostInAll = 0;

/** Lines of this process that no log has taken. */
export function linesLost(): number {
  return lostInAll;
}

/** Loads what it needs at once: later this process may act as a user who cannot read it. */
export function openSystemLog(sockets: LogSockets = HOST_SOCKETS): SystemLog {
  const send = senderIfAny();
  let untold = 0;
  const take = (line: LogLine): boolean =>
    send(sockets.journal, journalForm(line)) || send(sockets.syslog, syslogForm(line));
  const tellOfLost = (): void => {
    if (untold > 0 && take(lostLine(untold))) untold = 0;
  };
  return {
    tell(line) {
      try {
        tellOfLost();
        if (take(line)) return;
      } catch {
        // What is told has happened: nobody is refused for it any more.
      }
      untold += 1;
      lostInAll += 1;
    },
  };
}

/** Where even that does not load, every line is lost: no login is. */
function senderIfAny(): Send {
  try {
    return datagramSender();
  } catch {
    return () => false;
  }
}

function lostLine(count: number): LogLine {
  const message = `${count} audit ${count === 1 ? "event is" : "events are"} missing here: see countersign audit list`;
  return { severity: "warning", message, fields: { COUNTERSIGN_LOST: String(count) } };
}
