/**
 * The master key as a systemd credential (systemd.exec(5), "CREDENTIALS"): encrypted at
 * rest by systemd, and there only for the service that names it.
 */
import { isAbsolute, join } from "node:path";
import { type KeyProvider, MASTER_KEY_BYTES } from "../contracts/key-provider.ts";
import { Fault } from "../core/fault.ts";
import { said } from "../files/untrusted.ts";
import { readKeyFile } from "./file.ts";
import { parseKey } from "./key-text.ts";

export const CREDENTIAL_NAME = "countersign-master-key";

/** @param directory the value of $CREDENTIALS_DIRECTORY */
export function systemdCredentialKey(directory: string | undefined): KeyProvider {
  const place = `systemd credential ${CREDENTIAL_NAME}`;
  return {
    kind: "systemd-credential",
    place,
    async read() {
      if (directory === undefined || !isAbsolute(directory)) {
        throw new Fault("key-unavailable", "systemd passed no credentials to this process", {
          hint: `run it as a service with LoadCredentialEncrypted=${CREDENTIAL_NAME}`,
        });
      }
      const path = join(directory, CREDENTIAL_NAME);
      // systemd lets the service's user in by an ACL, whose mask shows as group bits.
      const bytes = readKeyFile(path, "group-reads");
      // A raw key is the bytes themselves; the text form is longer, so neither is the other.
      if (bytes === undefined || bytes.length === MASTER_KEY_BYTES) return bytes;
      try {
        return parseKey(bytes.toString("latin1"), said(path));
      } finally {
        bytes.fill(0);
      }
    },
    async create() {
      throw new Fault("key-unavailable", "only systemd can make a systemd credential", {
        hint:
          `head -c ${MASTER_KEY_BYTES} /dev/urandom | systemd-creds encrypt ` +
          `--name=${CREDENTIAL_NAME} - /etc/credstore.encrypted/${CREDENTIAL_NAME}`,
      });
    },
  };
}
