/** A login on a broken host, and in a hostile environment: neither lets anybody in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PAM, PamHost } from "./pam-service.ts";

/** Each breaks a host that works, as root's shell would; \`mend\` makes it work again. */
const BROKEN: Readonly<Record<string, { break: string; mend: string }>> = {
  "the store is gone": {
    break: "mv /var/lib/countersign/store.db /kept",
    mend: "mv /kept /var/lib/countersign/store.db",
  },
  "the store is another's file": {
    break: "chown bob /var/lib/countersign/store.db",
    mend: "chown root /var/lib/countersign/store.db",
  },
  "the store is a link": {
    break: "mv /var/lib/countersign/store.db /kept; ln -s /kept /var/lib/countersign/store.db",
    mend: "mv -f /kept /var/lib/countersign/store.db",
  },
  "the store is a fifo": {
    break: "mv /var/lib/countersign/store.db /kept; mkfifo -m 600 /var/lib/countersign/store.db",
    mend: "rm /var/lib/countersign/store.db; mv /kept /var/lib/countersign/store.db",
  },
  "the key is gone": {
    break: "mv /etc/countersign/master.key /kept",
    mend: "mv /kept /etc/countersign/master.key",
  },
  "the key is loose": {
    break: "chmod 644 /etc/countersign/master.key",
    mend: "chmod 600 /etc/countersign/master.key",
  },
  "the key is a fifo": {
    break: "mv /etc/countersign/master.key /kept; mkfifo -m 600 /etc/countersign/master.key",
    mend: "rm /etc/countersign/master.key; mv /kept /etc/countersign/master.key",
  },
  "the settings do not parse": {
    break:
      "cp -p /etc/countersign/countersign.json /kept; echo '{' >> /etc/countersign/countersign.json",
    mend: "mv /kept /etc/countersign/countersign.json",
  },
  "the settings have an unknown key": {
    break:
      'cp -p /etc/countersign/countersign.json /kept; echo \'{"policy":{"unenroled":"allow"}}\' > /etc/countersign/countersign.json',
    mend: "mv /kept /etc/countersign/countersign.json",
  },
  "anybody may write the settings": {
    break: "chmod 666 /etc/countersign/countersign.json",
    mend: "chmod 644 /etc/countersign/countersign.json",
  },
  "anybody may write where the settings are": {
    break: "chmod 777 /etc/countersign",
    mend: "chmod 755 /etc/countersign",
  },
};

test("a right code stays out while something is broken, and is good afterwards", PAM, async (t) => {
  const { host, phone } = await PamHost.open(t);
  // The sandbox's root directory is the machine's own.
  const inside = (script: string) => host.sandbox.sh(script.replaceAll("/kept", "/opt/kept"));
  const code = await phone.next();
  for (const [name, { break: breakIt, mend }] of Object.entries(BROKEN)) {
    await inside(breakIt);
    assert.equal(await host.login(code), false, name);
    await inside(mend);
  }
  assert.equal(await host.login(code), true);
});

test("a disk that is full lets nobody in", PAM, async (t) => {
  const { host, phone } = await PamHost.open(t);
  const { sandbox } = host;
  await sandbox.sh("mv /var/lib/countersign /opt/kept");
  await sandbox.smallDisk("/var/lib/countersign", "256k");
  await sandbox.sh("chmod 700 /var/lib/countersign; cp -a /opt/kept/. /var/lib/countersign");
  const code = await phone.next();
  const fill = "dd if=/dev/zero of=/var/lib/countersign/fill bs=4k 2>/dev/null";
  await sandbox.run(["sh", "-c", fill]);
  assert.equal(await host.login(code), false);
  await sandbox.sh("rm /var/lib/countersign/fill");
  assert.equal(await host.login(code), true, "nothing was accepted that was not recorded");
});

test("no variable of the login's environment changes a verdict", PAM, async (t) => {
  const { host, phone } = await PamHost.open(t);
  const planted = "/opt/planted";
  await host.sandbox.sh(
    `mkdir -m 777 ${planted}; echo 'process.exit(0)' > ${planted}/in.cjs; ` +
      `printf '#!/bin/sh\nexit 0\n' > ${planted}/node; chmod 755 ${planted}/node; ` +
      `cp -a /etc/countersign/. ${planted}; echo '{"policy":{"unenrolled":"allow"}}' > ${planted}/countersign.json`,
  );
  const hostile: Readonly<Record<string, string>> = {
    NODE_OPTIONS: `--require=${planted}/in.cjs`,
    NODE_PATH: planted,
    NODE_V8_COVERAGE: planted,
    NODE_ENV: "development",
    COUNTERSIGN_HOME: planted,
    HOME: planted,
    XDG_CONFIG_HOME: planted,
    PATH: planted,
    LD_LIBRARY_PATH: planted,
    LANG: "tr_TR.UTF-8",
    LC_ALL: "C",
    TZ: "Pacific/Kiritimati",
    TMPDIR: "/nonexistent",
    TERM: "dumb",
    IFS: "/",
    ENV: `${planted}/in.cjs`,
    http_proxy: "http://127.0.0.1:9",
    HTTPS_PROXY: "http://127.0.0.1:9",
    SSL_CERT_FILE: "/dev/null",
    OPENSSL_CONF: `${planted}/in.cjs`,
    SUDO_UID: "1000",
    SUDO_USER: "alice",
    BROWSER: `${planted}/node`,
    DEBUG: "*",
    CREDENTIALS_DIRECTORY: planted,
  };
  const wrong = await phone.wrong();
  // Alone as well: together one may keep another from what it would do.
  for (const name of ["NODE_OPTIONS", "COUNTERSIGN_HOME", "HOME", "PATH", "XDG_CONFIG_HOME"]) {
    const pamEnv = { [name]: hostile[name] ?? "" };
    assert.equal(await host.login(wrong, { pamEnv, user: "bob" }), false, name);
  }
  assert.equal(await host.login(wrong, { pamEnv: hostile, user: "bob" }), false);
  assert.equal(await host.login(wrong, { pamEnv: hostile }), false);
  // COUNTERSIGN_HOME names a place with the same key: it would have let bob in.
  assert.equal(await host.login(await phone.next(), { pamEnv: hostile }), true);
});

test("what it keeps is its owner's alone", PAM, async (t) => {
  const { host } = await PamHost.open(t);
  const files = "/etc/countersign/master.key /var/lib/countersign/store.db";
  await host.sandbox.sh(`for file in ${files}; do test -s "$file"; done`);
  const script = `for file in ${files} /var/lib/countersign/*; do
    if cat "$file" >/dev/null 2>&1 || : 2>/dev/null >>"$file"; then echo "$file"; fi
  done
  if ls /var/lib/countersign 2>/dev/null; then echo listed; fi
  if : 2>/dev/null >>/etc/countersign/countersign.json; then echo settings; fi
  if touch /etc/countersign/new /var/lib/countersign/new 2>/dev/null; then echo new; fi`;
  const asAlice = await host.sandbox.run(["sh", "-c", script], { user: "alice" });
  assert.equal(asAlice.stdout, "");
  const modes = await host.sandbox.sh(
    "stat -c '%n %a %U' /var/lib/countersign /var/lib/countersign/* /etc/countersign/*",
  );
  for (const line of modes.trim().split("\n")) {
    assert.match(
      line,
      /(countersign|\.db|\.key) [67]00 root$|\.db-\w+ 600 root$|\.json 6[04][04] root$/,
    );
  }
  const asRoot = await host.sandbox.run(["sh", "-c", script]);
  assert.match(asRoot.stdout, /store\.db\n/, "the script would have found it");
});
