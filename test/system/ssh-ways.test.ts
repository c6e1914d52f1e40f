/** Every way in through a real sshd, and everything that people do through it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { FORCED, SSH, SshHost, type Way } from "./ssh-host.ts";

const KEYBOARD = "KbdInteractiveAuthentication yes\nAuthenticationMethods";

const WAYS: Readonly<Record<string, Way>> = {
  "keyboard-interactive, the code alone": {
    sshd: `${KEYBOARD} keyboard-interactive`,
    pam: "auth required MODULE",
  },
  "keyboard-interactive, password and code": {
    sshd: `${KEYBOARD} keyboard-interactive`,
    pam: "auth required pam_unix.so\nauth required MODULE",
    password: true,
  },
  "publickey, then keyboard-interactive": {
    sshd: `${KEYBOARD} publickey,keyboard-interactive`,
    pam: "auth required MODULE",
  },
  "publickey and ForceCommand": {
    sshd: `AuthenticationMethods publickey\n${FORCED}`,
    forced: true,
  },
  "publickey and ForceCommand in a Match block": {
    sshd: `AuthenticationMethods publickey
      Match User alice,bob\n${FORCED}`,
    forced: true,
  },
};

const DATA = "/root/data";

// Most of it is waiting, for sshd after what was wrong: three ways at a time.
describe("every way in", { concurrency: 3 }, () => {
  for (const [name, way] of Object.entries(WAYS)) {
    describe(name, () => {
      test("a shell, a command, and files byte for byte both ways", SSH, async (t) => {
        const host = await SshHost.open(t, way);
        const { phone, sandbox } = host.host;
        await sandbox.sh(`head -c 1000000 /dev/urandom > ${DATA}`);
        const sent = await host.hash(DATA);
        const play = async (script: string) => {
          const { status, screen } = await host.play(script, { type: await phone.next() });
          assert.equal(status, 0, screen);
          return screen;
        };

        const shell = await host.start(host.ssh("h"));
        if (way.password) {
          await shell.shows(/\) Password:/);
          await shell.enter("Sommer2024");
        }
        await shell.shows(/Verification code:/);
        await shell.enter(await phone.next());
        await shell.shows(/^\$/m);
        await shell.enter('echo "$0 $(tty | cut -c1-9) $(id -un)"; exit 7');
        assert.match(await shell.shows(/^ended: 7$/m), /^-sh \/dev\/pts\/ alice$/m);

        assert.match(
          await play(host.ssh("-t h", "'tty | cut -c1-9; id -un'")),
          /^\/dev\/pts\/\s+alice$/m,
        );
        assert.match(await play(host.ssh("h", "'echo in-$((40+2)); id -un'")), /^in-42\s+alice$/m);

        const copies = {
          scp: [host.copy("scp", `${DATA} h:up-scp`), host.copy("scp", "h:up-scp /root/down-scp")],
          "scp-O": [
            host.copy("scp -O", `${DATA} h:up-scp-O`),
            host.copy("scp -O", "h:up-scp-O /root/down-scp-O"),
          ],
          sftp: [
            `echo put ${DATA} up-sftp | ${host.copy("sftp", "h")}`,
            `echo get up-sftp /root/down-sftp | ${host.copy("sftp", "h")}`,
          ],
          rsync: [host.rsync(`${DATA} h:up-rsync`), host.rsync("h:up-rsync /root/down-rsync")],
        };
        for (const [program, [up = "", down = ""]] of Object.entries(copies)) {
          await play(up);
          assert.equal(await host.hash(`/home/alice/up-${program}`), sent, up);
          await play(down);
          assert.equal(await host.hash(`/root/down-${program}`), sent, down);
        }
      });

      test("whoever has no code stays out, and who has one gets in after", SSH, async (t) => {
        const host = await SshHost.open(t, way);
        const { phone, countersign } = host.host;
        await succeed(countersign, ["config", "set", "throttle.firstDelay", "300"]);
        const code = await phone.next();
        const wrong = { type: await phone.wrong() };
        assert.equal(await host.getsIn({ type: code }), true);
        assert.equal(await host.getsIn({ type: code }), false, "replayed");
        assert.equal(await host.host.lastVerdict(), "reject: replayed");
        assert.equal(await host.getsIn(wrong), false, "wrong");
        assert.equal(await host.host.lastVerdict(), "reject: wrong-code");
        assert.equal(await host.getsIn({ press: "C-d" }, "alice", "-t"), false, "Ctrl-D");
        assert.equal(await host.getsIn({ press: "C-c" }, "alice", "-t"), false, "Ctrl-C");
        assert.equal(await host.getsIn({ type: "" }), false, "nothing");
        assert.equal(await host.getsIn({ type: await phone.next() }, "bob"), false, "unenrolled");
        assert.equal(await host.host.lastVerdict(), "unenrolled: not-enrolled");
        const right = { type: await phone.next() };
        assert.equal(await host.getsIn(right), true, "the right one, after all that");
        for (let count = 0; count < 5; count++) assert.equal(await host.getsIn(wrong), false);
        const late = { type: await phone.next() };
        assert.equal(await host.getsIn(late), false, "throttled");
        assert.equal(await host.host.lastVerdict(), "throttled: too-many-failures");
        await succeed(countersign, ["user", "unlock", "alice"]);
        assert.equal(await host.getsIn(late), true, "once more");
      });
    });
  }
});
