/**
 * Whether a request is one that Duo would take. Written from the documentation, apart from
 * the product's own signing: an error in both must be made twice.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface Application {
  readonly integrationKey: string;
  readonly secretKey: string;
  /** "auth", or another type of application, whose keys this API refuses. */
  readonly type: string;
}

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** A refusal; the first three digits are the HTTP status. */
export class Refusal extends Error {
  readonly code: number;
  readonly detail: string | undefined;

  constructor(code: number, message: string, detail?: string) {
    super(message);
    this.code = code;
    this.detail = detail;
  }
}

/** Seconds that clocks may differ, and that a signature is remembered. */
const WINDOW = 300;

/** Method, path and parameters, if the request is formed as the documentation has it. */
export function readRequest(request: IncomingMessage, body: Buffer, host: string): Received {
  const { method = "", url = "", headers } = request;
  if (request.httpVersion !== "1.1") throw new Refusal(40001, "HTTP/1.1 is spoken here");
  if (headers.host !== host) throw new Refusal(40401, "Resource not found", "host");
  const [path = "", query = ""] = url.split("?", 2);
  if (method === "GET") {
    if (body.length > 0) throw new Refusal(40001, "GET has no body");
    return { method, path, parameters: parsePairs(query) };
  }
  if (method !== "POST") throw new Refusal(40501, "Method not allowed");
  if (query !== "") throw new Refusal(40002, "Invalid request parameters", "query");
  if (headers["content-length"] !== String(body.length) || headers["transfer-encoding"]) {
    throw new Refusal(41101, "Length required");
  }
  if (headers["content-type"] !== "application/x-www-form-urlencoded") {
    throw new Refusal(40106, "Invalid content type");
  }
  return { method, path, parameters: parsePairs(body.toString("utf8")) };
}

function parsePairs(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  if (text === "") return parameters;
  for (const pair of text.split("&")) {
    const [name = "", value, more] = pair.split("=").map((part) => decodeURIComponent(part));
    const wrong = name === "" || value === undefined || more !== undefined || parameters.has(name);
    if (wrong) throw new Refusal(40002, "Invalid request parameters", name);
    parameters.set(name, value);
  }
  return parameters;
}

export class Scrutiny {
  readonly #application: Application;
  readonly #now: () => number;
  /** Signatures, with the second they came in. */
  readonly #seen = new Map<string, number>();
  replays = 0;

  /** @param now the stand-in's time, in milliseconds */
  constructor(application: Application, now: () => number) {
    this.#application = application;
    this.#now = now;
  }

  /** @throws Refusal */
  judge(request: IncomingMessage, received: Received): void {
    const { authorization, date, host = "" } = request.headers;
    if (authorization === undefined) throw new Refusal(40101, "Missing request credentials");
    if (date === undefined) throw new Refusal(40104, "Missing request timestamp");
    const [scheme, encoded = ""] = authorization.split(" ");
    const [key, signature = ""] = Buffer.from(encoded, "base64").toString("utf8").split(":");
    if (scheme !== "Basic" || key !== this.#application.integrationKey) {
      throw new Refusal(40102, "Invalid integration key in request credentials");
    }
    const now = Math.floor(this.#now() / 1000);
    if (!(Math.abs(Date.parse(date) / 1000 - now) <= WINDOW)) {
      throw new Refusal(40105, "Bad request timestamp");
    }
    this.#judgeSignature(signature, [date, received.method, host.split(":")[0] ?? ""], received);
    this.#judgeReplay(signature, now);
    if (this.#application.type !== "auth") {
      throw new Refusal(40301, "Access forbidden", "Wrong integration type for this API.");
    }
  }

  #judgeSignature(signature: string, head: string[], { path, parameters }: Received): void {
    const pairs = [...parameters].map(([name, value]) => [quote(name), quote(value)]);
    pairs.sort(([one = ""], [other = ""]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    const text = [...head, path, pairs.map((pair) => pair.join("=")).join("&")].join("\n");
    const expected = createHmac("sha512", this.#application.secretKey).update(text).digest("hex");
    const given = Buffer.from(signature.padEnd(expected.length).slice(0, expected.length));
    if (signature.length !== expected.length || !timingSafeEqual(given, Buffer.from(expected))) {
      throw new Refusal(40103, "Invalid signature in request credentials");
    }
  }

  #judgeReplay(signature: string, now: number): void {
    for (const [seen, second] of this.#seen) if (second < now - WINDOW) this.#seen.delete(seen);
    if (this.#seen.has(signature)) {
      this.replays++;
      throw new Refusal(40103, "Invalid signature in request credentials", "replayed");
    }
    this.#seen.set(signature, now);
  }
}

/** RFC 3986 2.3, byte by byte. */
function quote(text: string): string {
  return [...Buffer.from(text, "utf8")]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (/[A-Za-z0-9_.~-]/.test(character)) return character;
      return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}
