/** From the setting `key` to where the master key lives. */
import type { KeyKind, KeyProvider } from "../contracts/key-provider.ts";
import { fileKey } from "./file.ts";
import { keyringKey } from "./keyring.ts";
import { systemdCredentialKey } from "./systemd-credential.ts";

/** The places of one scope. */
export interface KeyPlaces {
  /** The key file; it also names the scope's key in the keyring. */
  readonly keyFile: string;
  /** Looked at for $CREDENTIALS_DIRECTORY and the session bus, and for nothing else. */
  readonly env: NodeJS.ProcessEnv;
}

/** Reads nothing yet: the first `read` or `create` does. */
export function keyProvider(kind: KeyKind, places: KeyPlaces): KeyProvider {
  switch (kind) {
    case "file":
      return fileKey(places.keyFile);
    case "keyring":
      return keyringKey(places.keyFile, places.env);
    case "systemd-credential":
      return systemdCredentialKey(places.env.CREDENTIALS_DIRECTORY);
  }
}
