/** Which parser reads which format, and what it is told. */
import { hostname } from "node:os";
import type { ImportFormat, ImportItem } from "../../contracts/imported.ts";
import { Fault } from "../../core/fault.ts";
import { readStateFile, STATE_FILE_MAX } from "../../imports/google-authenticator.ts";
import { readKeyUris } from "../../imports/key-uris.ts";
import { readOathUsers } from "../../imports/oath-users.ts";
import { type AskKey, readPskc } from "../../imports/pskc.ts";
import { readYubicoCsv } from "../../imports/yubico-csv.ts";

export type { AskKey };

export interface FormatOptions {
  /** Whose all of it is, where the format does not say, or is not asked. Never of oath. */
  readonly user: string | undefined;
  readonly ask: AskKey;
}

/** @throws Fault `import-invalid`, `import-key`, `usage` */
export async function* itemsOf(
  format: ImportFormat,
  chunks: AsyncIterable<string>,
  { user, ask }: FormatOptions,
): AsyncGenerator<ImportItem> {
  if (format === "google-authenticator") {
    if (user === undefined) throw new Fault("usage", "whose file is it?", { hint: "--user USER" });
    yield* readStateFile(await whole(chunks), user);
  } else if (format === "oath") yield* readOathUsers(chunks);
  else if (format === "otpauth") yield* readKeyUris(chunks, { user, domain: hostname() });
  else {
    const isPskc = format === "pskc";
    const items = isPskc ? readPskc(chunks, { ask, at: Date.now() }) : readYubicoCsv(chunks);
    for await (const item of items) yield user === undefined ? item : { ...item, user };
  }
}

/** One character more than a state file has tells that it is none. */
async function whole(chunks: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const chunk of chunks) {
    text += chunk;
    if (text.length > STATE_FILE_MAX) break;
  }
  return text;
}
