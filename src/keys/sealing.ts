/**
 * Sealing at rest: AES-256-GCM under a key derived from the master key, bound to its cell,
 * so that a ciphertext copied to another row, column or table does not open there.
 *
 * Sealed form: version (1 byte) ‖ nonce (12) ‖ ciphertext ‖ tag (16). Nonces are random:
 * at 2^32 sealings under one key they may begin to repeat (NIST SP 800-38D 8.3), which is
 * far beyond any host's enrollments.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { MASTER_KEY_BYTES } from "../contracts/key-provider.ts";
import type { Sealer } from "../contracts/sealing.ts";
import type { Cell } from "../core/cells.ts";
import { Fault } from "../core/fault.ts";

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = "aes-256-gcm";

/**
 * Keeps derived keys only: the caller zeroes the master key.
 * @throws Fault `key-invalid` for a key of another length
 */
export function createSealer(masterKey: Uint8Array): Sealer {
  if (masterKey.length !== MASTER_KEY_BYTES) {
    throw new Fault("key-invalid", `a master key has ${MASTER_KEY_BYTES} bytes`);
  }
  // Distinct info strings (RFC 5869 3.2): neither key tells anything of the other.
  const sealingKey = derive(masterKey, "countersign/1 sealing");
  const auditKey = derive(masterKey, "countersign/1 audit chain");
  const bindingKey = derive(masterKey, "countersign/1 binding");
  let closed = false;
  // A zeroed key still encrypts, and under it everybody can read.
  const refuseClosed = (): void => {
    if (closed) throw new Fault("internal", "the sealer is closed");
  };
  return {
    seal(plain, cell) {
      refuseClosed();
      return seal(sealingKey, plain, cell);
    },
    open(sealed, cell) {
      refuseClosed();
      return open(sealingKey, sealed, cell);
    },
    bind(bytes, cell) {
      refuseClosed();
      const place = associatedData(VERSION, cell);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(place.length);
      return createHmac("sha256", bindingKey).update(length).update(place).update(bytes).digest();
    },
    get auditKey() {
      refuseClosed();
      return auditKey;
    },
    close() {
      closed = true;
      sealingKey.fill(0);
      auditKey.fill(0);
      bindingKey.fill(0);
    },
  };
}

function seal(key: Buffer, plain: Uint8Array, cell: Cell): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(VERSION, cell));
  const body = [cipher.update(plain), cipher.final()];
  return Buffer.concat([Buffer.of(VERSION), nonce, ...body, cipher.getAuthTag()]);
}

function open(key: Buffer, sealed: Uint8Array, cell: Cell): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < 1 + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION) throw corrupt(cell);
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(VERSION, cell));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  // Stream mode: all plaintext comes from update, and is nobody's before final has agreed.
  const plain = decipher.update(bytes.subarray(1 + NONCE_BYTES, -TAG_BYTES));
  try {
    decipher.final();
    return plain;
  } catch {
    plain.fill(0);
    throw corrupt(cell);
  }
}

/** JSON quotes every part: no part can run into its neighbour. */
function associatedData(version: number, { table, column, row }: Cell): Buffer {
  return Buffer.from(JSON.stringify([version, table, column, row]));
}

function derive(masterKey: Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync("sha256", masterKey, Buffer.alloc(0), info, 32));
}

function corrupt({ table, column }: Cell): Fault {
  return new Fault("sealed-corrupt", `what is sealed in ${table}.${column} does not open`, {
    hint: "restore the store together with the master key it was made with",
  });
}
