/**
 * JSON Web Tokens over node:crypto (RFC 7515, 7518): an implementation other than the SDK's,
 * so that the two are held against each other.
 */
import { createHmac, generateKeyPairSync, sign, timingSafeEqual } from "node:crypto";

export type Claims = Readonly<Record<string, unknown>>;
export type Algorithm = "HS512" | "HS256" | "RS256" | "none";

const HASH: Readonly<Record<string, string>> = { HS512: "sha512", HS256: "sha256" };

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

export function encodeJwt(claims: Claims, secret: string, alg: Algorithm = "HS512"): string {
  const signed = `${part({ alg, typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${signatureOf(signed, secret, alg)}`;
}

/**
 * The claims of a token that HS512 and this secret made.
 * @throws Error for any other
 */
export function decodeJwt(token: string, secret: string): Claims {
  const [header = "", payload = "", signature = "", ...more] = token.split(".");
  if (more.length > 0) throw new Error("not three parts");
  if ((read(header) as { alg?: unknown }).alg !== "HS512") throw new Error("alg is not HS512");
  const expected = Buffer.from(signatureOf(`${header}.${payload}`, secret, "HS512"));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Error("the signature does not fit");
  }
  return read(payload) as Claims;
}

function signatureOf(signed: string, secret: string, alg: Algorithm): string {
  if (alg === "none") return "";
  if (alg === "RS256")
    return sign("sha256", Buffer.from(signed), rsa.privateKey).toString("base64url");
  return createHmac(HASH[alg] ?? "", secret)
    .update(signed)
    .digest("base64url");
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function read(text: string): unknown {
  return JSON.parse(Buffer.from(text, "base64url").toString());
}
