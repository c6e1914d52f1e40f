/** The ways in which a server, or something on the way to it, answers as Duo does not. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

interface Scene {
  readonly response: ServerResponse;
  /** Beneath TLS. */
  readonly raw: Socket;
  readonly port: number;
}

type Misbehave = (scene: Scene) => void;

const JSON_TYPE = { "Content-Type": "application/json" };
const GOOD = JSON.stringify({ stat: "OK", response: { time: 1 } });

function says(status: number, headers: Record<string, string>, body: string | Buffer): Misbehave {
  return ({ response }) => response.writeHead(status, headers).end(body);
}

function busy(headers: Record<string, string> = {}): Misbehave {
  const body = JSON.stringify({ stat: "FAIL", code: 42901, message: "Too Many Requests" });
  return says(429, { ...JSON_TYPE, ...headers }, body);
}

const MISBEHAVIOURS = {
  html: says(200, { "Content-Type": "text/html" }, "<!doctype html><title>Log in</title>"),
  "html-forbidden": says(403, { "Content-Type": "text/html" }, "<h1>Forbidden</h1>"),
  "wrong-content-type": says(200, { "Content-Type": "text/plain" }, GOOD),
  "truncated-json": says(200, JSON_TYPE, GOOD.slice(0, -4)),
  "truncated-body": ({ response }) => {
    response.writeHead(200, { ...JSON_TYPE, "Content-Length": "1000" });
    response.write(GOOD, () => response.destroy());
  },
  "no-body": says(200, JSON_TYPE, ""),
  "not-utf8": says(
    200,
    JSON_TYPE,
    Buffer.from('{"stat":"OK","response":{"time":"\xff"}}', "latin1"),
  ),
  "missing-fields": says(200, JSON_TYPE, '{"stat":"OK","response":{}}'),
  "no-stat": says(200, JSON_TYPE, '{"response":{"time":1}}'),
  "not-an-object": says(200, JSON_TYPE, "[]"),
  "huge-reply": ({ response, raw }) => {
    response.writeHead(200, JSON_TYPE);
    const chunk = Buffer.alloc(64 * 1024, " ");
    // Without end, until the other side has had enough.
    const more = (error?: Error | null): void => {
      if (!error && !raw.destroyed && !response.destroyed) response.write(chunk, more);
    };
    more();
  },
  "huge-head": says(200, { ...JSON_TYPE, "X-Filler": "x".repeat(100_000) }, GOOD),
  "not-http": ({ response }) => void response.socket?.end("SSH-2.0-stand-in\r\n"),
  busy: busy(),
  "busy-for-1-second": busy({ "Retry-After": "1" }),
  "busy-until-a-date": ({ response, ...scene }) => {
    const until = new Date(Date.now() + 1000).toUTCString();
    busy({ "Retry-After": until })({ response, ...scene });
  },
  "busy-for-an-hour": busy({ "Retry-After": "3600" }),
  "server-error": says(500, { "Content-Type": "text/html" }, "<h1>Internal Server Error</h1>"),
  unavailable: says(503, JSON_TYPE, '{"stat":"FAIL","code":50300,"message":"Unavailable"}'),
  hang: () => {},
  "hang-mid-body": ({ response }) => {
    response.writeHead(200, { ...JSON_TYPE, "Content-Length": "1000" });
    response.write(GOOD.slice(0, 10));
  },
  redirect: ({ response, port }) => {
    response.writeHead(307, { Location: `https://127.0.0.1:${port}/elsewhere` }).end();
  },
  reset: ({ raw }) => void raw.resetAndDestroy(),
  "escape-sequences": says(
    400,
    JSON_TYPE,
    JSON.stringify({
      stat: "FAIL",
      code: 40002,
      message: "Invalid\u001b[2J request\r\nparameters\u202e",
      message_detail: "user\u0007name",
    }),
  ),
} satisfies Record<string, Misbehave>;

export type Misbehaviour = keyof typeof MISBEHAVIOURS;
export const MISBEHAVIOUR_NAMES = Object.keys(MISBEHAVIOURS) as Misbehaviour[];

export function misbehave(name: Misbehaviour, scene: Scene): void {
  const act: Misbehave = MISBEHAVIOURS[name];
  act(scene);
}
