/** An import as one JSON document, written as its entries come: there may be a million. */
import type { ImportLine } from "../../client/import/bringing.ts";
import type { Came } from "../../client/import/pass.ts";
import type { ImportFormat } from "../../contracts/imported.ts";

/** @param end what it came to, asked for once every entry is written */
export async function* documentTexts(
  format: ImportFormat,
  isTrial: boolean,
  lines: AsyncIterable<ImportLine>,
  end: () => Promise<Came>,
): AsyncGenerator<string> {
  yield `{"format":${JSON.stringify(format)},"dryRun":${isTrial},"entries":[`;
  let separator = "\n";
  for await (const line of lines) {
    yield separator + JSON.stringify(entryOf(line));
    separator = ",\n";
  }
  yield `],\n${JSON.stringify(endOf(await end())).slice(1)}\n`;
}

function entryOf({ place, user, state, key, why, remarks }: ImportLine): object {
  const { serial = "", lastCounter, ...parameters } = key ?? {};
  return {
    place,
    user: user ?? null,
    ...(serial === "" ? {} : { serial }),
    ...parameters,
    ...(key ? { lastCounter: lastCounter ?? null } : {}),
    state,
    ...(why === undefined ? {} : { why }),
    remarks,
  };
}

/** Counts of what was found, and of what came. */
function endOf({ counts, outcome }: Came): object {
  const { done, leftOut, conflicts, ...came } = outcome ?? NOTHING;
  const told = conflicts.map((each) => ({ ...each, user: each.user ?? null }));
  return { found: counts, imported: { done, ...came }, conflicts: { count: leftOut, first: told } };
}

const NOTHING = {
  ...{ done: false, authenticators: 0, users: 0, tokens: 0, backupCodeSets: 0, leftOut: 0 },
  conflicts: [],
} as const;
