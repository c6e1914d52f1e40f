/** A mistake of the program's own: its peer is told no more than that, and the log all, once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { DaemonServer } from "../../src/daemon/server.ts";
import { makeHost } from "../engine/host.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { OPENING, Peer } from "./peer.ts";

test(
  "what fails inside is logged with its place, and not for every peer",
  needs("root"),
  async (t) => {
    const host = makeHost(t);
    const path = join(await makeDirectory(t), "socket");
    const logged: string[] = [];
    const verify = async (): Promise<never> => {
      throw new TypeError("a mistake");
    };
    const server = new DaemonServer({
      limits: { idle: 5_000, total: 5_000 },
      admission: { total: 4, each: 4 },
      serviceFor: (caller) => ({ ...host.as(caller), verify }),
      log: (line) => logged.push(line),
    });
    await server.listen({ path });
    t.after(() => server.stop());
    for (let count = 0; count < 3; count++) {
      const peer = (await Peer.connect(path)).send(OPENING);
      assert.match((await peer.line()) ?? "", /^fault code=internal message=the%20daemon%20failed/);
      peer.close();
    }
    assert.equal(logged.length, 1);
    assert.match(logged[0] ?? "", /^FAILED: TypeError: a mistake\n\s+at .*failure\.test\.ts/);
  },
);
