/** `duo push`, in process and through the daemon: one verification, told like any other. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { enrolledHome, succeed } from "../commands/enrolled.ts";
import { Daemon } from "../daemon/daemon.ts";
import { PHONE, type ScriptedUser } from "../duo/stand-in/account.ts";
import { startStandIn } from "../duo/stand-in/server.ts";
import { CLI } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { Terminal } from "../support/terminal.ts";
import { setUpDuo } from "./duo-setup.ts";

const PARTS = needs("openssl", "oathtool");
const isRoot = process.getuid?.() === 0;
const SECOND = { ...PHONE, device: "DP2", display_name: "Second" };

type Side = "in process" | "through the daemon";

/** A home where nobody has Duo yet; bob has nothing at all. */
async function opened(t: TestContext, side: Side) {
  const { home, countersign } = await enrolledHome(t);
  const standIn = await startStandIn(t);
  const installation = {
    countersign,
    run: (argv: readonly string[], options = {}) => run(argv, { ...options, env: home.env }),
    directory: home.path,
  };
  await setUpDuo(installation, standIn);
  if (side === "through the daemon") await Daemon.start(t, home);
  const at = (user: string, how: Partial<ScriptedUser>) =>
    standIn.account.users.set(user, { preauth: "auth", devices: [PHONE, SECOND], ...how });
  const push = async (...args: readonly string[]) => {
    const { stdout, stderr, code } = await countersign(["duo", "push", ...args]);
    return { stdout, stderr, code };
  };
  return { home, countersign, standIn, at, push };
}

for (const side of ["in process", "through the daemon"] as const) {
  test(
    `${side}: a push is approved, denied or reported, and told as verify tells it`,
    PARTS,
    async (t) => {
      const { countersign, standIn, at, push } = await opened(t, side);
      at("bob", { answer: "allow" });
      const said = "Pushed a login request to your device...\n";
      assert.deepEqual(await push("bob"), {
        stdout: "accepted\n",
        stderr: `${said}Success. Logging you in...\n`,
        code: 0,
      });
      at("bob", { answer: "fraud" });
      assert.deepEqual(await push("bob", "--service", "vpn", "--rhost", "192.0.2.7", "--json"), {
        stdout: `${JSON.stringify({
          ...{ verdict: "reject", user: "bob", method: "duo-push", service: "vpn" },
          ...(isRoot ? { reason: "fraud" } : {}),
        })}\n`,
        stderr: `${said}Login request reported as fraudulent.\nerror: verification failed\n`,
        code: 1,
      });
      const { parameters } = standIn.received.findLast(({ path }) => path.endsWith("/auth")) ?? {};
      assert.equal(parameters?.get("ipaddr"), "192.0.2.7");
      assert.equal(parameters?.get("type"), "vpn");
      assert.equal(standIn.account.sent.pushes, 2);
      const [last] = JSON.parse(
        await succeed(countersign, ["audit", "list", "--json", "--last", "1"]),
      );
      assert.deepEqual(
        [last.reason, last.method, last.service, last.rhost],
        ["fraud", "duo-push", "vpn", "192.0.2.7"],
      );
    },
  );

  test(`${side}: a device, a call, and who gets neither`, PARTS, async (t) => {
    const { standIn, at, push } = await opened(t, side);
    at("bob", { answer: "allow" });
    assert.equal((await push("bob", "--device", "2")).code, 0);
    const sent = () =>
      standIn.received.findLast(({ path }) => path === "/auth/v2/auth")?.parameters ?? new Map();
    assert.equal(sent().get("device"), "DP2");
    assert.equal((await push("bob", "--phone", "--device", "2")).code, 0);
    assert.deepEqual([sent().get("factor"), sent().get("device")], ["phone", "DP2"]);
    at("alice", { answer: "allow" });
    assert.equal((await push("alice")).code, 1, "she has codes, and did not enroll in Duo");
    assert.deepEqual(standIn.account.sent, { pushes: 1, calls: 1, texts: 0 });
    // Without a terminal nobody can be sent anywhere.
    const stranger = await push("carol");
    assert.equal(stranger.code, 1);
    assert.match(stranger.stderr, /^Open this address in a browser:\n\nhttps:\S+\n$/m);
    await standIn.stop();
    const down = await push("bob");
    assert.equal(down.code, 5);
    assert.match(down.stderr, /^error: .*refuses the connection/);
  });

  test(`${side}: Ctrl-C stops waiting, and an approval after it is too late`, {
    ...PARTS,
    ...needs("tmux"),
  }, async (t) => {
    const { home, countersign, standIn, at, push } = await opened(t, side);
    at("bob", { answer: "allow" });
    assert.equal((await push("bob")).code, 0);
    at("bob", {});
    const script = `trap : INT; ${CLI} duo push bob; echo "ended: $?"`;
    const screen = await Terminal.start(t, ["sh", "-c", script], { env: home.env });
    await screen.shows("Pushed a login request");
    // Once it turns, the terminal's own restoring listens for the signal, too.
    await screen.shows("waiting; Ctrl-C stops it");
    await screen.press("C-c");
    await screen.shows(/^ended: 1$/m);
    standIn.account.answer("bob", "allow");
    const [last] = JSON.parse(
      await succeed(countersign, ["audit", "list", "--json", "--last", "1"]),
    );
    assert.deepEqual([last.verdict, last.reason], ["reject", "cancelled"]);
    assert.equal(standIn.account.sent.pushes, 2);
  });
}

test("where duo-push is not set up, it says so, and no attempt is counted", PARTS, async (t) => {
  const { countersign } = await enrolledHome(t);
  for (let count = 0; count < 7; count++) {
    const { stdout, stderr, code } = await countersign(["duo", "push", "alice"]);
    const said = "error: duo-push: it is not set up, or it is off\ntry: countersign method list\n";
    assert.deepEqual([stdout, stderr, code], ["", said, 2]);
  }
});

test("a number that no device can have is wrong usage", async (t) => {
  const { countersign } = await enrolledHome(t);
  for (const device of ["0", "100", "x", "-1"]) {
    const { code, stdout } = await countersign(["duo", "push", "alice", "--device", device]);
    assert.deepEqual([code, stdout], [2, ""], device);
  }
});
