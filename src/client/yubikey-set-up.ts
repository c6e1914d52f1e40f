/**
 * Setting up the validation servers of YubiKeys: a client id in the settings, and an API key in the
 * store, that belong together with the servers they are given to.
 */
import type { Countersign } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import { YUBIKEY } from "../core/yubikey-otp.ts";
import { demandValid, type SettingChange } from "../settings/editor.ts";
import type { Scope } from "../settings/scope.ts";
import { loadSettings } from "../settings/settings.ts";
import { parseServers, YUBICLOUD } from "../yubikey/server-address.ts";
import { parseApiKey } from "../yubikey/signature.ts";
import { currentScope, withCountersign } from "./connect.ts";
import {
  andOff,
  changeChecked,
  demandAdministrator,
  recordAll,
  unlessFault,
} from "./duo-set-up.ts";
import { asOwner } from "./owner.ts";
import { checkAuthorities } from "./validation-servers.ts";

export interface YubikeyWishes {
  readonly clientId: number;
  /** Yubico's own when undefined. */
  readonly servers: string | undefined;
  /** An absolute path; the public authorities when undefined. */
  readonly caFile: string | undefined;
  /** Seconds; as it is when undefined. */
  readonly timeout: number | undefined;
}

export interface YubikeySetUp {
  readonly clientId: number;
  readonly servers: readonly string[];
  readonly caFile: string | undefined;
  /** What kept a change from the audit log, where something did. */
  readonly unrecorded: Fault | undefined;
}

/**
 * Sets the servers up, and the method on. Others that were set up are taken out first, so that no
 * host is ever sent what is signed with another's key; whoever ends this half-way leaves none.
 * @param askKey called once all else is known to be right
 * @throws Fault `usage` for what does not have its form, `not-permitted`, or what settings, key
 *   and store throw
 */
export async function configureYubikey(
  wishes: YubikeyWishes,
  askKey: () => Promise<string>,
): Promise<YubikeySetUp> {
  const { clientId, servers = YUBICLOUD, caFile } = wishes;
  demandServers(servers);
  const scope = currentScope();
  if (caFile !== undefined) asOwner(scope, () => checkAuthorities(caFile));
  const changes = changesFor(wishes);
  demandValid(changes);
  await demandAdministrator(scope);
  const apiKey = demandKey(await askKey());
  const unrecorded = await withCountersign({ begin: true }, async ({ service }) => {
    const isOff = await takeOutOthers(scope, service, wishes);
    try {
      await service.setMethodSecret(YUBIKEY, apiKey);
      return await recordAll(service, await changeChecked(scope, changes)).catch(unlessFault);
    } catch (error) {
      throw isOff ? andOff("asking validation servers", error) : error;
    }
  });
  return { clientId, servers: servers.split(","), caFile, unrecorded };
}

/** What is wrong in a settings file is a slip of the pen in an argument. */
function demandServers(servers: string): void {
  try {
    parseServers(servers);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault("usage", cause.message, { hint: cause.hint ?? "", cause });
  }
}

function demandKey(typed: string): string {
  const apiKey = parseApiKey(typed)?.toString("base64");
  if (apiKey !== undefined) return apiKey;
  throw new Fault("usage", "the API key is not base64: nothing was changed", {
    hint: "it came with the client id; Yubico's: upgrade.yubico.com/getapikey",
  });
}

/** True when there were any. */
async function takeOutOthers(
  scope: Scope,
  service: Countersign,
  { clientId, servers }: YubikeyWishes,
): Promise<boolean> {
  const { yubikey: now } = asOwner(scope, () => loadSettings(scope));
  const isSame = now.clientId === clientId && now.servers === servers;
  if (now.clientId === undefined || isSame) return false;
  // A daemon asks none of them once it is recorded: what cannot be ends here.
  await recordAll(service, await changeChecked(scope, [["yubikey.clientId", undefined]]));
  return true;
}

function changesFor({ clientId, servers, caFile, timeout }: YubikeyWishes): SettingChange[] {
  return [
    ["yubikey.servers", servers],
    ["yubikey.caFile", caFile],
    ...(timeout === undefined ? [] : [["yubikey.timeout", timeout] as const]),
    ["yubikey.clientId", clientId],
    // Whoever sets it up wants it on.
    [`methods.${YUBIKEY}`, undefined],
  ];
}
