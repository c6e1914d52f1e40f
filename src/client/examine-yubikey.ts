/** What `countersign doctor` looks through at the validation servers of YubiKeys. */
import { YUBIKEY } from "../core/yubikey-otp.ts";
import type { YubikeyReaders } from "../doctor/yubikey.ts";
import { askService, type DuoSources, hasSecretOf } from "./examine-duo.ts";
import { checkValidation } from "./validation-servers.ts";

export function yubikeyReaders(sources: DuoSources): YubikeyReaders {
  const servers = () => {
    const settings = sources.settings();
    const isOn = settings.yubikey.clientId !== undefined && settings.methods.yubikey === "on";
    if (!isOn) return undefined;
    const secret = async () => (await sources.content())?.methodSecrets?.get(YUBIKEY);
    return {
      checkSettings: () => checkValidation(settings),
      hasSecret: () => hasSecretOf(sources, YUBIKEY),
      ask: async () => askService(sources, YUBIKEY, await secret()),
    };
  };
  return { servers };
}
