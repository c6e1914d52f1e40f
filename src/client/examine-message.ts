/** What `countersign doctor` looks through at messages: without opening the store for use. */
import { methodSecretCell } from "../core/cells.ts";
import type { MessageReaders } from "../doctor/message.ts";
import type { DuoSources } from "./examine-duo.ts";
import { checkMessage } from "./message-set-up.ts";
import { methodsOf } from "./methods.ts";

const METHOD = "message";

export function messageReaders({ settings, content, sealer }: DuoSources): MessageReaders {
  return {
    isOn: () => settings().methods.message === "on",
    ask: async () => {
      checkMessage(settings());
      const method = methodsOf(settings()).find(({ name }) => name === METHOD);
      const opener = await sealer().catch(() => undefined);
      const store = await content().catch(() => undefined);
      if (method?.kind !== "challenge" || !opener || !store) return false;
      const sealed = store.methodSecrets?.get(METHOD);
      const secret = sealed ? opener.open(sealed, methodSecretCell(METHOD)) : Buffer.alloc(0);
      try {
        await method.check(secret);
        return true;
      } finally {
        secret.fill(0);
      }
    },
  };
}
