/**
 * A checkpoint: the place of an audit event, said by this host at a time, and signed. Who holds
 * the public key, and nothing else of ours, can check it; openssl(1) can, too.
 *
 * What is signed (Ed25519, RFC 8032) is the text's lines above its empty line:
 *
 *     countersign audit checkpoint 1
 *     host: web1
 *     key: SHA-256 of the public key (SubjectPublicKeyInfo), in hexadecimal
 *     sequence: 1234
 *     hash: the event's
 *     at: 2026-11-22T09:00:00.000Z
 *     first: 1                         of an archive alone: its first event,
 *     sha256: 64 hexadecimal digits    and the hash of its lines
 *
 *     the signature in base64
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { AuditHead } from "./audit-head.ts";
import { printable } from "./printable.ts";

const TITLE = "countersign audit checkpoint 1";
/** A longer text is none: nobody is to make us look through megabytes. */
const LONGEST = 2048;

/** The whole of what stands in a file: events from `first` on, to the checkpoint's own. */
export interface ArchiveSeal {
  readonly first: number;
  /** Of the file's lines before the checkpoint, each with its line feed; 64 hexadecimal digits. */
  readonly sha256: string;
}

export interface Checkpoint extends AuditHead {
  readonly host: string;
  /** Which key signed it: `keyIdOf`. It tells one store from another as well. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Only with this may the events be removed from a store. */
  readonly archive?: ArchiveSeal;
}

/** A checkpoint with the text that says it and its signature. */
export interface SignedCheckpoint extends Checkpoint {
  readonly text: string;
}

/** A new key: its private half, 48 bytes that the caller zeroes. */
export type SigningKey = Uint8Array;

/** PKCS #8 of an Ed25519 key is these bytes and its seed (RFC 8410 section 7). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** @param seed 32 random bytes */
export function signingKeyOf(seed: Uint8Array): SigningKey {
  return Buffer.concat([PKCS8, seed]);
}

/** The public half, in PEM. */
export function publicKeyOf(key: SigningKey): string {
  return createPublicKey(privateKey(key)).export({ type: "spki", format: "pem" }).toString();
}

/** What a public key is called by. @throws Error for what is no Ed25519 key in PEM */
export function keyIdOf(publicKey: string): string {
  const key = createPublicKey(publicKey);
  if (key.asymmetricKeyType !== "ed25519") throw new Error("not an Ed25519 key");
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex");
}

export function signCheckpoint(
  key: SigningKey,
  said: Omit<Checkpoint, "key" | "host"> & { readonly host: string },
): SignedCheckpoint {
  const checkpoint = { ...said, host: printable(said.host), key: keyIdOf(publicKeyOf(key)) };
  const statement = statementOf(checkpoint);
  const signature = sign(null, Buffer.from(statement), privateKey(key)).toString("base64");
  return { ...checkpoint, text: `${statement}\n${signature}\n` };
}

const FORM = new RegExp(
  [
    `^(${TITLE}`,
    "host: (?<host>[^\\n]{0,256})",
    "key: (?<key>[0-9a-f]{64})",
    "sequence: (?<sequence>0|[1-9][0-9]{0,14})",
    "hash: (?<hash>[0-9a-f]{64})",
    "at: (?<at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z)",
    "(?:first: (?<first>[1-9][0-9]{0,14})",
    "sha256: (?<sha256>[0-9a-f]{64})",
    ")?)",
    "([A-Za-z0-9+/]{86}==)\\s*$",
  ].join("\\n"),
);

/** What a text says, by whomever; undefined where it is no checkpoint. `isSigned` tells more. */
export function readCheckpoint(text: string): SignedCheckpoint | undefined {
  if (text.length > LONGEST) return undefined;
  const { host, key, sequence, hash, at, first, sha256 } = FORM.exec(text)?.groups ?? {};
  const time = Date.parse(at ?? "");
  if (!key || !hash || host === undefined || Number.isNaN(time)) return undefined;
  return {
    ...{ host, key, hash, sequence: Number(sequence), at: time, text },
    ...(first && sha256 ? { archive: { first: Number(first), sha256 } } : {}),
  };
}

/** True where whoever holds the private half of this key said it, letter by letter. */
export function isSigned({ text, key }: SignedCheckpoint, publicKey: string): boolean {
  const [, statement, , , , , , , , signature] = FORM.exec(text) ?? [];
  if (statement === undefined || signature === undefined) return false;
  if (keyIdOf(publicKey) !== key) return false;
  return verify(null, Buffer.from(statement), publicKey, Buffer.from(signature, "base64"));
}

function statementOf({ host, key, sequence, hash, at, archive }: Checkpoint): string {
  const lines = [
    TITLE,
    `host: ${host}`,
    `key: ${key}`,
    `sequence: ${sequence}`,
    `hash: ${hash}`,
    `at: ${new Date(at).toISOString()}`,
    ...(archive ? [`first: ${archive.first}`, `sha256: ${archive.sha256}`] : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function privateKey(key: SigningKey) {
  return createPrivateKey({ key: Buffer.from(key), format: "der", type: "pkcs8" });
}
