/** Proxies between here and a stand-in for Duo. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { ProxyAddress } from "../../src/duo/route.ts";

/** Has a server listen until the test ends; its port. */
export async function listening(t: TestContext, server: Server): Promise<number> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket.on("error", () => {}));
    socket.once("close", () => open.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** A proxy that tunnels; `asked` is what it was asked for. */
export async function tunnel(t: TestContext): Promise<{ proxy: ProxyAddress; asked: string[] }> {
  const asked: string[] = [];
  const server = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(400).end();
  });
  server.on("connect", (request, socket) => {
    asked.push(`CONNECT ${request.url} ${JSON.stringify(request.headers)}`);
    const onward = connect(Number(request.url?.split(":")[1]), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) end.on("error", () => onward.destroy());
    socket.on("close", () => onward.destroy());
    t.after(() => onward.destroy());
  });
  return { proxy: { host: "127.0.0.1", port: await listening(t, server) }, asked };
}

/** A proxy that says this to whoever asks. */
export async function saying(t: TestContext, text: string): Promise<ProxyAddress> {
  const server = createServer((socket) => socket.once("data", () => socket.write(text)));
  return { host: "127.0.0.1", port: await listening(t, server) };
}
