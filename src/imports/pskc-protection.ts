/**
 * What protects the values of a PSKC file (RFC 6030 section 6): AES-CBC under a pre-shared key,
 * or under one derived from a passphrase, and a MAC over what was encrypted.
 *
 * A value without a MAC is not taken: AES-CBC does not show a change, and whoever can change
 * the file on its way could turn a secret into one they know.
 */
import { createDecipheriv, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { Misfit } from "./misfit.ts";
import {
  base64Of,
  childOf,
  integerOf,
  PKCS5,
  PSKC,
  textOf,
  XMLDSIG,
  XMLENC,
  XMLENC11,
} from "./pskc-elements.ts";
import type { XmlElement } from "./xml-children.ts";

/** What opens a file. `name` is what the file calls it, cleaned; it may be empty. */
export interface AskedKey {
  readonly kind: "pre-shared key" | "passphrase";
  readonly name: string;
}
/** What was typed: hexadecimal or base64 for a pre-shared key. Undefined: there is none. */
export type AskKey = (asked: AskedKey) => Promise<string | undefined>;

/** Bytes of key, by algorithm. */
const CIPHERS: Readonly<Record<string, number>> = {
  [`${XMLENC}aes128-cbc`]: 16,
  [`${XMLENC}aes192-cbc`]: 24,
  [`${XMLENC}aes256-cbc`]: 32,
};
const XMLDSIG_MORE = "http://www.w3.org/2001/04/xmldsig-more#";
const HMACS: Readonly<Record<string, string>> = {
  [`${XMLDSIG}hmac-sha1`]: "sha1",
  [`${XMLDSIG_MORE}hmac-sha256`]: "sha256",
  [`${XMLDSIG_MORE}hmac-sha384`]: "sha384",
  [`${XMLDSIG_MORE}hmac-sha512`]: "sha512",
};
const PBKDF2 = [`${PKCS5}pbkdf2`, `${XMLENC11}pbkdf2`];
/** Where the parts of PBKDF2 stand: the RFC's own example has them in no namespace at all. */
const PBKDF2_PARTS = [PKCS5, XMLENC11, "", PSKC];
/** A second or two of one processor: a file is not to keep it for hours. */
const ITERATIONS_MAX = 2_000_000;
const BLOCK = 16;
const MAC_KEY_MIN = 16;
const VALUE_MAX = 128;
const NO_MAC = "it is encrypted without a MAC, so anybody can change it";

interface Cipher {
  readonly keyLength: number;
  /** The initialization vector first. */
  readonly bytes: Buffer;
}

interface MacMethod {
  readonly hash: string;
  readonly key: Cipher;
}

interface KeySource {
  readonly asked: AskedKey;
  derive(typed: string): Promise<Buffer>;
}

/** What was found in the head of a file; an element that is of no use is so to each value. */
type Found<T> = { readonly part: T } | { readonly why: string };

export class Protection {
  readonly #ask: AskKey;
  #source: Found<KeySource> = { why: "it is encrypted, and the file does not say by which key" };
  #method: Found<MacMethod> = { why: NO_MAC };
  #key: Buffer | undefined;
  #macKey: Buffer | undefined;
  /** A MAC has fitted: the key is the right one. */
  #proven = false;
  /** The file says how it is encrypted: a secret that is not may have been put in another's place. */
  isNamed = false;

  constructor(ask: AskKey) {
    this.#ask = ask;
  }

  /** The container's EncryptionKey. */
  encryptionKey(element: XmlElement): void {
    this.isNamed = true;
    this.#source = found(() => keySource(element));
  }

  /** The container's MACMethod. */
  macMethod(element: XmlElement): void {
    this.isNamed = true;
    this.#method = found(() => macMethod(element));
  }

  /**
   * What was encrypted; the caller zeroes it.
   * @throws Misfit for a value that cannot be opened or was changed
   * @throws Fault `import-key` when there is no key, or not the right one
   */
  async open(encrypted: XmlElement, valueMac: XmlElement | undefined): Promise<Buffer> {
    const cipher = cipherOf(encrypted);
    const method = partOf(this.#method);
    const mac = base64Of(textOf(valueMac), 64);
    if (!mac?.length) throw new Misfit(NO_MAC);
    const { key, macKey } = await this.#unlock(method);
    const expected = createHmac(method.hash, macKey).update(cipher.bytes).digest();
    if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) {
      if (!this.#proven) throw wrongKey(partOf(this.#source).asked);
      throw new Misfit("its MAC does not fit: it was changed");
    }
    this.#proven = true;
    const plain = decrypt(cipher, key);
    if (plain === undefined) throw new Misfit("it cannot be decrypted");
    return plain;
  }

  /** Zeroes the keys. */
  close(): void {
    this.#key?.fill(0);
    this.#macKey?.fill(0);
  }

  async #unlock(method: MacMethod): Promise<{ key: Buffer; macKey: Buffer }> {
    const { asked, derive } = partOf(this.#source);
    if (this.#key === undefined) {
      const typed = await this.#ask(asked);
      if (typed === undefined) throw noKey(asked);
      this.#key = await derive(typed);
    }
    this.#macKey ??= decrypt(method.key, this.#key);
    // One clear word for the whole file, instead of one for each of its keys.
    if (this.#macKey === undefined || this.#macKey.length < MAC_KEY_MIN) throw wrongKey(asked);
    return { key: this.#key, macKey: this.#macKey };
  }
}

function keySource(element: XmlElement): KeySource {
  const derived = childOf(element, "DerivedKey", [XMLENC11]);
  if (derived) return passphraseSource(derived);
  const name = childOf(element, "KeyName", [XMLDSIG]);
  if (name) return { asked: asking("pre-shared key", name), derive: async (text) => keyIn(text) };
  throw new Misfit("it is encrypted by other means than a pre-shared key or a passphrase");
}

function passphraseSource(derived: XmlElement): KeySource {
  const method = childOf(derived, "KeyDerivationMethod", [XMLENC11]);
  if (!PBKDF2.includes(method?.attributes.get("Algorithm") ?? "")) {
    throw new Misfit("its encryption key is derived otherwise than by PBKDF2");
  }
  const parameters = childOf(method, "PBKDF2-params", [PKCS5, XMLENC11]);
  const part = (of: XmlElement | undefined, name: string) => childOf(of, name, PBKDF2_PARTS);
  const salt = base64Of(textOf(part(part(parameters, "Salt"), "Specified")), VALUE_MAX);
  const iterations = integerOf(textOf(part(parameters, "IterationCount")));
  const keyLength = integerOf(textOf(part(parameters, "KeyLength")) ?? "16");
  // Empty, as in the RFC's example, it is PKCS #5's own default.
  const prf = part(parameters, "PRF")?.attributes.get("Algorithm") ?? `${XMLDSIG}hmac-sha1`;
  const hash = HMACS[prf];
  if (salt === undefined || hash === undefined) throw new Misfit("its PBKDF2 cannot be followed");
  if (iterations === undefined || iterations < 1 || iterations > ITERATIONS_MAX) {
    throw new Misfit(`its PBKDF2 has other than 1 to ${ITERATIONS_MAX} iterations`);
  }
  if (keyLength === undefined || !Object.values(CIPHERS).includes(keyLength)) {
    throw new Misfit("its PBKDF2 makes a key of no length of AES");
  }
  return {
    asked: asking("passphrase", childOf(derived, "MasterKeyName", [XMLENC11])),
    derive: (text) => derivedKey(text, salt, iterations, keyLength, hash),
  };
}

function macMethod(element: XmlElement): MacMethod {
  const hash = HMACS[element.attributes.get("Algorithm") ?? ""];
  if (hash === undefined) throw new Misfit("its MAC is of a kind that is not known here");
  const key = childOf(element, "MACKey");
  if (key === undefined) throw new Misfit("the key of its MAC is not in the file");
  return { hash, key: cipherOf(key) };
}

/** An xenc:EncryptedData. */
function cipherOf(encrypted: XmlElement): Cipher {
  const method = childOf(encrypted, "EncryptionMethod", [XMLENC]);
  const keyLength = CIPHERS[method?.attributes.get("Algorithm") ?? ""];
  if (keyLength === undefined) throw new Misfit("it is encrypted otherwise than by AES-CBC");
  const data = childOf(encrypted, "CipherData", [XMLENC]);
  const value = textOf(childOf(data, "CipherValue", [XMLENC]));
  const bytes = base64Of(value, VALUE_MAX + 2 * BLOCK);
  if (bytes === undefined || bytes.length < 2 * BLOCK || bytes.length % BLOCK !== 0) {
    throw new Misfit("what is encrypted has no length that AES-CBC makes of a secret");
  }
  return { keyLength, bytes };
}

/** Undefined when the padding says that this was not the key. */
function decrypt({ keyLength, bytes }: Cipher, key: Buffer): Buffer | undefined {
  if (key.length !== keyLength) return undefined;
  const decipher = createDecipheriv(`aes-${keyLength * 8}-cbc`, key, bytes.subarray(0, BLOCK));
  // XML Encryption section 5.2: the last byte tells the length, the others may be anything.
  decipher.setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(bytes.subarray(BLOCK)), decipher.final()]);
  const padding = padded.at(-1) ?? 0;
  const plain = Buffer.alloc(padding <= BLOCK ? padded.length - padding : 0);
  padded.copy(plain);
  padded.fill(0);
  return padding > 0 && padding <= BLOCK ? plain : undefined;
}

function derivedKey(
  passphrase: string,
  salt: Buffer,
  iterations: number,
  length: number,
  hash: string,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    pbkdf2(passphrase, salt, iterations, length, hash, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

/** A pre-shared key as it is handed over: hexadecimal, or base64. */
function keyIn(typed: string): Buffer {
  const text = typed.trim();
  const lengths = Object.values(CIPHERS);
  if (/^[0-9a-f]+$/i.test(text) && lengths.includes(text.length / 2)) {
    const key = Buffer.alloc(text.length / 2);
    key.write(text, "hex");
    return key;
  }
  const key = base64Of(text, Math.max(...lengths));
  if (key && lengths.includes(key.length)) return key;
  throw new Fault("import-key", "this is no pre-shared key", {
    hint: "type its 32 hexadecimal digits (AES-192 48, AES-256 64), or its base64",
  });
}

function asking(kind: AskedKey["kind"], name: XmlElement | undefined): AskedKey {
  return { kind, name: printable(textOf(name) ?? "", 64) };
}

function noKey({ kind }: AskedKey): Fault {
  return new Fault("import-key", `the file is encrypted by a ${kind}, and none was given`);
}

function wrongKey({ kind }: AskedKey): Fault {
  return new Fault("import-key", `this is not the ${kind} of the file, or the file was changed`);
}

function found<T>(read: () => T): Found<T> {
  try {
    return { part: read() };
  } catch (error) {
    if (error instanceof Misfit) return { why: error.message };
    throw error;
  }
}

function partOf<T>(found: Found<T>): T {
  if ("why" in found) throw new Misfit(found.why);
  return found.part;
}
