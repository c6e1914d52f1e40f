/** A real sshd on the loopback address, in a sandbox, as a child of the test's. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { MINIMAL_ENV } from "../support/run.ts";
import type { Sandbox } from "../support/sandbox.ts";

export const SSHD_CONFIG = "/etc/ssh/test_config";

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** sshd with these settings, and its port. Ended by its id whatever became of the sandbox. */
export async function startSshd(
  t: TestContext,
  sandbox: Sandbox,
  settings: string,
): Promise<number> {
  const port = await freePort();
  const own = `Port ${port}\nListenAddress 127.0.0.1\nHostKey /etc/ssh/test_key\nPidFile none\n`;
  await sandbox.sh(`cat > ${SSHD_CONFIG}`, { input: `${own}${settings}\n` });
  await sandbox.sh("mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/test_key");
  const [file = "", ...args] = sandbox.enter(["/usr/sbin/sshd", "-D", "-e", "-f", SSHD_CONFIG]);
  const sshd = spawn(file, args, { env: MINIMAL_ENV, stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => sshd.kill());
  for await (const line of createInterface(sshd.stderr)) if (line.includes("listening on")) break;
  sshd.stderr.resume();
  return port;
}

/** Makes /root/key, and lets it log in as these users. */
export async function authorizeKey(sandbox: Sandbox, ...users: readonly string[]): Promise<void> {
  await sandbox.sh("ssh-keygen -q -t ed25519 -N '' -f /root/key");
  for (const user of users) {
    await sandbox.sh(`
      install -d -m 700 -o ${user} -g ${user} /home/${user}/.ssh
      install -m 600 -o ${user} -g ${user} /root/key.pub /home/${user}/.ssh/authorized_keys`);
  }
}

/** sshd's PAM service with these lines in place of the host's own auth lines. */
export async function askByPam(sandbox: Sandbox, lines: string): Promise<void> {
  await sandbox.sh("cat > /run/pam-lines", { input: `${lines}\n` });
  await sandbox.sh("sed -i -e '/^@include common-auth/{r /run/pam-lines' -e 'd}' /etc/pam.d/sshd");
}
