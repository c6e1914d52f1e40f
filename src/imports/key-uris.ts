/**
 * Key URIs (otpauth:), one a line, as `zbarimg --raw` reads them from pictures, and what
 * Google Authenticator exports (otpauth-migration:) among them.
 */
import type { ImportedAuthenticator, ImportItem } from "../contracts/imported.ts";
import { Fault } from "../core/fault.ts";
import { itemOf } from "./fit.ts";
import { accountNamedBy, type KeyUri, parseKeyUri } from "./key-uri.ts";
import { type Chunks, linesOf } from "./lines.ts";
import { Batches, type Export, parseMigration } from "./migration.ts";
import { Misfit } from "./misfit.ts";

/** Characters of a line: four times what a QR code can hold. */
export const URI_MAX = 16_384;

export interface Owners {
  /** Whose all of them are, whatever the labels say. */
  readonly user?: string | undefined;
  /** What is left out of a label's account after its `@`: ALICE@DOMAIN is alice. */
  readonly domain?: string | undefined;
}

const SCHEME = /^(otpauth(?:-migration)?):/i;

/** @throws Fault `import-invalid` when the first line that says anything is no such URI */
export async function* readKeyUris(
  chunks: Chunks,
  owners: Owners = {},
): AsyncGenerator<ImportItem> {
  const batches = new Batches();
  let isFirst = true;
  for await (const { number, text, isEnded } of linesOf(chunks, URI_MAX)) {
    const place = `line ${number}`;
    const uri = text?.trim();
    if (uri === "" || uri?.startsWith("#")) continue;
    const scheme = SCHEME.exec(uri ?? "")?.[1]?.toLowerCase();
    if (isFirst && scheme === undefined) {
      throw new Fault("import-invalid", `${place}: this is no otpauth URI`, {
        hint: "one a line, as zbarimg --raw reads them from pictures",
      });
    }
    isFirst = false;
    if (uri === undefined) {
      yield { kind: "unfit", place, user: undefined, why: `longer than ${URI_MAX} characters` };
    } else if (scheme === "otpauth-migration") {
      yield* accountsOf(place, uri, owners, batches);
    } else {
      const user = userOf(accountNamedBy(uri), owners);
      const read = () => (isEnded ? parseKeyUri(uri) : whole(parseKeyUri(uri)));
      yield itemOf(place, user, () => authenticatorOf(place, owners, read()));
    }
  }
  yield* batches.missing();
}

/** A counter without its last figures would let used codes in again. */
function whole(uri: KeyUri): KeyUri {
  if (uri.method === "totp") return uri;
  uri.secret.fill(0);
  throw new Misfit("no line break at its end: its counter may be cut off");
}

function* accountsOf(
  place: string,
  uri: string,
  owners: Owners,
  batches: Batches,
): Generator<ImportItem> {
  let exported: Export;
  try {
    exported = parseMigration(uri);
    batches.add(place, exported.batch);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return yield { kind: "unfit", place, user: undefined, why: error.message };
  }
  for (const [index, account] of exported.accounts.entries()) {
    const own = `${place}, account ${index + 1}`;
    const user = userOf(account.name, owners);
    yield itemOf(own, user, () => authenticatorOf(own, owners, account.read()));
  }
}

function authenticatorOf(place: string, owners: Owners, uri: KeyUri): ImportedAuthenticator {
  const { method, account, secret, algorithm, digits, period, lastCounter } = uri;
  const user = userOf(account, owners);
  if (user === undefined || user === "") {
    secret.fill(0);
    throw new Misfit("a label without an account");
  }
  return {
    kind: "authenticator",
    place,
    user,
    method,
    serial: "",
    secret,
    algorithm,
    digits,
    period,
    lastCounter,
    skew: 0,
    scratchCodes: [],
    remarks: [],
  };
}

function userOf(account: string | undefined, { user, domain }: Owners): string | undefined {
  const ending = `@${domain}`;
  const isOwn = domain !== undefined && account?.endsWith(ending);
  return user ?? (isOwn ? account?.slice(0, -ending.length) : account);
}
