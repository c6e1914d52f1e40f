/**
 * A validation server over TLS, as Yubico's documentation and its own server (yubikey-val) have
 * it: strict about what it is asked, and misbehaving when told to. Servers that share a `Pool`
 * have synchronized their counters.
 */
import { createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TestContext } from "node:test";
import { type CertificateKind, certificates } from "../duo/stand-in/certificates.ts";
import { crcOf, type SoftwareYubikey } from "../support/yubikey.ts";

export const CLIENT_ID = 87;
/** 20 bytes, as Yubico gives them out. */
export const API_KEY = Buffer.from("a key of twenty bytes").subarray(0, 20).toString("base64");

type Fields = Readonly<Record<string, string>>;

/** What one server does instead of what it should. */
export type Mode =
  | "ok"
  | "old-answer"
  | "wrong-nonce"
  | "wrong-otp"
  | "bad-signature"
  | "no-signature"
  | "no-counters"
  | "counters-too-large"
  | "other-counters"
  | "old-time"
  | "no-time"
  | "a-field-twice"
  | "unknown-status"
  | "garbage"
  | "empty"
  | "megabytes"
  | "redirect"
  | "server-error"
  | "reset"
  | "hang"
  | "hang-mid-body"
  | `says ${string}`;

type Rude = (request: IncomingMessage, response: ServerResponse) => void;

/** What is no reply of the protocol at all. */
const RUDE: Partial<Record<Mode, Rude>> = {
  hang: () => {},
  reset: (request) => void request.socket.destroy(),
  megabytes: (_, response) => pour(response),
  redirect: (_, response) => void response.writeHead(302, { Location: "/elsewhere" }).end(),
  "server-error": (_, response) => void response.writeHead(503).end("busy"),
  empty: (_, response) => void response.end(),
  garbage: (_, response) => void response.end("<!doctype html><title>Log in</title>"),
};

interface Seen {
  counter: number;
  nonce: string;
}

/** The keys that servers know, and what was last seen of each. */
export class Pool {
  readonly keys = new Map<string, SoftwareYubikey>();
  readonly seen = new Map<string, Seen>();

  add(...keys: readonly SoftwareYubikey[]): this {
    for (const key of keys) this.keys.set(key.publicId, key);
    return this;
  }
}

export interface ServerOptions {
  readonly certificate?: CertificateKind;
  readonly pool?: Pool;
  /** Milliseconds before it answers. */
  readonly delay?: number;
  /** What it takes the client's API key to be. */
  readonly apiKey?: string;
}

export class ValidationServer {
  readonly authority = certificates().authority;
  pool: Pool;
  /** The queries that came, in order. */
  readonly received: Fields[] = [];
  mode: Mode = "ok";
  delay: number;
  readonly #apiKey: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #firstAnswer: string | undefined;

  constructor(options: ServerOptions = {}) {
    this.pool = options.pool ?? new Pool();
    this.delay = options.delay ?? 0;
    this.#apiKey = options.apiKey ?? API_KEY;
    this.#server = createServer(certificates().shown[options.certificate ?? "good"]);
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket.on("error", () => {}));
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("tlsClientError", () => {});
    this.#server.on("request", (request, response) => {
      response.on("error", () => {});
      setTimeout(() => this.#answer(request, response), this.delay).unref();
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `https://localhost:${this.port}/wsapi/2.0/verify`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await once(this.#server, "close");
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const fields = fieldsOf(request);
    this.received.push(fields ?? {});
    const { mode } = this;
    const rude = RUDE[mode];
    if (rude) rude(request, response);
    else if (!fields || request.headers.host !== `localhost:${this.port}`) {
      response.writeHead(400).end("bad request");
    } else {
      const text = this.#say(this.#misled(this.#judge(fields), fields));
      this.#firstAnswer ??= text;
      const isHalf = mode === "hang-mid-body";
      response.writeHead(200, isHalf ? { "Content-Length": "1000" } : {});
      response.write(mode === "old-answer" ? this.#firstAnswer : text);
      if (!isHalf) response.end();
    }
  }

  /** As yubikey-val does it: what it adds to each reply depends on how far it came. */
  #judge({ h, ...fields }: Fields): Fields {
    const { id, otp = "", nonce = "", timestamp } = fields;
    if (!/^[0-9A-Za-z]{16,40}$/.test(nonce)) return { status: "MISSING_PARAMETER" };
    if (!/^[cbdefghijklnrtuv]{44}$/.test(otp)) return { status: "BAD_OTP" };
    if (id !== String(CLIENT_ID)) return { status: "NO_SUCH_CLIENT" };
    if (h !== sign(fields, this.#apiKey)) return { status: "BAD_SIGNATURE" };
    const read = this.#open(otp);
    if (!read) return { status: "BAD_OTP" };
    const about = { otp, nonce };
    const publicId = otp.slice(0, 12);
    const counter = read.use * 256 + read.session;
    const seen = this.pool.seen.get(publicId) ?? { counter: -1, nonce: "" };
    if (seen.counter === counter && seen.nonce === nonce) {
      return { ...about, status: "REPLAYED_REQUEST" };
    }
    if (seen.counter >= counter) return { ...about, status: "REPLAYED_OTP" };
    this.pool.seen.set(publicId, { counter, nonce });
    const counters =
      timestamp === "1"
        ? { timestamp: "1", sessioncounter: String(read.use), sessionuse: String(read.session) }
        : {};
    return { ...about, ...counters, sl: "100", status: "OK" };
  }

  #open(otp: string): { use: number; session: number } | undefined {
    const key = this.pool.keys.get(otp.slice(0, 12));
    if (!key) return undefined;
    const hexadecimal = otp
      .slice(12)
      .split("")
      .map((letter) => "cbdefghijklnrtuv".indexOf(letter).toString(16))
      .join("");
    const cipher = createDecipheriv("aes-128-ecb", Buffer.from(key.aesKey, "hex"), null);
    const block = cipher.setAutoPadding(false).update(hexadecimal, "hex");
    if (crcOf(block) !== 0xf0b8 || block.toString("hex", 0, 6) !== key.privateId) return undefined;
    return { use: block.readUInt16LE(6) & 0x7fff, session: block.readUInt8(11) };
  }

  /** What it says by its mode, signed as if it were right. */
  #misled(reply: Fields, { otp = "", nonce = "" }: Fields): Fields {
    const { sessioncounter = "", sessionuse: _, ...rest } = reply;
    const modes: Partial<Record<Mode, Fields>> = {
      "wrong-nonce": { ...reply, nonce: randomBytes(16).toString("hex") },
      "wrong-otp": { ...reply, otp: `${otp.slice(0, 43)}${otp.endsWith("c") ? "b" : "c"}` },
      "no-counters": Object.fromEntries(
        Object.entries(rest).filter(([name]) => name !== "sessioncounter"),
      ),
      "counters-too-large": { ...reply, sessioncounter: "32768" },
      "other-counters": { ...reply, sessioncounter: String(Number(sessioncounter) + 1) },
      "unknown-status": { ...reply, status: "toString" },
    };
    const said = this.mode.startsWith("says ") ? this.mode.slice("says ".length) : undefined;
    if (said === undefined) return modes[this.mode] ?? reply;
    const counters = { timestamp: "1", sessioncounter: "1", sessionuse: "0" };
    return { otp, nonce, ...(said === "OK" ? counters : {}), status: said };
  }

  #say(reply: Fields): string {
    const { mode } = this;
    const time = mode === "old-time" ? "2008-11-21T06:11:55Z0711" : timeNow();
    const fields = mode === "no-time" ? reply : { ...reply, t: time };
    // Before the client is known there is no key to sign with.
    const isUnknown = reply.status === "NO_SUCH_CLIENT" || reply.status === "MISSING_PARAMETER";
    const right = sign(fields, isUnknown ? "" : this.#apiKey);
    const wrong = Buffer.from(right, "base64").map((byte, at) => (at === 3 ? byte ^ 1 : byte));
    const h = mode === "bad-signature" ? Buffer.from(wrong).toString("base64") : right;
    const lines = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
    if (mode === "a-field-twice") lines.push(`status=${fields.status}`);
    const all = mode === "no-signature" ? lines : [`h=${h}`, ...lines];
    return `${all.join("\r\n")}\r\n\r\n`;
  }
}

/** Undefined for a request that is not formed as the protocol has it. */
function fieldsOf({ method, url = "", headers }: IncomingMessage): Fields | undefined {
  const [path, query = "", more] = url.split("?");
  const isForm = method === "GET" && path === "/wsapi/2.0/verify" && more === undefined;
  if (!isForm || headers["content-length"] || headers["transfer-encoding"]) return undefined;
  const pairs = query.split("&").map((pair) => pair.split("=").map(decodeURIComponent));
  const isWhole = pairs.every((pair) => pair.length === 2 && pair[0] !== "");
  const fields = Object.fromEntries(pairs as [string, string][]);
  const names = Object.keys(fields).sort().join();
  return isWhole && names === "h,id,nonce,otp,timestamp" && pairs.length === 5 ? fields : undefined;
}

function sign(fields: Fields, apiKey: string): string {
  const text = Object.keys(fields)
    .sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .map((name) => [name, fields[name]].join("="))
    .join("&");
  return createHmac("sha1", Buffer.from(apiKey, "base64")).update(text).digest("base64");
}

/** As `2008-11-21T06:11:55Z0711`: milliseconds behind a zero. */
function timeNow(): string {
  const [second = "", milliseconds = ""] = new Date().toISOString().slice(0, -1).split(".");
  return `${second}Z0${milliseconds}`;
}

/** Without end, until the other side has had enough. */
function pour(response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/plain" });
  const chunk = Buffer.alloc(64 * 1024, "a=b\n");
  const more = (error?: Error | null): void => {
    if (!error && !response.destroyed) response.write(chunk, more);
  };
  more();
}

export async function startValidationServer(
  t: TestContext,
  options: ServerOptions = {},
): Promise<ValidationServer> {
  const server = new ValidationServer(options);
  await server.start();
  t.after(() => server.stop());
  return server;
}
