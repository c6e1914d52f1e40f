import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  askedSockets,
  askingServices,
  examinePam,
  passwordServices,
} from "../../src/doctor/pam.ts";
import { isKeyFirstIn } from "../../src/doctor/sshd.ts";
import { isForcedBy } from "../../src/doctor/sshd-force.ts";
import { sandbox } from "../files/sandbox.ts";
import { plant, told } from "./findings.ts";

const EXEC = "pam_exec.so quiet seteuid expose_authtok";

/** A planted /etc/pam.d beside an installed program; $P in a service stands for its path. */
class Host {
  readonly at: string;
  readonly program: string;
  isBegun = true;
  setsUp = false;

  constructor(t: TestContext, services: Record<string, string> = {}) {
    this.at = sandbox(t);
    this.program = join(this.at, "bin/countersign");
    mkdirSync(join(this.at, "pam.d"));
    plant(this.at, { "bin/countersign": "#!/bin/sh\n" });
    chmodSync(this.program, 0o755);
    this.plant(services);
  }

  plant(services: Record<string, string>): void {
    const own = Object.entries(services).map(([name, text]) => [
      `pam.d/${name}`,
      complete(text)
        .replaceAll("$P", this.program)
        .replaceAll("$E", `${EXEC} ${this.program} verify --pam`),
    ]);
    plant(this.at, Object.fromEntries(own));
  }

  get readers() {
    return {
      directories: [join(this.at, "pam.d"), join(this.at, "vendor")],
      conf: join(this.at, "pam.conf"),
      owner: process.getuid?.() ?? 0,
      moduleDirectories: [join(this.at, "security")],
      program: "/usr/local/bin/countersign",
      isBegun: () => this.isBegun,
      isForced: () => isForcedBy(join(this.at, "sshd_config")),
      setsUp: () => this.setsUp,
      isKeyFirst: () => isKeyFirstIn(join(this.at, "sshd_config")),
    };
  }

  findings() {
    return examinePam(this.readers);
  }

  say(): string[] {
    return told(this.findings()).map((line) => line.replaceAll(`${this.at}/`, ""));
  }
}

/** With what answers for credentials, which is not what these stacks are about. */
function complete(text: string): string {
  const others = /pam_(?!exec)\w+\.so|include|substack/;
  const asks = text.includes("$E") || text.includes("pam_exec.so");
  return asks && !others.test(text) ? `${text}auth required pam_permit.so\n` : text;
}

/** What is said of one service with this text. */
function say(t: TestContext, text: string, name = "sshd"): string {
  return new Host(t, { [name]: text }).say().join("\n");
}

test("a line as it should be is well", (t) => {
  assert.equal(say(t, "auth required $E\n"), "ok sshd: ask for a code");
  assert.equal(say(t, "auth [success=ok default=die] $E\n"), "ok sshd: ask for a code");
  assert.equal(say(t, "-auth  requisite \\\n  $E # why\n", "sudo"), "ok sudo: ask for a code");
});

test("no service is a warning with the line to add", (t) => {
  const host = new Host(t, { sshd: "auth required pam_unix.so\n#auth required $E\n" });
  const [finding] = host.findings();
  assert.equal(finding?.state, "warning");
  assert.match(
    finding?.mend ?? "",
    /seteuid expose_authtok \/usr\/local\/bin\/countersign verify --pam, and below/,
  );
  // The line it tells is one it finds well, with the program that is here.
  const [, asking = "", answering = ""] =
    /: (auth .*), and below it: (auth .*)$/.exec(finding?.mend ?? "") ?? [];
  host.plant({ sshd: `${asking.replace("/usr/local/bin/countersign", "$P")}\n${answering}\n` });
  assert.deepEqual(host.say(), ["ok sshd: ask for a code"]);
});

test("where ForceCommand asks, no service needs to", (t) => {
  const host = new Host(t, { sshd: "auth required pam_unix.so\n" });
  plant(host.at, { sshd_config: "Match User alice\nForceCommand /usr/bin/countersign login\n" });
  assert.deepEqual(host.say(), ["ok no service asks countersign: sshd's ForceCommand does"]);
  plant(host.at, { sshd_config: "ForceCommand /usr/bin/true\n" });
  assert.match(host.say()[0] ?? "", /^warning no service asks/);
});

test("where nothing answers for credentials sshd lets nobody in, and it is said", (t) => {
  const host = new Host(t);
  const line = `auth required ${EXEC} ${host.program} verify --pam\n`;
  for (const [rest, said] of [
    ["", /^problem sshd: nothing answers for credentials/],
    ["auth optional pam_faildelay.so delay=0\n", /^problem sshd: nothing answers/],
    ["auth required pam_permit.so\n", /^ok sshd/],
  ] as const) {
    plant(host.at, { "pam.d/sshd": line + rest });
    assert.match(host.say().join("\n"), said);
  }
});

test("each slip in the line is a problem", (t) => {
  for (const [line, pattern, name] of [
    ["auth required pam_exec.so seteuid $P verify --pam", /expose_authtok is missing/],
    ["auth required pam_exec.so $P verify --pam expose_authtok", /stands behind the program/],
    ["auth required pam_exec.so expose_authtok $P verify --pam", /seteuid is missing/, "su"],
    [`auth required ${EXEC} $P verify`, /without --pam/],
    [`auth required ${EXEC} $P status`, /does not run countersign verify/],
    [`auth required ${EXEC} countersign verify --pam`, /not an absolute path/],
    [`auth required ${EXEC} /usr/bin/env $P verify --pam`, /through \/usr\/bin\/env/],
    [`auth required ${EXEC} type=account $P verify --pam`, /type=account keeps it from running/],
    ["account required $E", /account lines ask for nothing/],
    ["session optional $E", /session lines ask for nothing/],
  ] as const) {
    const said = say(t, `${line}\n`, name);
    assert.match(said, pattern, line);
    assert.match(said, new RegExp(`^problem ${name ?? "sshd"}: [^\n]+$`), `${line}: ${said}`);
  }
});

test("seteuid is asked for where the program is setuid alone", (t) => {
  const line = "auth required pam_exec.so expose_authtok $P verify --pam\n";
  assert.equal(say(t, line, "sshd"), "ok sshd: ask for a code");
  assert.match(say(t, line, "sudo-i"), /^problem sudo-i: seteuid/);
});

test("controls under which a refusal does not refuse", (t) => {
  const before = "auth required pam_permit.so\n";
  for (const control of [
    "optional",
    "sufficient",
    "[success=ok default=ignore]",
    "[success=done default=ignore]",
    "[success=1 default=ignore]",
  ]) {
    const said = say(
      t,
      `${before}auth ${control} $E\nauth required pam_env.so\nauth optional pam_cap.so\n`,
    );
    assert.match(said, /^problem sshd: with .* a refused code lets in all the same/m, control);
  }
});

test("the same controls do refuse before pam_deny", (t) => {
  const deny = "auth requisite pam_deny.so\nauth required pam_permit.so\n";
  assert.equal(say(t, `auth [success=1 default=ignore] $E\n${deny}`), "ok sshd: ask for a code");
  assert.match(
    say(t, "auth sufficient $E\nauth required pam_deny.so\n"),
    /^warning sshd: with sufficient a right code skips/,
  );
});

test("a control under which nobody gets in", (t) => {
  assert.match(
    say(t, "auth [default=bad] $E\n"),
    /^problem sshd: even a right code does not let in/,
  );
});

test("ways past the line are named", (t) => {
  const said = say(t, "auth sufficient pam_localuser.so\nauth required $E\n");
  assert.equal(said, "warning sshd: pam.d/sshd:1 can let in without a code");
  assert.match(
    say(
      t,
      "auth [success=1 default=ignore] pam_wheel.so\nauth required $E\nauth required pam_permit.so\n",
    ),
    /^warning sshd: pam.d\/sshd:1 can let in/,
  );
  assert.equal(
    say(t, "auth sufficient pam_rootok.so\nauth required $E\n", "su"),
    "ok su: ask for a code",
  );
  assert.equal(
    say(t, "auth required $E\nauth sufficient pam_localuser.so\n"),
    "ok sshd: ask for a code",
  );
});

test("a substack ends itself alone; what is included ends the service", (t) => {
  const shared = { "shared-auth": "auth sufficient pam_localuser.so\nauth required pam_deny.so\n" };
  const host = new Host(t, { ...shared, sshd: "auth substack shared-auth\nauth required $E\n" });
  assert.deepEqual(host.say(), ["ok sshd: ask for a code"]);
  host.plant({ sshd: "auth include shared-auth\nauth required $E\n" });
  assert.deepEqual(host.say(), [
    "problem sshd: even a right code does not let in (pam.d/sshd:2)",
    "warning sshd: pam.d/shared-auth:1 can let in without a code",
  ]);
});

test("a password and a code cannot share one answer", (t) => {
  const common =
    "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n";
  const host = new Host(t, {
    "common-auth": common,
    sshd: "@include common-auth\nauth required $E\n",
  });
  assert.match(
    host.say().join("\n"),
    /^problem sshd: pam_unix.so \(pam.d\/common-auth:1\) and pam_exec \(pam.d\/sshd:2\) are given one/,
  );
});

test("a line that many include is told once, with its services", (t) => {
  const host = new Host(t, {
    "common-auth": "auth optional $E\nauth required pam_permit.so\n",
    sudo: "@include common-auth\n",
    cron: "@include common-auth\n",
  });
  const said = host.say();
  assert.equal(said.length, 1, said.join("\n"));
  assert.match(said[0] ?? "", /^problem cron, sudo: with optional .* \(pam.d\/common-auth:1\)$/);
});

test("programs that others can change", (t) => {
  const why = (spoil: (host: Host) => void): string => {
    const host = new Host(t, { sshd: "auth required $E\n" });
    spoil(host);
    return host.say().join("\n");
  };
  assert.match(
    why((host) => chmodSync(host.program, 0o775)),
    /^problem sshd: bin\/countersign can be written to/,
  );
  assert.match(
    why((host) => chmodSync(host.program, 0o644)),
    /^problem sshd: bin\/countersign is not executable/,
  );
  assert.match(
    why((host) => chmodSync(join(host.at, "bin"), 0o777)),
    /^problem sshd: \S*bin can be written to/,
  );
  const linked = (host: Host, target: string): void => {
    symlinkSync(target, join(host.at, "bin/countersign.js"));
    host.plant({ sshd: `auth required ${EXEC} ${host.at}/bin/countersign.js verify --pam\n` });
  };
  assert.match(
    why((host) => linked(host, "countersign")),
    /^ok/,
  );
  assert.match(
    why((host) => linked(host, "gone")),
    /^problem sshd: bin\/gone is not there/,
  );
  assert.match(
    why((host) => linked(host, "countersign.js")),
    /^problem .* too many links/,
  );
  assert.match(
    why((host) => {
      mkdirSync(join(host.at, "open"));
      writeFileSync(join(host.at, "open/countersign"), "", { mode: 0o755 });
      chmodSync(join(host.at, "open"), 0o777);
      linked(host, "../open/countersign");
    }),
    /^problem sshd: \S*open can be written to/,
  );
  assert.match(
    why((host) => {
      plant(host.at, { "dist/main.cjs": "" });
      chmodSync(join(host.at, "dist/main.cjs"), 0o666);
    }),
    /^problem sshd: dist\/main.cjs can be written to/,
  );
});

/** A host with the module and its verifier; $M in a service stands for the line of the module. */
function moduleHost(t: TestContext): { host: Host; says: (text: string) => string } {
  const host = new Host(t);
  plant(host.at, { "security/pam_countersign.so": "" });
  const says = (text: string): string => {
    const module = `pam_countersign.so verifier=${host.program}`;
    plant(host.at, { "pam.d/sshd": text.replaceAll("$M", module) });
    return host.say().join("\n");
  };
  return { host, says };
}

const WELL = "ok sshd: ask for a code";

test("the module's stacks of its page are well", (t) => {
  const { says } = moduleHost(t);
  for (const text of [
    "auth required $M\nauth required pam_permit.so\n",
    "auth required pam_unix.so\nauth required $M\n",
    "auth sufficient pam_rootok.so\nauth required pam_unix.so\nauth required $M\n",
    "auth requisite pam_nologin.so\nauth required $M forward_pass\n" +
      "auth required pam_unix.so use_first_pass\n",
    "auth [success=ok ignore=ignore default=die] $M timeout=600 digits=8 quiet debug\n",
    "auth required pam_unix.so\nauth required $M try_first_pass [prompt=Your code:]\n",
  ]) {
    assert.equal(says(text), WELL, text);
  }
});

test("an argument that the module does not understand is a problem, for it refuses", (t) => {
  const { says } = moduleHost(t);
  for (const argument of [
    ...["nullok", "Quiet", "quiet=yes", "timeout=0", "timeout=601", "timeout=9s", "timeout="],
    ...["digits=5", "digits=9", "prompt=", "socket=run/x", `socket=/${"x".repeat(120)}`],
    ...["constructor=1", "toString", "verifier=countersign"],
  ]) {
    const said = says(`auth required $M ${argument}\n`);
    assert.match(said, /^problem sshd: it does not understand .*, and refuses everybody/, argument);
  }
});

test("controls under which the module's refusal does not refuse", (t) => {
  const { says } = moduleHost(t);
  for (const control of [
    "optional",
    "sufficient",
    "[success=ok authinfo_unavail=ignore default=die]",
    "[success=ok maxtries=ignore default=die]",
  ]) {
    const said = says(`auth required pam_unix.so\nauth ${control} $M\n`);
    assert.match(said, /^problem sshd: with .* a refused code lets in all the same/, control);
  }
  assert.match(
    says("auth sufficient pam_unix.so\nauth required $M\n"),
    /^warning sshd: pam.d\/sshd:1 can let in without a code/,
  );
});

test("passwords that are asked for twice, or by nobody, or judged by nobody", (t) => {
  const { says } = moduleHost(t);
  const unix = "auth required pam_unix.so";
  for (const [text, pattern] of [
    ["auth required $M use_first_pass\n", /^problem .* it never asks, and no line before it does/],
    [
      `${unix}\nauth required $M use_first_pass\n`,
      /^problem .* cannot be the password and the code/,
    ],
    ["auth required $M forward_pass\n", /^problem .* no line after it judges the password/],
    [`auth required $M forward_pass\n${unix}\n`, /^warning .* asks for it again/],
    [
      `${unix}\nauth required $M forward_pass\n${unix} use_first_pass\n`,
      /^warning .* asks for the password again, after pam_unix.so/,
    ],
  ] as const) {
    assert.match(says(text), pattern, text);
  }
  assert.equal(says(`auth optional pam_unix.so\nauth required $M use_first_pass\n`), WELL);
});

test("a module that is not there, or that others can change", (t) => {
  const { host, says } = moduleHost(t);
  const stack = "auth required $M\n";
  assert.match(says("account required $M\nauth required $M\n"), /^problem .*account lines ask/);
  const module = join(host.at, "security/pam_countersign.so");
  chmodSync(module, 0o666);
  assert.match(says(stack), /^problem sshd: security\/pam_countersign.so can be written to/);
  rmSync(module);
  assert.match(
    says(stack),
    /^problem sshd: pam_countersign.so is in no directory of PAM's modules/,
  );
  symlinkSync("/nowhere", module);
  assert.match(says(stack), /^problem sshd: \/nowhere is not there/);
  assert.match(says(`-${stack}`), /^problem/, "a dash only keeps it out of the log");
});

test("a name that is nearly the module's is a slip, unless there is such a module", (t) => {
  const { host, says } = moduleHost(t);
  const stack = "auth required pam_countersing.so\nauth required pam_permit.so\n";
  assert.match(says(stack), /^problem sshd: there is no module pam_countersing.so \(.*sshd:1\)$/);
  assert.match(says(`${stack}auth required pam_console.so\n`), /^problem [^\n]*$/);
  plant(host.at, { "security/pam_countersing.so": "" });
  assert.match(says(stack), /^warning no service asks countersign/);
});

test("the services that let in nobody without a password", (t) => {
  const code = "auth required pam_countersign.so\n";
  const host = new Host(t, {
    alone: `${code}auth required pam_permit.so\n`,
    both: `auth required pam_unix.so\n${code}`,
    common: `@include common-auth\n${code}`,
    either: `auth sufficient pam_unix.so\n${code}`,
    "common-auth":
      "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n",
  });
  assert.deepEqual(passwordServices(host.readers), ["both", "common"]);
});

test("a verifier that is not there is a warning, for a daemon may be", (t) => {
  const { host, says } = moduleHost(t);
  assert.match(
    says("auth required pam_countersign.so verifier=/nowhere/countersign\n"),
    /^warning sshd: without countersignd nobody gets in: its verifier \/nowhere.* is not there/,
  );
  chmodSync(host.program, 0o775);
  assert.match(says("auth required $M\n"), /^warning .* its verifier .* can be written to/);
});

test("the sockets that lines of the module ask at", (t) => {
  const { host, says } = moduleHost(t);
  says("auth required $M\n");
  host.plant({ su: "auth required pam_countersign.so socket=/run/a socket=/run/b\n" });
  assert.deepEqual(askedSockets(host.readers), [
    { path: "/run/countersign/socket", services: ["sshd"] },
    { path: "/run/b", services: ["su"] },
  ]);
  assert.deepEqual(askingServices(host.readers), ["sshd", "su"]);
});

test("services of a host where nothing is set up refuse everybody", (t) => {
  const host = new Host(t, { sshd: "auth required $E\n" });
  host.isBegun = false;
  assert.match(host.say()[0] ?? "", /^problem services ask countersign, yet nothing is set up/);
});

test("the administrator's file hides the vendor's; pam.conf is read where there is neither", (t) => {
  const host = new Host(t, { sshd: "auth required $E\n" });
  plant(host.at, {
    "vendor/sshd": "auth optional nothing.so\n",
    "vendor/cron": "auth include sshd\n",
  });
  assert.deepEqual(askingServices(host.readers), ["cron", "sshd"]);
  const conf = join(host.at, "pam.conf");
  writeFileSync(
    conf,
    `# all\nSudo auth required ${EXEC} ${host.program} verify --pam\nsu auth required pam_unix.so\n`,
  );
  assert.deepEqual(askingServices({ directories: [join(host.at, "none")], conf }), ["sudo"]);
});

test("fifos, loops, binary files and huge ones are told, and nothing waits", {
  timeout: 10_000,
}, (t) => {
  const host = new Host(t, {
    loop: "@include loop2\n",
    loop2: "auth include loop\n",
    self: "auth substack self\nauth substack self\n",
    binary: "\x7fELF\x00\x01",
    huge: "auth required pam_unix.so\n".repeat(400_000),
    lost: "@include nowhere\n",
    "sshd.dpkg-old": "auth optional $E\n",
    sshd: "auth required $E\n",
  });
  execFileSync("mkfifo", [join(host.at, "pam.d/fifo")]);
  symlinkSync("/dev/zero", join(host.at, "pam.d/zero"));
  symlinkSync("round", join(host.at, "pam.d/round"));
  // Two inclusions each, sixteen deep: more lines than there is memory for.
  for (let n = 0; n < 16; n++) host.plant({ [`bomb${n}`]: `@include bomb${n + 1}\n`.repeat(2) });
  host.plant({ bomb16: "auth required pam_env.so\n" });
  const said = host.say();
  for (const pattern of [
    /^problem pam.d\/fifo is not a regular file$/,
    /^problem pam.d\/zero is not a regular file$/,
    /^problem pam.d\/round is a link to itself$/,
    /^problem pam.d\/binary is not text$/,
    /^problem pam.d\/huge is larger than 512 KiB$/,
    /^problem pam.d\/loop2:1 includes loop, which leads back/,
    /^problem pam.d\/self:1 includes self, which leads back/,
    /^problem pam.d\/lost:1 names nowhere, which is not there$/,
    /^problem bomb0 has too many lines/,
    /^ok sshd: ask for a code$/,
  ])
    assert.ok(
      said.some((line) => pattern.test(line)),
      `${pattern}\n${said.join("\n")}`,
    );
});

test("enroll is for those alone whose password or key was right", (t) => {
  const module = "pam_countersign.so enroll";
  const isWell = (text: string, name = "sudo", sshd = "") => {
    const host = new Host(t, { [name]: text });
    plant(host.at, { sshd_config: sshd, "security/pam_countersign.so": "" });
    return !host.say().join("\n").includes("with enroll, whoever comes here");
  };
  const behind = (password: string) => `${password}\nauth required ${module}\n`;
  assert.ok(isWell(behind("auth requisite pam_unix.so")));
  const debian = "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so";
  assert.ok(isWell(behind(`${debian}\nauth required pam_permit.so`)));
  assert.ok(isWell(behind("auth sufficient pam_rootok.so\nauth requisite pam_unix.so"), "su"));
  assert.ok(isWell(behind("auth required pam_unix.so").replace(" enroll", "")), "without it");
  const either =
    "auth [success=2 default=ignore] pam_unix.so\n" +
    "auth [success=1 default=ignore] pam_sss.so use_first_pass\nauth requisite pam_deny.so";
  assert.ok(isWell(behind(`${either}\nauth required pam_permit.so`)), "one password is enough");

  assert.ok(!isWell(behind("auth required pam_unix.so")));
  assert.ok(!isWell(behind("auth sufficient pam_unix.so")));
  assert.ok(!isWell(behind("auth optional pam_unix.so")));
  assert.ok(!isWell(behind("auth requisite pam_sss.so ignore_unknown_user")));
  assert.ok(!isWell(behind("auth [success=ok user_unknown=ignore default=die] pam_sss.so")));
  assert.ok(!isWell(behind("auth required pam_env.so")));
  assert.ok(!isWell(`auth required ${module}=utf8\nauth requisite pam_unix.so\n`), "too late");

  const key = "AuthenticationMethods publickey,keyboard-interactive:pam";
  assert.ok(isWell(`auth required ${module}\n`, "sshd", key));
  assert.ok(!isWell(`auth required ${module}\n`, "sudo", key), "no service but sshd's");
  for (const other of [
    "",
    "AuthenticationMethods keyboard-interactive",
    `${key} keyboard-interactive`,
    "AuthenticationMethods publickey",
    `${key}\nMatch User bob\nAuthenticationMethods keyboard-interactive`,
    "AuthenticationMethods password,keyboard-interactive",
  ]) {
    assert.ok(!isWell(`auth required ${module}\n`, "sshd", other), other);
  }
});

test("beside what shows nothing, or asks too early, enroll is told to do nothing", (t) => {
  for (const other of ["quiet", "forward_pass", "use_first_pass"]) {
    const told = say(
      t,
      `auth requisite pam_unix.so\nauth required pam_countersign.so enroll ${other}\n`,
    );
    assert.match(told, new RegExp(`problem sshd: enroll does nothing beside ${other}`));
  }
});

test("a policy that sets people up, where no line does it, is a warning", (t) => {
  const host = new Host(t, {
    sudo: "auth requisite pam_unix.so\nauth required pam_countersign.so\n",
  });
  const told = /warning the policy sets people up in their login/;
  assert.doesNotMatch(host.say().join("\n"), told);
  host.setsUp = true;
  assert.match(host.say().join("\n"), told);
  host.plant({ su: "auth requisite pam_unix.so\nauth required pam_countersign.so enroll=utf8\n" });
  assert.doesNotMatch(host.say().join("\n"), told);
});
