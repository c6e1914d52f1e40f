/** How long and how many: the figures that countersignd.8 states. */
import type { Limits } from "../wire/connection.ts";
import type { Admission } from "./admission.ts";

export const LIMITS: Limits = { idle: 120_000, total: 300_000 };
export const ADMISSION: Admission = { total: 512, each: 32 };
