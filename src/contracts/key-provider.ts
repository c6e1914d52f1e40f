/** Where the master key lives. */
export const KEY_KINDS = ["file", "keyring", "systemd-credential"] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/** Length of the master key, in bytes. */
export const MASTER_KEY_BYTES = 32;

export interface KeyProvider {
  readonly kind: KeyKind;
  /** Where the key is, for people: a path, or the keyring's name for it. */
  readonly place: string;
  /**
   * The key, or undefined where there is none. The caller zeroes it after use.
   * @throws Fault `file-untrusted`, `key-invalid`, `key-unavailable`
   */
  read(): Promise<Buffer | undefined>;
  /**
   * Puts a new key there, durably; never over another.
   * @throws Fault `conflict` when there is one, `key-unavailable` when it cannot be written
   */
  create(key: Uint8Array): Promise<void>;
}
