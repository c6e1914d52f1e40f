/** The master key: where it is, whether it can be had, and whether the store is its own. */
import type { KeyProvider } from "../contracts/key-provider.ts";
import type { Sealer } from "../contracts/sealing.ts";
import { KEY_CHECK_CELL } from "../core/cells.ts";
import { type Finding, voiceOf } from "./finding.ts";

export interface KeyReaders {
  /** False when the scope has neither settings nor key nor store. */
  readonly isBegun: () => boolean;
  /** @throws Fault where the settings do not say which */
  readonly provider: () => Pick<KeyProvider, "kind" | "place">;
  /** A sealer under the key; undefined when there is no key. @throws Fault of a `key-…` code */
  readonly sealer: () => Promise<Sealer | undefined>;
  readonly storeExists: () => boolean;
  /** What only the store's own key opens; undefined before the first use. @throws Fault */
  readonly keyCheck: () => Promise<Uint8Array | undefined>;
}

const { ok, warning, problem, broken } = voiceOf("key");

export async function examineKey(readers: KeyReaders): Promise<Finding[]> {
  if (!readers.isBegun()) return [];
  let place: string;
  let sealer: Sealer | undefined;
  try {
    const provider = readers.provider();
    place = provider.kind === "file" ? `key file ${provider.place}` : provider.place;
  } catch {
    return [warning("not looked for: the settings say where it is, and do not parse")];
  }
  try {
    sealer = await readers.sealer();
  } catch (error) {
    return [broken(error)];
  }
  if (sealer !== undefined) return [await compare(place, sealer, readers)];
  return [
    readers.storeExists()
      ? problem(
          `${place}: the master key is not there, and the store cannot be read without it`,
          "put it back from a backup; a new key could not open this store",
        )
      : warning(`${place}: there is no master key yet`, "countersign init"),
  ];
}

async function compare(place: string, sealer: Sealer, readers: KeyReaders): Promise<Finding> {
  if (!readers.storeExists()) return ok(`${place}: there, for a store that is not`);
  let sealed: Uint8Array | undefined;
  try {
    sealed = await readers.keyCheck();
  } catch {
    return warning(`${place}: there, but not compared with a store that does not open`);
  }
  if (sealed === undefined) {
    return problem(
      `${place}: there, but the store does not say which key it was made with`,
      "restore the store from a backup; where nobody has enrolled yet: countersign init",
    );
  }
  try {
    sealer.open(sealed, KEY_CHECK_CELL).fill(0);
    return ok(`${place}: fits the store`);
  } catch {
    return problem(
      `${place}: the master key is not the one this store was made with`,
      "put the store's own key back, from a backup",
    );
  }
}
