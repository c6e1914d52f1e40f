/** Waits for one callback on a machine of its own, asks for it, and prints what came; no more. */
import { createServer } from "node:net";
import { listenForCallback } from "../../../src/terminal/callback-server.ts";

const probe = createServer().listen(0, "::1");
probe.on("listening", () => process.stdout.write("IPv6 is on\n"));
probe.on("error", () => process.stdout.write("IPv6 is off\n"));

const server = await listenForCallback();
const state = "s".repeat(43);
const waiting = server.wait(state);
const address = `${server.redirectUri}?state=${state}&duo_code=c0de`;
const response = await fetch(address, { redirect: "manual" });
process.stdout.write(`${response.status} on 127.0.0.1\n${(await waiting).kind}\n`);
await server.close();
