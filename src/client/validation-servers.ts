/** The validation servers of YubiKeys that the settings set up. */

import { parseAuthorities } from "../https/authorities.ts";
import type { Settings } from "../settings/schema.ts";
import { parseServers, YUBICLOUD } from "../yubikey/server-address.ts";
import type { ValidationServers } from "../yubikey/validation-servers.ts";
import { readAuthorities } from "./authorities.ts";

const SET_UP = "countersign yubikey configure";

/** Nothing is asked over the network before somebody has set it up: undefined until then. */
export function validationServersOf({ yubikey }: Settings): ValidationServers | undefined {
  const { clientId, servers = YUBICLOUD, caFile, timeout } = yubikey;
  if (clientId === undefined) return undefined;
  const authorities = () => (caFile === undefined ? undefined : readAuthorities(caFile, SET_UP));
  return { servers, clientId, authorities, limit: timeout * 1000 };
}

/**
 * What a login would find wrong only once somebody touches a YubiKey.
 * @throws Fault `settings-invalid`, or of a `file-…` code
 */
export function checkValidation(settings: Settings): void {
  const setUp = validationServersOf(settings);
  if (setUp === undefined) return;
  parseServers(setUp.servers);
  const own = setUp.authorities();
  if (own !== undefined) parseAuthorities(own);
}

/** The text of a CA file that is to be named. @throws Fault as `checkValidation` */
export function checkAuthorities(path: string): void {
  parseAuthorities(readAuthorities(path, SET_UP));
}
