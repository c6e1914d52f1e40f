/** The argument enroll: what the module says of it, and where it keeps it to itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MODULE, PAM, Services } from "./module.ts";
import { ACCEPT, asksThenSays, PROMPT, standIn } from "./stand-in.ts";

const OPENING = "countersign/1 verify user=alice service=test";

/** Has a password, such as an earlier line would have asked for. */
const ASKED = "auth optional pam_unix.so\n";

test(
  "it is told with the locale's charset, and where it is the argument alone",
  MODULE,
  async (t) => {
    const services = await Services.make(t);
    const { socket, heard } = await standIn(t, asksThenSays(ACCEPT));
    const opening = async (args: string, before = "", ...options: string[]) => {
      heard.length = 0;
      const stack = `${before}auth required MODULE socket=${socket} ${args}`;
      await services.login(stack, { answers: ["123456", "654321"], options });
      const openings = heard.filter((line) => line.startsWith("countersign/1"));
      return openings.map((line) => line.replace(/ session=\S+/, ""));
    };
    assert.deepEqual(await opening(""), [OPENING]);
    assert.deepEqual(await opening("enroll"), [`${OPENING} enroll=ascii`]);
    assert.deepEqual(await opening("enroll", "", "locale=C.UTF-8"), [`${OPENING} enroll=utf8`]);
    assert.deepEqual(await opening("enroll=utf8"), [`${OPENING} enroll=utf8`]);
    for (const other of ["enroll=ascii", "enroll=", "enrolled"]) {
      assert.deepEqual(await opening(other), [], "refused unasked");
    }
    assert.deepEqual(await opening("enroll", "", "flags=silent"), [`${OPENING} enroll=ascii`]);
    // Where nothing would be seen of it, or the password is judged only after it.
    assert.deepEqual(await opening("enroll quiet"), [OPENING]);
    assert.deepEqual(await opening("enroll forward_pass"), [OPENING]);
    assert.deepEqual(await opening("enroll use_first_pass", ASKED), [OPENING]);
    assert.deepEqual(await opening("enroll try_first_pass", ASKED), [OPENING]);
    assert.deepEqual(await opening("enroll try_first_pass"), [`${OPENING} enroll=ascii`]);
  },
);

test("the first prompt's own text stays where other words come first", MODULE, async (t) => {
  const services = await Services.make(t);
  const card = Array.from({ length: 60 }, () => "info %23%23%20%20\n").join("");
  const { socket } = await standIn(t, asksThenSays(ACCEPT, card));
  const stack = `auth required MODULE socket=${socket} enroll [prompt=Your code: ]`;
  const { said, returned } = await services.login(stack, { answers: ["1"] });
  assert.deepEqual(said.slice(-2), ["info ##  ", "secret Verification code: "]);
  assert.deepEqual([said.length, returned], [61, [PAM.success]]);
  const plain = await standIn(t, asksThenSays(ACCEPT));
  const usual = await services.login(stack.replace(socket, plain.socket), { answers: ["1"] });
  assert.deepEqual(usual.said, ["secret Your code: "]);
});

test("who cancels the last question is not in, whatever is said then", MODULE, async (t) => {
  const services = await Services.make(t);
  const { socket, heard } = await standIn(t, async ({ line, send, socket: connection }) => {
    await line();
    send(PROMPT);
    await line();
    send("prompt Write%20these%20down\n");
    await line();
    send(ACCEPT);
    connection.end();
  });
  const login = { answers: ["1", "\\fail"] };
  assert.equal(await services.returned(`socket=${socket} enroll`, login), PAM.authError);
  assert.equal(heard.at(-1), "cancel");
});
