/** The host's own log, beside ours: journald or syslogd. */
import type { LogLine } from "../core/audit-message.ts";

/** Takes a line at once or loses it: never throws, and never has anybody wait. */
export interface SystemLog {
  tell(line: LogLine): void;
}
