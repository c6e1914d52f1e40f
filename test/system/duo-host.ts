/** A host with daemon, module and sshd, whose duo-prompt leads to the stand-in for Duo. */
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Certificates, makeCertificates } from "../duo/prompt-stand-in/certificates.ts";
import { CLIENT, PromptStandIn } from "../duo/prompt-stand-in/stand-in.ts";
import { ROOT } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { Terminal } from "../support/terminal.ts";
import { SSH, SshHost, type Way } from "./ssh-host.ts";

export const DUO = SSH.skip ? SSH : needs("openssl", "chromium", "ip");

const CA = "/etc/countersign/stand-in.pem";
const programs = (name: string): string => join(ROOT, "test/system/programs", name);

export class DuoHost {
  readonly ssh: SshHost;
  readonly standIn: PromptStandIn;
  readonly certificates: Certificates;
  readonly #t: TestContext;

  private constructor(t: TestContext, ssh: SshHost, standIn: PromptStandIn, own: Certificates) {
    this.#t = t;
    this.ssh = ssh;
    this.standIn = standIn;
    this.certificates = own;
  }

  /** bob has nothing enrolled: the first approval at Duo is what enrolls him. */
  static async open(t: TestContext, way: Way): Promise<DuoHost> {
    const certificates = await makeCertificates();
    const standIn = await PromptStandIn.start(t, certificates);
    const ssh = await SshHost.open(t, way);
    const host = new DuoHost(t, ssh, standIn, certificates);
    await host.#configure();
    return host;
  }

  /** A shell of bob's at this machine itself, running that. */
  atDesk(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Terminal> {
    const set = Object.entries({ HOME: "/home/bob", ...env }).map((pair) => pair.join("="));
    const { sandbox } = this.ssh.host;
    return Terminal.start(this.#t, sandbox.enter(["env", ...set, ...argv], "bob"), { rows: 40 });
  }

  /**
   * The browser of somebody at another machine: where it ends, or would end.
   * @param there what runs a program on that machine
   */
  async press(
    address: string,
    button: string,
    way: "stay" | "follow" = "stay",
    there: readonly string[] = [],
  ): Promise<string> {
    const program = [process.execPath, programs("press.ts"), button, way];
    const argv = [...there, "env", `NODE_EXTRA_CA_CERTS=${CA}`, ...program];
    return (await this.#run(argv, address)).trim();
  }

  async #run(argv: readonly string[], input: string): Promise<string> {
    const ended = await this.ssh.host.sandbox.run(argv, { input });
    if (ended.code !== 0) throw new Error(ended.stderr);
    return ended.stdout;
  }

  async #configure(): Promise<void> {
    const { sandbox } = this.ssh.host;
    await sandbox.sh(`cat > ${CA}`, { input: this.certificates.ca });
    const application = `--api-host ${this.standIn.host} --client-id ${CLIENT.clientId}`;
    const configure = `duo configure duo-prompt ${application} --allow-host --ca-file ${CA}`;
    await this.#run(
      ["sh", "-c", `${SANDBOX_CLI} ${configure} --secret-stdin`],
      `${CLIENT.clientSecret}\n`,
    );
  }
}

/** The address that a screen shows: a terminal cuts it at its edge, and it is joined again. */
export function addressOn(screen: string): string {
  const [, ...rest] = screen.split(/\n\n(?=https:)/);
  const [address = ""] = (rest.at(-1) ?? "").split("\n\n", 1);
  return address.replaceAll("\n", "");
}
