/** A host that is logged in to by ssh: daemon, module and sshd, and people at terminals. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { DaemonHost, withModule } from "../pam/daemon-host.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { Terminal } from "../support/terminal.ts";
import { askByPam, authorizeKey, startSshd } from "./sshd-server.ts";

export const SSH = needs(
  ...["root", "mount namespaces", "make", "gcc", "libpam0g-dev", "oathtool", "tmux"],
  ...["sshd", "ssh", "ssh-keygen", "scp", "sftp", "rsync", "perl"],
);

/** In place of ssh, for a login that has no terminal. */
const WRAPPER = "/opt/countersign/share/countersign-ssh";
export const FORCED = `ForceCommand ${SANDBOX_CLI} login`;
const ALWAYS = `UsePAM yes
PasswordAuthentication no
Subsystem sftp /usr/lib/openssh/sftp-server
`;
const CLIENT = "/root/client";

/** One way in: what sshd and PAM are told, and what a login is asked for before the code. */
export interface Way {
  readonly sshd: string;
  readonly pam?: string;
  /** Asked for a password first. */
  readonly password?: boolean;
  /** True where the code is asked for once the session has begun. */
  readonly forced?: boolean;
}

/** What a person does when asked for the code: types it, or presses a key. */
export type Act = { readonly type: string } | { readonly press: string };

export interface Played {
  readonly status: number;
  readonly screen: string;
}

export class SshHost {
  readonly host: DaemonHost;
  readonly #t: TestContext;
  readonly #way: Way;

  private constructor(t: TestContext, host: DaemonHost, way: Way) {
    this.#t = t;
    this.host = host;
    this.#way = way;
  }

  static async open(t: TestContext, way: Way): Promise<SshHost> {
    const host = await DaemonHost.open(t);
    const { sandbox } = host;
    await sandbox.sh("chpasswd", { input: "bob:Sommer2024\n" });
    await sandbox.sh("touch /home/alice/.hushlogin");
    if (way.pam) await askByPam(sandbox, withModule(way.pam));
    await authorizeKey(sandbox, "alice", "bob");
    const port = await startSshd(t, sandbox, `${ALWAYS}${way.sshd}`);
    // A throttled user's PAM_MAXTRIES has sshd offer no method at all: ssh then tries all it
    // prefers, and by default that is to ask for a password, in vain.
    const client = `Host h
      HostName 127.0.0.1
      Port ${port}
      IdentityFile /root/key
      IdentitiesOnly yes
      UserKnownHostsFile /dev/null
      StrictHostKeyChecking no
      LogLevel ERROR
      NumberOfPasswordPrompts 1
      PreferredAuthentications publickey,keyboard-interactive
    Host *
      User alice
    `;
    await sandbox.sh(`cat > ${CLIENT}`, { input: client });
    return new SshHost(t, host, way);
  }

  /** `ssh …` to the host. */
  ssh(...words: readonly string[]): string {
    return `ssh -F ${CLIENT} ${words.join(" ")}`;
  }

  /** `scp …`, `sftp …`, by this way's own program. */
  copy(program: "scp" | "scp -O" | "sftp", words: string): string {
    return `${program} -F ${CLIENT} ${this.#way.forced ? `-S ${WRAPPER}` : ""} ${words}`;
  }

  rsync(words: string): string {
    return `rsync -e '${this.#way.forced ? WRAPPER : "ssh"} -F ${CLIENT}' ${words}`;
  }

  /** Runs a script at a terminal, where what is asked for is answered; waits for its end. */
  async play(script: string, act?: Act): Promise<Played> {
    const screen = await this.start(script);
    if (this.#way.password) {
      await screen.shows(/\) Password:/);
      await screen.enter("Sommer2024");
    }
    if (act) {
      await screen.shows(/Verification code:/);
      await ("type" in act ? screen.enter(act.type) : screen.press(act.press));
    }
    const last = await screen.shows(/^ended: \d+$/m, 60_000);
    return { status: Number(/^ended: (\d+)$/m.exec(last)?.[1]), screen: last };
  }

  /** @param rows of the terminal, whose characters are UTF-8 */
  start(script: string, rows = 24): Promise<Terminal> {
    // Ctrl-C is for what runs in it.
    const argv = ["sh", "-c", `trap : INT; ${script}\nset -- $?; echo; echo "ended: $1"`];
    return Terminal.start(this.#t, this.host.sandbox.enter(argv), { rows });
  }

  /** A login that runs a command; true when it ran. */
  async getsIn(act: Act, user = "alice", options = ""): Promise<boolean> {
    const command = this.ssh(options, `${user}@h`, "'echo in-$((40+2))'");
    const { status, screen } = await this.play(command, act);
    assert.equal(/^in-42$/m.test(screen), status === 0, screen);
    return status === 0;
  }

  /** The hash of a file in the sandbox. */
  async hash(path: string): Promise<string> {
    return (await this.host.sandbox.sh(`sha256sum < ${path}`)).trim();
  }
}
