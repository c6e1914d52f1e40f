/** PSKC files made for a test, plain or encrypted; by Node's cryptography or another. */
import { createCipheriv, createHmac, pbkdf2Sync } from "node:crypto";

/** The cryptography that a file is made with. */
export interface Maker {
  /** AES-128-CBC with the padding of PKCS #7. */
  encrypt(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array;
  hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array;
  derive(passphrase: string, salt: Uint8Array, iterations: number): Uint8Array;
}

export const NODE: Maker = {
  encrypt(key, iv, plain) {
    const cipher = createCipheriv("aes-128-cbc", key, iv);
    return Buffer.concat([cipher.update(plain), cipher.final()]);
  },
  hmac: (key, bytes) => createHmac("sha1", key).update(bytes).digest(),
  derive: (passphrase, salt, count) => pbkdf2Sync(passphrase, salt, count, 16, "sha256"),
};

const NAMESPACES = `xmlns="urn:ietf:params:xml:ns:keyprov:pskc"
  xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"
  xmlns:xenc11="http://www.w3.org/2009/xmlenc11#"
  xmlns:pkcs5="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"`;
const HMAC_SHA1 = "http://www.w3.org/2000/09/xmldsig#hmac-sha1";
const AES128 = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";

export function container(packages: readonly string[], head = ""): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<KeyContainer Version="1.0" ${NAMESPACES}>${head}${packages.join("\n")}</KeyContainer>\n`;
}

export interface KeyParts {
  readonly serial?: string;
  readonly algorithm?: string;
  readonly parameters?: string;
  /** What Secret holds. */
  readonly secret?: string;
  /** What stands in Data after Secret. */
  readonly moving?: string;
  /** What follows Data. */
  readonly after?: string;
}

export const SECRET = Buffer.from("12345678901234567890");

export function plain(value: Uint8Array | string | number): string {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
  return `<PlainValue>${text}</PlainValue>`;
}

export function keyPackage(parts: KeyParts = {}): string {
  const { serial = "1000", algorithm = "hotp", after = "" } = parts;
  const { parameters = '<ResponseFormat Length="6" Encoding="DECIMAL"/>' } = parts;
  const { secret = plain(SECRET), moving = `<Counter>${plain(0)}</Counter>` } = parts;
  return `<KeyPackage><DeviceInfo><Manufacturer>Acme</Manufacturer><SerialNo>${serial}</SerialNo>
</DeviceInfo><Key Id="K-${serial}" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:${algorithm}">
<AlgorithmParameters>${parameters}</AlgorithmParameters>
<Data><Secret>${secret}</Secret>${moving}</Data>${after}</Key></KeyPackage>`;
}

export const KEY = Buffer.from("12345678901234567890123456789012", "hex");
export const MAC_KEY = Buffer.from("1122334455667788990011223344556677889900", "hex");

export interface Sealed {
  /** EncryptionKey and MACMethod. */
  readonly head: string;
  /** EncryptedValue and ValueMAC of what is to be hidden. */
  seal(value: Uint8Array): string;
}

/** Under KEY, or one made of a passphrase. */
export function sealed({ maker = NODE, passphrase = "", iterations = 1000 } = {}): Sealed {
  const salt = Buffer.from("saltsalt");
  const key = passphrase ? maker.derive(passphrase, salt, iterations) : KEY;
  let count = 0;
  const encrypted = (value: Uint8Array): Uint8Array => {
    const iv = Buffer.alloc(16, ++count);
    return Buffer.concat([iv, maker.encrypt(key, iv, value)]);
  };
  const data = (bytes: Uint8Array): string => `<xenc:EncryptionMethod Algorithm="${AES128}"/>
<xenc:CipherData><xenc:CipherValue>${Buffer.from(bytes).toString("base64")}</xenc:CipherValue>
</xenc:CipherData>`;
  const source = passphrase
    ? derivation(salt, iterations)
    : "<ds:KeyName>Pre-shared-key</ds:KeyName>";
  return {
    head: `<EncryptionKey>${source}</EncryptionKey>
<MACMethod Algorithm="${HMAC_SHA1}"><MACKey>${data(encrypted(MAC_KEY))}</MACKey></MACMethod>`,
    seal(value) {
      const bytes = encrypted(value);
      const mac = Buffer.from(maker.hmac(MAC_KEY, bytes)).toString("base64");
      return `<EncryptedValue>${data(bytes)}</EncryptedValue><ValueMAC>${mac}</ValueMAC>`;
    },
  };
}

/** With HMAC-SHA-256, which is not the default. */
function derivation(salt: Uint8Array, iterations: number): string {
  return `<xenc11:DerivedKey><xenc11:KeyDerivationMethod
 Algorithm="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2">
<pkcs5:PBKDF2-params><Salt><Specified>${Buffer.from(salt).toString("base64")}</Specified></Salt>
<IterationCount>${iterations}</IterationCount><KeyLength>16</KeyLength>
<PRF Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"/></pkcs5:PBKDF2-params>
</xenc11:KeyDerivationMethod><xenc11:MasterKeyName>Delivery 7</xenc11:MasterKeyName>
</xenc11:DerivedKey>`;
}
