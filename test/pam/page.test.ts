/** The page of the module says what the module does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { section, source } from "../man/mdoc.ts";
import { DAEMON, DaemonHost } from "./daemon-host.ts";
import { SOURCES } from "./module.ts";

const page = source("pam_countersign.8");

test("names every argument there is, and no other", () => {
  const text = readFileSync(join(SOURCES, "arguments.c"), "utf8");
  const known = [...text.matchAll(/\(argument, "(\w+)=?"[,)]/g)];
  const documented = [...section(page, "ARGUMENTS").matchAll(/^\.It Cm (\w+)/gm)];
  assert.deepEqual(documented.map(([, name]) => name).sort(), known.map(([, name]) => name).sort());
});

/** The stacks of the page, by the heading they stand under. */
function stacks(): { title: string; stack: string }[] {
  const chunks = section(page, "EXAMPLES").split("\n.Ss ").slice(1);
  return chunks.flatMap((chunk) => {
    const title = chunk.split("\n")[0] ?? "";
    return [...chunk.matchAll(/^\.Bd .*\n((?:auth .*\n)+)\.Ed/gm)].map(([, stack = ""]) => ({
      title,
      stack: stack.replaceAll("pam_countersign.so", "MODULE verifier=/opt/none"),
    }));
  });
}

test("its stacks let in with everything right, and with nothing wrong", DAEMON, async (t) => {
  const host = await DaemonHost.open(t);
  await succeed(host.countersign, ["config", "set", "throttle.freeFailures", "100"]);
  assert.equal(stacks().length, 7);
  for (const { title, stack } of stacks()) {
    // Root may become anybody by su, and the test is root.
    await host.stack(stack.replace(/^.*pam_rootok.*\n/m, ""));
    const password = stack.includes("pam_unix") ? ["Sommer2024"] : [];
    const joined = stack.includes("forward_pass");
    const typed = (code: string, known = password): string[] =>
      joined ? [`${known.join("")}${code}`] : [...known, code];
    assert.equal(await host.login(typed(await host.phone.next())), "success", title);
    assert.notEqual(await host.login(typed(await host.phone.wrong())), "success", title);
    assert.notEqual(await host.login(typed("123456"), "bob"), "success", title);
    assert.notEqual(await host.login([]), "success", title);
    if (password.length === 0) continue;
    assert.notEqual(await host.login(typed(await host.phone.next(), ["x"])), "success", title);
  }
});
