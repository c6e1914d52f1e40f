/** Reads a text as an import would, and asks the items for what they are. */
import assert from "node:assert/strict";
import type { ImportedAuthenticator, ImportItem } from "../../src/contracts/imported.ts";
import { readStateFile } from "../../src/imports/google-authenticator.ts";
import { readKeyUris } from "../../src/imports/key-uris.ts";
import { readOathUsers } from "../../src/imports/oath-users.ts";

type Items = AsyncIterable<ImportItem> | Iterable<ImportItem>;

export async function all(items: Items): Promise<ImportItem[]> {
  const found: ImportItem[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export const stateFile = (text: string) => all(readStateFile(text, "alice"));
export const oathUsers = (text: string) => all(readOathUsers([text]));
export const keyUris = (text: string) => all(readKeyUris([text]));

/** The one authenticator that a file brings. */
export async function only(items: Promise<ImportItem[]>): Promise<ImportedAuthenticator> {
  const [item, ...more] = await items;
  assert.equal(more.length, 0);
  assert.ok(item?.kind === "authenticator", `unfit: ${item?.kind === "unfit" && item.why}`);
  return item;
}

/** Why the one item of a file cannot come. */
export async function whyNot(items: Promise<ImportItem[]>): Promise<string> {
  const [item, ...more] = await items;
  assert.equal(more.length, 0);
  assert.ok(item?.kind === "unfit", "it came");
  return item.why;
}
