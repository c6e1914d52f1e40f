/** How long and how many: the figures that countersignd.8 states. */
import type { Limits } from "../wire/connection.ts";
import type { Admission } from "./admission.ts";
import type { Rate } from "./pace.ts";

export const LIMITS: Limits = { idle: 120_000, total: 300_000 };
export const ADMISSION: Admission = { total: 512, each: 32 };
export const RATE: Rate = { burst: 128, interval: 250 };
/** Milliseconds that those at a prompt have left once the daemon is told to end. */
export const FAREWELL = 10_000;
