/** Every method there is. A new one is a file beside this and a line here. */
import type { Method } from "../contracts/method.ts";
import type { PromptApplication, PushApplication } from "../duo/application.ts";
import type { MessageSetUp } from "../message/set-up.ts";
import type { ValidationServers } from "../yubikey/validation-servers.ts";
import { backupCode } from "./backup-code.ts";
import { duoPrompt } from "./duo-prompt.ts";
import { duoPush } from "./duo-push.ts";
import { hotp } from "./hotp.ts";
import { message } from "./message.ts";
import { totp } from "./totp.ts";
import { yubikey, yubikeyByServers } from "./yubikey.ts";

/** What the settings set up; a method whose part is absent is neither offered nor accepted. */
export interface MethodsSetUp {
  readonly push?: PushApplication | undefined;
  readonly prompt?: PromptApplication | undefined;
  readonly message?: MessageSetUp | undefined;
  /** Of YubiKeys whose AES keys only they have. */
  readonly validation?: ValidationServers | undefined;
}

/** In the order in which the prompt offers them. */
export function methodsFor(setUp: MethodsSetUp): readonly Method[] {
  const { push, prompt, message: ways, validation } = setUp;
  const byServers = validation ? [yubikeyByServers(validation)] : [];
  const byDuo = [...(push ? [duoPush(push)] : []), ...(prompt ? [duoPrompt(prompt)] : [])];
  const sent = ways ? [message(ways)] : [];
  return [totp, hotp, yubikey, backupCode, ...byServers, ...byDuo, ...sent];
}
