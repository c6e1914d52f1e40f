/** A mail server on loopback, as another program's: it speaks SMTP by a library of its own. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { SMTPServer } from "smtp-server";
import type { MailServer } from "../../src/message/set-up.ts";
import { type CertificateKind, certificates } from "../duo/stand-in/certificates.ts";

export const PASSWORD = "correct horse";

export interface MailServerOptions {
  readonly tls?: MailServer["tls"];
  readonly certificate?: CertificateKind;
  /** The step that is refused, and never answered. */
  readonly refuses?: "login" | "sender" | "recipient" | "message" | "starttls";
  readonly hangsAt?: "login" | "recipient" | "message";
  /** Milliseconds before a message is taken. */
  readonly slow?: number;
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, with its head. */
  readonly text: string;
  readonly secure: boolean;
}

export interface Running {
  readonly server: MailServer;
  readonly mails: Mail[];
  /** User names that signed in. */
  readonly logins: string[];
}

function refusal(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

export async function startMailServer(
  t: Pick<TestContext, "after">,
  { tls = "starttls", certificate = "good", refuses, hangsAt, slow = 0 }: MailServerOptions = {},
): Promise<Running> {
  const mails: Mail[] = [];
  const logins: string[] = [];
  const { authority, shown } = certificates();
  const answer = (step: string, code: number, done: (error?: Error) => void): void => {
    if (hangsAt === step) return;
    // What a server says may quote the address, and play a terminal.
    done(
      refuses === step ? refusal(code, `no \u001b[2J alice@example.org ${PASSWORD}`) : undefined,
    );
  };
  const server = new SMTPServer({
    ...shown[certificate],
    secure: tls === "implicit",
    disabledCommands: tls === "none" || refuses === "starttls" ? ["STARTTLS"] : [],
    allowInsecureAuth: tls === "none",
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 10,
    onAuth: ({ username, password }, _session, done) => {
      const isRight = username === "countersign" && password === PASSWORD;
      answer("login", 535, (error) => {
        if (error || !isRight) return done(error ?? refusal(535, "5.7.8 wrong"));
        logins.push(username);
        done(null, { user: username });
      });
    },
    onMailFrom: (_address, _session, done) => answer("sender", 553, done),
    onRcptTo: (_address, _session, done) => answer("recipient", 550, done),
    onData: (stream, session, done) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom ? mailFrom.address : "";
        const to = rcptTo.map(({ address }) => address);
        const text = Buffer.concat(parts).toString();
        setTimeout(() => {
          if (refuses !== "message") mails.push({ from, to, text, secure: session.secure });
          answer("message", 554, done);
        }, slow);
      });
    },
  });
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  t.after(() => new Promise<void>((resolve) => server.close(resolve)));
  const { port } = server.server.address() as AddressInfo;
  return {
    server: {
      ...{ host: "127.0.0.1", port, tls, user: "countersign" },
      from: "countersign@example.org",
      subject: "Your code",
      authorities: () => authority,
    },
    mails,
    logins,
  };
}

/** A port where somebody takes the connection, says this, and no more. */
export async function startMute(
  t: Pick<TestContext, "after">,
  greeting = "",
): Promise<{ readonly port: number; readonly connections: () => number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined).resume();
    socket.write(greeting);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, connections: () => sockets.size };
}

/** A port where somebody greets, and then never comes to an end of the first answer. */
export async function startTalker(t: Pick<TestContext, "after">): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined).write("220 hello\r\n");
    const talk = setInterval(() => socket.write("250-more\r\n"), 50);
    socket.on("close", () => clearInterval(talk)).resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}
