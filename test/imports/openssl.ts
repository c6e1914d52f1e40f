/** The cryptography of a PSKC file a second time, by the openssl command. */
import { spawnSync } from "node:child_process";
import type { Maker } from "./pskc-file.ts";

function openssl(args: readonly string[], input: Uint8Array = new Uint8Array()): Buffer {
  const { status, stdout, stderr } = spawnSync("openssl", args, { input });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
  return stdout;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

export const OPENSSL: Maker = {
  encrypt: (key, iv, plain) =>
    openssl(["enc", "-aes-128-cbc", "-K", hex(key), "-iv", hex(iv)], plain),
  hmac: (key, bytes) =>
    openssl(["mac", "-digest", "SHA1", "-macopt", `hexkey:${hex(key)}`, "-binary", "HMAC"], bytes),
  derive: (passphrase, salt, iterations) =>
    openssl([
      ...["kdf", "-keylen", "16", "-binary", "-kdfopt", "digest:SHA256"],
      ...["-kdfopt", `pass:${passphrase}`, "-kdfopt", `hexsalt:${hex(salt)}`],
      ...["-kdfopt", `iter:${iterations}`, "PBKDF2"],
    ]),
};
