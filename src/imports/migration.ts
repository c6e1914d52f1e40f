/**
 * What Google Authenticator exports: `otpauth-migration://offline?data=BASE64` of a
 * MigrationPayload, a message in Protocol Buffers:
 *
 *     repeated OtpParameters otp_parameters = 1 {
 *       bytes secret = 1; string name = 2; string issuer = 3;
 *       enum algorithm = 4 (1 SHA1, 2 SHA256, 3 SHA512, 4 MD5);
 *       enum digits = 5 (1 six, 2 eight); enum type = 6 (1 HOTP, 2 TOTP); int64 counter = 7; }
 *     int32 version = 2; int32 batch_size = 3; int32 batch_index = 4; int32 batch_id = 5;
 *
 * Google publishes no description; this is what others found. Newer versions add fields,
 * which are passed over; 0 is what an enum has that was not set.
 */
import type { Unfit } from "../contracts/imported.ts";
import type { Algorithm, Digits } from "../core/totp.ts";
import { accountOf, type KeyUri } from "./key-uri.ts";
import { Misfit } from "./misfit.ts";
import { Message } from "./protobuf.ts";

/** QR codes of one export; the app puts ten accounts into each. */
const MOST_CODES = 1_000;

/** Exports in one file: of each is kept which QR codes were there. */
const MOST_EXPORTS = 1_000;

/** Which QR code of which export it is. */
export interface Batch {
  readonly id: bigint;
  readonly size: number;
  /** From 0. */
  readonly index: number;
}

export interface ExportedAccount {
  /** As far as it could be read. */
  readonly name: string | undefined;
  /** @throws Misfit where it cannot come */
  read(): KeyUri;
}

export interface Export {
  readonly batch: Batch;
  readonly accounts: readonly ExportedAccount[];
}

/** By the number of the enum. */
const ALGORITHM: readonly (Algorithm | undefined)[] = ["sha1", "sha1", "sha256", "sha512"];
const DIGITS: readonly (Digits | undefined)[] = [6, 6, 8];
const METHOD = ["totp", "hotp", "totp"] as const;
/** The app knows no other, and does not export it. */
const PERIOD = 30;

/** @throws Misfit */
export function parseMigration(uri: string): Export {
  const data = /^otpauth-migration:\/\/offline\/?\?data=([^&?#]*)$/i.exec(uri)?.[1];
  if (data === undefined) throw new Misfit("not of the form otpauth-migration://offline?data=DATA");
  const payload = bytesOf(data);
  const message = Message.read(payload, [1]);
  const version = message.whole(2);
  if (version !== 1 && version !== 2) throw new Misfit("an export of a version that is not known");
  const batch = {
    // A number of 32 bits with a sign, whose bits say nothing but which export it is.
    id: message.varint(5),
    size: message.whole(3),
    index: message.whole(4),
  };
  if (batch.size < 1 || batch.size > MOST_CODES || batch.index >= batch.size) {
    throw new Misfit("an export whose QR codes are counted wrong");
  }
  const accounts = message.repeated(1).map((bytes) => ({
    name: nameIn(bytes),
    read: () => accountIn(bytes),
  }));
  return { batch, accounts };
}

function bytesOf(data: string): Uint8Array {
  let bytes: Uint8Array | undefined;
  try {
    // A plus sign is one of base64's; the app writes it as %2B.
    bytes = Uint8Array.fromBase64(decodeURIComponent(data));
  } catch {}
  if (bytes === undefined || bytes.length === 0) throw new Misfit("its data are not base64");
  return bytes;
}

function nameIn(bytes: Uint8Array): string | undefined {
  try {
    return accountOf(Message.read(bytes).text(2)) || undefined;
  } catch {
    return undefined;
  }
}

function accountIn(bytes: Uint8Array): KeyUri {
  const message = Message.read(bytes);
  const [algorithm, digits] = [ALGORITHM[message.whole(4)], DIGITS[message.whole(5)]];
  const method = METHOD[message.whole(6)];
  if (algorithm === undefined) throw new Misfit("an algorithm other than SHA1, SHA256 and SHA512");
  if (digits === undefined) throw new Misfit("codes not of 6 or 8 digits");
  if (method === undefined) throw new Misfit("a type that is not totp or hotp");
  const account = accountOf(message.text(2));
  const counter = message.whole(7);
  // The app counts on before it shows a code (OtpProvider.java): this counter's was shown.
  const own =
    method === "totp"
      ? { period: PERIOD, lastCounter: undefined }
      : { period: undefined, lastCounter: counter };
  return { method, account, secret: message.taken(1), algorithm, digits, ...own };
}

/** Which QR codes of each export were there: one left out is not noticed by looking at the others. */
export class Batches {
  readonly #seen = new Map<bigint, { place: string; size: number; indexes: Set<number> }>();

  /** @throws Misfit for a QR code that was there already, or is of another count than the first */
  add(place: string, { id, size, index }: Batch): void {
    const known = this.#seen.get(id) ?? { place, size, indexes: new Set<number>() };
    if (this.#seen.size === MOST_EXPORTS && !this.#seen.has(id)) {
      throw new Misfit(`more than ${MOST_EXPORTS} exports in one file`);
    }
    this.#seen.set(id, known);
    if (known.size !== size) throw new Misfit("an export whose QR codes are counted wrong");
    if (known.indexes.has(index)) throw new Misfit(`QR code ${index + 1} of ${size} again`);
    known.indexes.add(index);
  }

  /** One for each export that lacks some. */
  *missing(): Generator<Unfit> {
    for (const { place, size, indexes } of this.#seen.values()) {
      const all = Array.from({ length: size }, (_, index) => index);
      const lacking = all.filter((index) => !indexes.has(index)).map((index) => index + 1);
      if (lacking.length === 0) continue;
      const few = lacking.slice(0, 5).join(", ");
      const more = lacking.length > 5 ? ` and ${lacking.length - 5} more` : "";
      const why = `missing QR codes of this export of ${size}: ${few}${more}`;
      yield { kind: "unfit", place, user: undefined, why };
    }
  }
}
