/**
 * Messages by mail. Nodemailer speaks SMTP and writes the message; the connection is made here,
 * so that no name service of its own, no proxy and no environment has a say in where it goes.
 */
import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, rootCertificates } from "node:tls";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import { errnoOf, Fault } from "../core/fault.ts";
import type { Line } from "./line.ts";
import { messageFault } from "./message-fault.ts";
import { loadNodemailer } from "./nodemailer.ts";
import { demandPrivacy, type MailServer } from "./set-up.ts";

/** Milliseconds. */
export interface SmtpLimits {
  /** Until there is a connection, and TLS where it comes first. */
  readonly connect: number;
  /** Until the greeting, and a TLS that follows it. */
  readonly greeting: number;
  /** Until each further answer. */
  readonly answer: number;
  /** Until a message could be sent, however much the server says meanwhile. */
  readonly ready: number;
}

export const SMTP_LIMITS: SmtpLimits = {
  connect: 8_000,
  greeting: 8_000,
  answer: 15_000,
  ready: 30_000,
};

/** Many times what any server says. */
const LONGEST_ANSWER = 64 * 1024;
/** Milliseconds for the leave-taking, which nobody waits for. */
const PARTING = 1_000;

/**
 * Greeted, secured and signed in.
 * @throws Fault of a `message-…` code; what `signal` aborts rejects in whatever way
 */
export async function openMail(
  server: MailServer,
  password: Buffer,
  signal: AbortSignal,
  limits = SMTP_LIMITS,
): Promise<Line> {
  demandPrivacy(server);
  if (server.user !== undefined && password.length === 0) throw noPassword();
  const nodemailer = await loadNodemailer();
  const socket = await reach(server, signal, limits.connect);
  const session = new nodemailer.SMTPConnection({
    host: server.host,
    port: server.port,
    connection: socket,
    secure: server.tls === "implicit",
    secured: server.tls === "implicit",
    requireTLS: server.tls === "starttls",
    ignoreTLS: server.tls === "none",
    tls: trustOf(server),
    connectionTimeout: limits.connect,
    greetingTimeout: limits.greeting,
    socketTimeout: limits.answer,
    socketCloseTimeout: 0,
    maxResponseSize: LONGEST_ANSWER,
    logger: false,
  });
  // Not the socket by itself: Node crashes where one is destroyed under a TLS that lives.
  const close = (): void => session.close();
  const ended = ending(session, signal);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    close();
  }, limits.ready);
  try {
    await ended((done) => session.connect(done));
    if (server.user !== undefined) {
      const credentials = { user: server.user, pass: password.toString() };
      await ended((done) => session.login(credentials, done));
    }
    return lineOf(server, session, ended, close);
  } catch (error) {
    close();
    throw isLate ? unanswered(server) : told(server, error);
  } finally {
    clearTimeout(timer);
  }
}

type Done = (error?: Error | null) => void;
type Step = (start: (done: Done) => void) => Promise<void>;

/** One step of the session at a time; whatever ends the session ends the step. */
function ending(session: SMTPConnection, signal: AbortSignal): Step {
  let broken: Error | undefined;
  let fail: Done = () => undefined;
  session.on("error", (error: Error) => {
    broken ??= error;
    fail(error);
  });
  session.on("end", () => {
    broken ??= new Error("the connection ended");
    fail(broken);
  });
  signal.addEventListener("abort", () => session.close(), { once: true });
  return (start) =>
    new Promise((resolve, reject) => {
      fail = (error) => reject(error ?? new Error("the connection ended"));
      if (signal.aborted || broken) reject(broken ?? signal.reason);
      else start((error) => (error ? reject(error) : resolve()));
    });
}

function lineOf(server: MailServer, session: SMTPConnection, step: Step, close: () => void): Line {
  const deliver = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      close();
      throw told(server, error);
    }
    session.quit();
    setTimeout(close, PARTING).unref();
  };
  return {
    send: (address, text) =>
      deliver(async () => {
        const message = await composed(server, address, text);
        await step((done) => session.send({ from: server.from, to: [address] }, message, done));
      }),
    pretend: (text) =>
      deliver(async () => {
        await composed(server, server.from, text);
        await step((done) => session.reset(done));
      }),
    close,
  };
}

/** The code is in the body alone: subjects show on locked screens, and stay in logs of servers. */
async function composed({ from, subject }: MailServer, to: string, text: string): Promise<Buffer> {
  const { MailComposer } = await loadNodemailer();
  const mail = new MailComposer({
    ...{ from, to, subject, text: `${text}\n` },
    // RFC 3834 5: nobody's holiday note is to answer it.
    headers: { "Auto-Submitted": "auto-generated" },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return mail.compile().build();
}

async function reach(server: MailServer, signal: AbortSignal, limit: number): Promise<Socket> {
  const { host, port } = server;
  const isImplicit = server.tls === "implicit";
  // Before a connection: a CA file that is wrong is this host's own.
  const trust = trustOf(server);
  const late = AbortSignal.timeout(limit);
  const socket = isImplicit ? connectTls({ ...trust, port }) : connect({ host, port });
  // One that fails while nobody waits for it ends; it does not end the process.
  socket.on("error", () => undefined);
  try {
    const event = isImplicit ? "secureConnect" : "connect";
    await once(socket, event, { signal: AbortSignal.any([signal, late]) });
    return socket;
  } catch (error) {
    socket.destroy();
    throw late.aborted ? unanswered(server) : told(server, error);
  }
}

/** Every option that NODE_* could loosen is given. */
function trustOf({ host, authorities }: MailServer) {
  const own = authorities();
  return {
    // RFC 6066 3: no addresses in server_name. The certificate is held to `host` all the same.
    servername: isIP(host) ? "" : host,
    host,
    ca: own === undefined ? [...rootCertificates] : [own],
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
  } as const;
}

const REACH = "see that this host reaches it: name service, route, firewall; man countersign.json";

function noPassword(): Fault {
  const hint = "countersign method secret message";
  return messageFault("refused", "no password of the mail server is kept", hint);
}

function unanswered({ host, port }: MailServer): Fault {
  return messageFault("unreachable", `the mail server ${host}:${port} does not answer`, REACH);
}

/**
 * Of a server's answer its codes alone (RFC 5321 4.2, RFC 3463): the text may quote the address,
 * and a hostile server's the password.
 */
function told(server: MailServer, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const place = `the mail server ${server.host}:${server.port}`;
  const { code, response, cause } = read(error);
  if (code === "ETIMEDOUT") return unanswered(server);
  if (response === undefined) {
    const isTls = code === "ETLS" || /^ERR_(?:TLS|SSL)_|CERT|SIGNATURE/.test(cause ?? "");
    if (isTls) {
      const hint = "see message.smtp.tls and message.smtp.caFile; man countersign.json";
      return messageFault("unreachable", `no trusted TLS with ${place}${named(cause)}`, hint);
    }
    return messageFault("unreachable", `${place} is out of reach${named(cause)}`, REACH);
  }
  if (code === "ETLS") {
    const hint = "see that the server offers STARTTLS, or set message.smtp.tls";
    return messageFault("unreachable", `${place} offers no TLS: ${response}`, hint);
  }
  if (code === "EAUTH") {
    const hint =
      "see message.smtp.user, and give the password anew: countersign method secret message";
    return messageFault("refused", `${place} refuses the user name or password: ${response}`, hint);
  }
  return messageFault("refused", `${place} refuses the message: ${response}`, "see its log");
}

interface Read {
  readonly code: string | undefined;
  /** Codes alone. */
  readonly response: string | undefined;
  /** An errno, or the name that OpenSSL has for it. */
  readonly cause: string | undefined;
}

const ANSWER = /^([2-5][0-9]{2})[ -]?([245]\.[0-9]{1,3}\.[0-9]{1,3})?/;

function read(error: unknown): Read {
  const { response = "", originalCode } = error as { response?: string; originalCode?: string };
  const [, basic, enhanced] = ANSWER.exec(String(response)) ?? [];
  const code = errnoOf(error);
  return {
    code,
    response: basic === undefined ? undefined : [basic, enhanced].filter(Boolean).join(" "),
    cause: originalCode ?? code,
  };
}

function named(cause: string | undefined): string {
  return cause !== undefined && /^[A-Z][A-Z0-9_]{2,63}$/.test(cause) ? ` (${cause})` : "";
}
