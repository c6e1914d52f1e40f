/** Root acts as the user whom the host's files belong to, who need not be able to read the program. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";

const LAYERS = "/var/lib/layers";

test(
  "a push is asked for by who may not read the program",
  needs("root", "mount namespaces"),
  async (t) => {
    const sandbox = await Sandbox.open(t);
    const program = SANDBOX_CLI.replace(/\/bin\/.*$/, "");
    await sandbox.sh("useradd --system --shell /usr/sbin/nologin countersign");
    await sandbox.sh(`${SANDBOX_CLI} init`);
    const duo = "duo configure duo-push --api-host localhost:1 --allow-host --secret-stdin";
    await sandbox.sh(`${SANDBOX_CLI} ${duo} --integration-key DIXXXXXXXXXXXXXXXXXX 2>&1`, {
      input: "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef\n",
    });
    // A layer of this test's own: the checkout itself keeps its mode.
    await sandbox.sh(`mkdir ${LAYERS} && mount -t tmpfs none ${LAYERS} && mkdir ${LAYERS}/up ${LAYERS}/work
      mount -t overlay none -o lowerdir=${program},upperdir=${LAYERS}/up,workdir=${LAYERS}/work ${program}
      chmod 700 ${program}`);
    const ended = await sandbox.run(["sh", "-c", `${SANDBOX_CLI} verify alice --code-stdin`], {
      input: "push\n",
    });
    assert.deepEqual([ended.code, ended.stdout], [5, ""]);
    assert.match(ended.stderr, /^error: localhost:1 refuses the connection$/m);
  },
);
