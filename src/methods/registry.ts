/** Every method there is. A new one is a file beside this and a line here. */
import type { Method } from "../contracts/method.ts";
import { backupCode } from "./backup-code.ts";
import { totp } from "./totp.ts";

export const METHODS: readonly Method[] = [totp, backupCode];
