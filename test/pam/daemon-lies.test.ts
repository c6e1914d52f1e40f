/** A daemon that lies, stalls or dies lets nobody in. Under the sanitizers, all of it. */

import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeDirectory } from "../support/cli.ts";
import { MODULE, PAM, Services } from "./module.ts";
import { ACCEPT, asksThenSays, type Behaviour, PROMPT, standIn } from "./stand-in.ts";

const NO_VERIFIER = "verifier=/nonexistent/countersign";

const BOOT = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** The opening but for the login session, which is the last it tells and always told. */
function withoutSession(opening = ""): string {
  const [rest = "", session = ""] = opening.split(" session=");
  const [boot, leader, started, ...more] = session.split(".");
  assert.deepEqual([boot, more], [BOOT, []]);
  // The session that runs these tests, or one that a test has begun since.
  assert.ok(Number(leader) > 0 && Number(started) > 0, opening);
  return rest;
}

test("each verdict returns what the table says", MODULE, async (t) => {
  const services = await Services.make(t);
  const table = {
    accept: PAM.success,
    reject: PAM.authError,
    unenrolled: PAM.authError,
    throttled: PAM.maxTries,
    unavailable: PAM.unavailable,
    // PAM_IGNORE: alone it is no success.
    exempt: PAM.permissionDenied,
  };
  for (const [verdict, expected] of Object.entries(table)) {
    const { socket, heard } = await standIn(t, asksThenSays(`verdict ${verdict} user=alice\n`));
    const login = { answers: ["123456"] };
    assert.equal(await services.returned(`socket=${socket}`, login), expected, verdict);
    const [opening = "", ...rest] = heard;
    assert.equal(withoutSession(opening), "countersign/1 verify user=alice service=test");
    assert.deepEqual(rest, ["answer 123456"]);
  }
});

/** Endings that are no `verdict accept` about alice. */
const LIES = [
  "",
  "verdict accept user=alice",
  "verdict accept\n",
  "verdict accept \n",
  "verdict accept user=\n",
  "verdict accept user=bob\n",
  "verdict accept user=Alice\n",
  "verdict accept user=alice user=alice\n",
  "verdict accept user=alice\r\n",
  "verdict accept user=alice colour=red\n",
  "verdict accept user=alice\0\n",
  "verdict accept\0user=alice\n",
  "verdict accept  user=alice\n",
  "verdict accept user=alice \n",
  "verdict  accept user=alice\n",
  " verdict accept user=alice\n",
  "verdict ACCEPT user=alice\n",
  "Verdict accept user=alice\n",
  "verdict accepted user=alice\n",
  "verdict accept,reject user=alice\n",
  "verdict accept user=%61lice%0\n",
  "verdict accept user=alice%00\n",
  "verdict accept user=alice method=%FF\n",
  "verdict accept user=alice method=t tp\n",
  "verdict user=alice accept\n",
  "verdict none user=alice\n",
  "accept\n",
  "result accept\n",
  "answer 123456\n",
  "info verdict accept user=alice\n",
  "fault code=internal message=no\n",
  "fault message=no\n",
  "fault\n",
  `${ACCEPT}verdict reject user=alice\n`,
  `${ACCEPT}x`,
  `\n${ACCEPT}`,
  `${"x".repeat(8191)}\n${ACCEPT}`,
  `${"x".repeat(8192)}\n${ACCEPT}`,
  "x".repeat(100_000),
  `info ${"A".repeat(8187)}\n${ACCEPT}`,
];

test("what is no whole `verdict accept` about this user is no success", MODULE, async (t) => {
  const services = await Services.make(t);
  for (const lie of LIES) {
    const { socket } = await standIn(t, asksThenSays(lie));
    const returned = await services.returned(`socket=${socket}`, { answers: ["123456"] });
    assert.equal(returned, PAM.unavailable, JSON.stringify(lie.slice(0, 60)));
  }
});

test("the longest line is a line", MODULE, async (t) => {
  const services = await Services.make(t);
  const { socket } = await standIn(t, asksThenSays(`info ${"A".repeat(8186)}\n${ACCEPT}`));
  assert.equal(await services.returned(`socket=${socket}`, { answers: ["1"] }), PAM.success);
});

test("percent-encoded letters are the letters", MODULE, async (t) => {
  const services = await Services.make(t);
  const { socket } = await standIn(t, asksThenSays("verdict accept user=%61lic%65\n"));
  assert.equal(await services.returned(`socket=${socket}`, { answers: ["1"] }), PAM.success);
});

test("an accepted no-answer is refused", MODULE, async (t) => {
  const services = await Services.make(t);
  for (const answer of ["\\null", "\\fail", "\\xff\\xfe", `${"9".repeat(9000)}`]) {
    const { socket, heard } = await standIn(t, asksThenSays(ACCEPT));
    const login = { answers: [answer] };
    assert.equal(await services.returned(`socket=${socket}`, login), PAM.authError, answer);
    assert.match(heard[1] ?? "", /^cancel/);
  }
  const { socket, heard } = await standIn(t, asksThenSays("verdict reject user=alice\n"));
  assert.equal(await services.returned(`socket=${socket}`, { answers: [""] }), PAM.authError);
  assert.equal(heard[1], "answer ");
});

test("a daemon that dies at any step is a refusal", MODULE, async (t) => {
  const services = await Services.make(t);
  const deaths: Behaviour[] = [
    ({ socket }) => void socket.destroy(),
    async ({ socket, line }) => {
      await line();
      socket.destroy();
    },
    async ({ socket, line, send }) => {
      await line();
      send("prompt-sec");
      socket.destroySoon();
    },
    async ({ socket, line, send }) => {
      await line();
      send(PROMPT);
      socket.destroySoon();
    },
    async ({ socket, line, send }) => {
      await line();
      send(PROMPT);
      await line();
      socket.destroy();
    },
  ];
  for (const [step, death] of deaths.entries()) {
    const { socket } = await standIn(t, death);
    const returned = await services.returned(`socket=${socket}`, { answers: ["123456"] });
    assert.equal(returned, PAM.unavailable, `step ${step}`);
  }
});

test("slow bytes and silence end with the timeout", MODULE, async (t) => {
  const services = await Services.make(t);
  const asks: Behaviour = async ({ line, send }) => {
    await line();
    send(PROMPT);
  };
  const stalls: Behaviour[] = [
    () => undefined,
    async ({ send, socket }) => {
      const timer = setInterval(() => send("x"), 20);
      socket.on("close", () => clearInterval(timer));
    },
    async ({ send, socket }) => {
      const timer = setInterval(() => send("info still%20here\n"), 200);
      socket.on("close", () => clearInterval(timer));
    },
    asks,
  ];
  await Promise.all(
    stalls.map(async (stall) => {
      const { socket } = await standIn(t, stall);
      const since = Date.now();
      const own = await Services.make(t);
      const args = `socket=${socket} timeout=1`;
      // Once somebody was asked, time may run out for them on purpose: a push that nobody answers.
      const expected = stall === asks ? PAM.authError : PAM.unavailable;
      assert.equal(await own.returned(args, { answers: ["123456"] }), expected);
      assert.ok(Date.now() - since < 5000);
    }),
  );
  const { socket } = await standIn(t, async ({ send, socket: own }) => {
    while (own.writable && own.write("info flood\n")) send("info flood\n");
  });
  assert.equal(await services.returned(`socket=${socket}`), PAM.unavailable);
});

test("a person who answers too late is refused, whatever the daemon says", MODULE, async (t) => {
  const services = await Services.make(t);
  const { socket, heard } = await standIn(t, asksThenSays(ACCEPT));
  const flag = join(await makeDirectory(t), "paused");
  setTimeout(() => rmSync(flag, { force: true }), 1500);
  const login = { answers: ["123456"], options: [`pause=${flag}`] };
  assert.equal(await services.returned(`socket=${socket} timeout=1`, login), PAM.authError);
  assert.equal(heard[1], "cancel timed-out");
});

test("text of the daemon is shown without control characters, in order", MODULE, async (t) => {
  const services = await Services.make(t);
  const before =
    "info one%1B%5B2J%0A%09two%C2%9B%E2%80%AE%7F\nerror three%07\nopen https%3A%2F%2Fexample.org%2F\n";
  const { socket } = await standIn(t, asksThenSays(ACCEPT, before));
  const stack = `auth required MODULE socket=${socket}`;
  const session = await services.login(stack, { answers: ["123456"] });
  assert.deepEqual(session.said, [
    "info one[2J  two",
    "error three",
    "info Open this address in a browser:",
    "secret Verification code: ",
  ]);
  const quiet = await services.login(`${stack} quiet`, { answers: ["1"] });
  assert.deepEqual([quiet.said, quiet.returned], [["secret Verification code: "], [0]]);
  // sudo asks every module for silence: a push could not be told of, nor the code it takes.
  const silent = await services.login(stack, { answers: ["1"], options: ["flags=silent"] });
  assert.deepEqual(
    silent.said,
    session.said.filter((line) => !line.startsWith("error ")),
  );
});

test("a prompt is cut to what PAM takes, between two characters", MODULE, async (t) => {
  const services = await Services.make(t);
  const { socket } = await standIn(t, async ({ line, send }) => {
    await line();
    send(`prompt ${"%C3%A9".repeat(600)}\n`);
    await line();
    send(ACCEPT);
  });
  const stack = `auth required MODULE socket=${socket}`;
  const { said, returned } = await services.login(stack, { answers: ["1"] });
  assert.deepEqual([said, returned], [[`shown ${"é".repeat(255)}`], [PAM.success]]);
});

test("a socket that a user may have planted gets nothing", MODULE, async (t) => {
  const services = await Services.make(t);
  const directory = await makeDirectory(t);
  const place = join(directory, "own", "socket");
  mkdirSync(join(directory, "own"));
  const { heard } = await standIn(t, asksThenSays(ACCEPT), place);
  const login = { answers: ["123456"] };
  const returned = (path: string): Promise<number> => services.returned(`socket=${path}`, login);
  assert.equal(await returned(place), PAM.success);
  const count = heard.length;
  chmodSync(join(directory, "own"), 0o777);
  assert.equal(await returned(place), PAM.unavailable, "others write to its directory");
  chmodSync(join(directory, "own"), 0o1777);
  assert.equal(await returned(place), PAM.unavailable, "sticky is not enough");
  chmodSync(join(directory, "own"), 0o755);
  chownSync(join(directory, "own"), 65534, 0);
  assert.equal(await returned(place), PAM.unavailable, "its directory is another's");
  chownSync(join(directory, "own"), 0, 0);
  chownSync(place, 65534, 0);
  assert.equal(await returned(place), PAM.unavailable, "it is another's");
  chownSync(place, 0, 0);
  symlinkSync(join(directory, "own"), join(directory, "link"));
  assert.equal(await returned(join(directory, "link", "socket")), PAM.success, "root's own link");
  symlinkSync("loop", join(directory, "loop"));
  assert.equal(await returned(join(directory, "loop", "socket")), PAM.unavailable);
  writeFileSync(join(directory, "file"), "");
  assert.equal(await returned(join(directory, "file")), PAM.unavailable);
  assert.equal(heard.length, count + 2, "nothing was said to any of them");
});

test(
  "a daemon too busy to take a connection is waited for until the timeout",
  MODULE,
  async (t) => {
    const services = await Services.make(t);
    // Six logins at a door with room for two, at which nobody looks while this process blocks.
    const { socket } = await standIn(t, asksThenSays(ACCEPT), undefined, 1);
    const options = ["threads=6"];
    for (const [timeout, seconds, admitted] of [
      [20, 1.5, 6],
      [1, 4, 0],
    ] as const) {
      const stack = `auth required MODULE socket=${socket} timeout=${timeout}`;
      const login = services.login(stack, { answers: ["1"], options });
      await new Promise((resolve) => setTimeout(resolve, 5));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
      const { returned } = await login;
      assert.equal(returned.filter((code) => code === PAM.success).length, admitted);
      // Whoever was asked before the door was blocked is refused, as time ran out for them.
      const out = [PAM.unavailable, PAM.authError] as readonly number[];
      assert.equal(returned.filter((code) => out.includes(code)).length, 6 - admitted);
    }
  },
);

test("no daemon and no verifier: unavailable", MODULE, async (t) => {
  const services = await Services.make(t);
  const args = `socket=/nonexistent/socket ${NO_VERIFIER}`;
  assert.equal(await services.returned(args, { answers: ["123456"] }), PAM.unavailable);
});

test("an argument that is not known refuses, and so does a bad value", MODULE, async (t) => {
  const services = await Services.make(t);
  const { socket, heard } = await standIn(t, asksThenSays(ACCEPT));
  const bad = ["nonsense", "Debug", "debug=1", "timeout=", "timeout=0", "timeout=1x", "timeout=-1"];
  bad.push("timeout=99999999999999999999", "timeout=601", "prompt=", "digits=5", "digits=9");
  bad.push("verifier=countersign", "socket=", "socket=relative", `socket=/${"x".repeat(200)}`);
  bad.push(`[prompt=${"x".repeat(512)}]`, "[prompt=a\x1b]", "use_first_pass=", "forward_password");
  for (const argument of bad) {
    const returned = await services.returned(`socket=${socket} ${argument}`, { answers: ["1"] });
    assert.equal(returned, PAM.serviceError, argument);
  }
  assert.deepEqual(heard, []);
  const stack = `auth required MODULE socket=${socket} [prompt=Your code, please: ] timeout=5 debug`;
  const { said, returned } = await services.login(stack, { answers: ["123456"] });
  assert.deepEqual([said, returned], [["secret Your code, please: "], [PAM.success]]);
});

test("hostile names and origins are refused before a word is said", MODULE, async (t) => {
  const services = await Services.make(t);
  const { socket, heard } = await standIn(t, asksThenSays(ACCEPT));
  const odd = [
    "\\x1b[2J",
    "a\\x0ab",
    "\\xff",
    "\\xc0\\xaf",
    "\\xed\\xa0\\x80",
    "\\xf4\\x90\\x80\\x80",
  ];
  odd.push(
    "a\\xe2\\x80\\x8b",
    "a\\xef\\xbb\\xbf",
    "\\xd8\\x9ca",
    "\\xe2\\x80\\xaea",
    "a\\x7f",
    "\\xc2\\x85",
    "x".repeat(513),
    "\\xe2\\x82",
  );
  const stack = `auth required MODULE socket=${socket}`;
  for (const text of odd) {
    const cases = [
      { user: text },
      { options: [`rhost=${text}`] },
      { options: [`tty=${text}`] },
      { options: [`ruser=${text}`] },
    ];
    for (const login of cases) {
      const { returned, said } = await services.login(stack, { answers: ["1"], ...login });
      assert.deepEqual([returned, said], [[PAM.authError], []], JSON.stringify(login));
    }
  }
  assert.deepEqual(heard, []);
  const options = ["rhost=203.0.113.7", "tty=/dev/pts/3", "ruser=böb % x"];
  assert.equal(
    await services.returned(`socket=${socket}`, { answers: ["1"], options }),
    PAM.success,
  );
  const fields = "rhost=203.0.113.7 tty=%2Fdev%2Fpts%2F3 ruser=b%C3%B6b%20%25%20x";
  assert.equal(withoutSession(heard[0]), `countersign/1 verify user=alice service=test ${fields}`);
  const empty = { answers: ["1"], options: ["rhost=", "tty="] };
  assert.equal(await services.returned(`socket=${socket}`, empty), PAM.success);
  assert.equal(withoutSession(heard[2]), "countersign/1 verify user=alice service=test");
});

test("the host's own words to who is refused are shown, and cleaned", MODULE, async (t) => {
  const services = await Services.make(t);
  const told = async (ending: string, options = "", answers = ["123456"]) => {
    const { socket } = await standIn(t, asksThenSays(ending));
    const { said } = await services.login(`auth required MODULE socket=${socket} ${options}`, {
      answers,
    });
    return said.filter((line) => !line.startsWith("secret"));
  };
  const refusal = "refusal=Call%20%1B%5B2J4711%0A%E2%80%AE";
  for (const verdict of ["reject", "unenrolled", "unavailable"]) {
    const ending = `verdict ${verdict} user=alice message=broken ${refusal}\n`;
    assert.deepEqual(await told(ending), ["info Call [2J4711 "], verdict);
    assert.deepEqual(await told(ending, "quiet"), []);
  }
  assert.deepEqual(await told("verdict reject user=alice message=broken\n"), []);
});
