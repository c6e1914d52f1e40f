/** `login` as oclif knows it: for help and completion. It runs in login-run.ts. */
import { CountersignCommand } from "./base.ts";
import { logIn } from "./login-run.ts";

export class Login extends CountersignCommand {
  static override summary = "Ask for a code, then become the login shell: for sshd.";

  static override description =
    `For ForceCommand of sshd_config(5). Verifies whoever has just logged in, through
countersignd, and becomes their login shell, or the command or subsystem they called.

With a terminal it asks there. Without one, as for scp, sftp, rsync or a plain command, it
takes the first line of standard input for the code, within 30 seconds, and leaves what
follows to the command. countersign-ssh sends that line; it runs in place of ssh, on the
machine that one logs in from.

The exit status of a refusal is that of verify, else the shell's own. ForceCommand covers no
forwarding: countersign doctor says what else is to be set. Read USING IT AS FORCECOMMAND in
man countersign first, and keep a root shell open while you try it.`;

  static override examples = [
    {
      description: "In /etc/ssh/sshd_config",
      command: "ForceCommand /usr/local/bin/countersign login",
    },
    { description: "Copy a file", command: "scp -S countersign-ssh file host:" },
    { description: "Mirror a folder", command: "rsync -a -e countersign-ssh folder host:" },
  ];

  static override usage = "login";
  static override strict = false;

  override async run(): Promise<void> {
    this.exit(await logIn(this.argv));
  }
}
