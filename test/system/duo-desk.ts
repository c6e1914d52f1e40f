/** A host with daemon and module whose users approve at a stand-in for Duo. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { PHONE, type ScriptedUser } from "../duo/stand-in/account.ts";
import { type StandIn, startStandIn } from "../duo/stand-in/server.ts";
import { setUpDuo } from "../methods/duo-setup.ts";
import type { DaemonHost } from "../pam/daemon-host.ts";

export class DuoDesk {
  readonly host: DaemonHost;
  readonly standIn: StandIn;

  private constructor(host: DaemonHost, standIn: StandIn) {
    this.host = host;
    this.standIn = standIn;
  }

  /** With bob enrolled in Duo alone; the daemon runs. */
  static async open(t: TestContext, host: DaemonHost): Promise<DuoDesk> {
    const standIn = await startStandIn(t);
    const { sandbox, countersign } = host;
    await host.stop("SIGTERM");
    const run = sandbox.run.bind(sandbox);
    await setUpDuo({ countersign, run, directory: "/etc/countersign" }, standIn);
    await host.start();
    const desk = new DuoDesk(host, standIn);
    desk.at("bob", { answer: "allow" });
    const { code, stderr } = await countersign(["duo", "push", "bob"]);
    assert.equal(code, 0, stderr);
    standIn.account.sent.pushes = 0;
    return desk;
  }

  at(user: string, how: Partial<ScriptedUser>): void {
    this.standIn.account.users.set(user, { preauth: "auth", devices: [PHONE], ...how });
  }

  get pushes(): number {
    return this.standIn.account.sent.pushes;
  }

  /** What the last push showed. */
  get shown(): Record<string, string> {
    const sent = this.standIn.received.findLast(({ path }) => path === "/auth/v2/auth");
    return Object.fromEntries(new URLSearchParams(sent?.parameters.get("pushinfo")));
  }
}
