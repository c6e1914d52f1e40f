/** A certification authority of the tests' own, and what servers show: good, and not. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a server shows: of its name and its address, of its name alone, or what will not do. */
export type CertificateKind = "good" | "name-only" | "other-name" | "expired" | "other-authority";

export interface Shown {
  readonly key: string;
  readonly cert: string;
}

export interface Certificates {
  /** The authority, in PEM. */
  readonly authority: string;
  /** Another one, that vouches for "other-authority". */
  readonly stranger: string;
  readonly shown: Readonly<Record<CertificateKind, Shown>>;
}

const NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1";
const OTHER_NAMES = "subjectAltName=DNS:api-00000000.duosecurity.com";
const CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

let made: Certificates | undefined;

/** Made once for each process, by openssl. */
export function certificates(): Certificates {
  if (made) return made;
  const directory = mkdtempSync(join(tmpdir(), "countersign-duo-"));
  try {
    makeAuthority(directory, "authority");
    makeAuthority(directory, "stranger");
    made = {
      authority: readFileSync(join(directory, "authority.pem"), "utf8"),
      stranger: readFileSync(join(directory, "stranger.pem"), "utf8"),
      shown: {
        good: makeShown(directory, "authority", NAMES, "2"),
        "name-only": makeShown(directory, "authority", "subjectAltName=DNS:localhost", "2"),
        "other-name": makeShown(directory, "authority", OTHER_NAMES, "2"),
        expired: makeShown(directory, "authority", NAMES, "-1"),
        "other-authority": makeShown(directory, "stranger", NAMES, "2"),
      },
    };
    return made;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function openssl(directory: string, ...args: readonly string[]): void {
  execFileSync("openssl", args, { cwd: directory, stdio: ["ignore", "ignore", "pipe"] });
}

function makeAuthority(directory: string, name: string): void {
  const out = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
  openssl(directory, "req", "-x509", ...CURVE, ...out, "-subj", `/CN=${name}`, "-days", "2");
}

function makeShown(directory: string, authority: string, names: string, days: string): Shown {
  const out = ["-keyout", "server.key", "-out", "server.csr"];
  openssl(directory, "req", ...CURVE, ...out, "-subj", "/CN=stand-in");
  writeFileSync(join(directory, "names"), names);
  const signer = ["-CA", `${authority}.pem`, "-CAkey", `${authority}.key`, "-CAcreateserial"];
  const request = ["-req", "-in", "server.csr", "-out", "server.pem", "-extfile", "names"];
  openssl(directory, "x509", ...request, ...signer, "-days", days);
  return {
    key: readFileSync(join(directory, "server.key"), "utf8"),
    cert: readFileSync(join(directory, "server.pem"), "utf8"),
  };
}
