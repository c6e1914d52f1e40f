/** A certificate authority of the test's own, and a certificate of it for localhost. */
import { createHash, X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOrThrow } from "../../support/run.ts";

export interface Certificates {
  /** PEM, what a client is to trust. */
  readonly ca: string;
  readonly key: string;
  readonly certificate: string;
  /** SHA-256 of the server's public key, in base64: by this a browser is told to trust it. */
  readonly spki: string;
}

const EC_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export async function makeCertificates(): Promise<Certificates> {
  const directory = await mkdtemp(join(tmpdir(), "countersign-ca-"));
  try {
    return await makeIn(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function makeIn(directory: string): Promise<Certificates> {
  const at = (name: string): string => join(directory, name);
  const openssl = (...args: string[]) => runOrThrow(["openssl", ...args]);
  const ca = ["-subj", "/CN=stand-in CA", "-keyout", at("ca.key"), "-out", at("ca.pem")];
  await openssl("req", "-x509", ...EC_KEY, "-days", "2", ...ca);
  const request = ["-subj", "/CN=localhost", "-keyout", at("key"), "-out", at("request")];
  await openssl("req", ...EC_KEY, ...request);
  await writeFile(at("extensions"), "subjectAltName=DNS:localhost\n");
  const signed = ["-in", at("request"), "-out", at("pem"), "-extfile", at("extensions")];
  const signer = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial"];
  await openssl("x509", "-req", "-days", "2", ...signer, ...signed);
  const certificate = await readFile(at("pem"), "utf8");
  const publicKey = new X509Certificate(certificate).publicKey;
  return {
    ca: await readFile(at("ca.pem"), "utf8"),
    key: await readFile(at("key"), "utf8"),
    certificate,
    spki: createHash("sha256")
      .update(publicKey.export({ type: "spki", format: "der" }))
      .digest("base64"),
  };
}
