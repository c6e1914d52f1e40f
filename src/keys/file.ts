/** The master key in a file that only its owner can read. */
import type { KeyProvider } from "../contracts/key-provider.ts";
import { Fault } from "../core/fault.ts";
import { createTrusted, readTrusted } from "../files/trusted-file.ts";
import { said } from "../files/untrusted.ts";
import { formatKey, KEY_TEXT_MAX_BYTES, parseKey } from "./key-text.ts";

export function fileKey(path: string): KeyProvider {
  const place = said(path);
  return {
    kind: "file",
    place,
    async read() {
      const bytes = readKeyFile(path, true);
      if (bytes === undefined) return undefined;
      if (bytes.length === 0) throw cutShort(place);
      try {
        return parseKey(bytes.toString("latin1"), place);
      } finally {
        bytes.fill(0);
      }
    },
    async create(key) {
      const bytes = Buffer.from(formatKey(key), "latin1");
      try {
        createTrusted(path, bytes, 0o600, "key-unavailable");
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== "file-exists") throw error;
        throw new Fault("conflict", `there is a master key in ${place} already`, { cause: error });
      } finally {
        bytes.fill(0);
      }
    },
  };
}

/** What a kill between making the file and writing to it leaves. It is never written over. */
function cutShort(place: string): Fault {
  return new Fault("key-invalid", `${place} is empty and does not hold a countersign master key`, {
    hint: "put the saved copy of the key back; where there is no store yet, remove the file",
  });
}

/** The bytes of a file that holds a key; what cannot be read is a key out of reach. */
export function readKeyFile(path: string, secret: true | "group-reads"): Buffer | undefined {
  try {
    return readTrusted(path, { secret, maxBytes: KEY_TEXT_MAX_BYTES });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "file-unreadable") throw error;
    throw new Fault("key-unavailable", error.message, { cause: error });
  }
}
