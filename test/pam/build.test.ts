/** The module as a file: what it exports, how it is hardened, and how big it is. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeDirectory } from "../support/cli.ts";
import { run, runOrThrow } from "../support/run.ts";
import { builtModule, MODULE, make, SOURCES } from "./module.ts";

test("exports what libpam calls and nothing else", MODULE, async () => {
  const path = join(await builtModule(), "pam_countersign.so");
  const { stdout } = await runOrThrow(["nm", "-D", "--defined-only", path]);
  const names = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" ").at(-1));
  assert.deepEqual(names.sort(), ["pam_sm_authenticate", "pam_sm_setcred"]);
});

test("needs libpam and libc, has no writable globals, and is hardened", MODULE, async () => {
  const path = join(await builtModule(), "pam_countersign.so");
  const { stdout } = await runOrThrow(["readelf", "-dlW", path]);
  const needed = [...stdout.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1]);
  assert.deepEqual(needed.sort(), ["libc.so.6", "libpam.so.0"]);
  assert.match(stdout, /BIND_NOW/);
  assert.match(stdout, /GNU_RELRO/);
  assert.match(stdout, /GNU_STACK.* RW /);
  const symbols = await runOrThrow(["nm", path]);
  const globals = symbols.stdout
    .split("\n")
    .filter((line) => / [BbD] /.test(line) || / d /.test(line))
    .filter(
      (line) =>
        !/completed\.|__dso_handle|__TMC_END__|_DYNAMIC|_GLOBAL_OFFSET|_array_entry|frame_dummy|__do_global/.test(
          line,
        ),
    );
  // Tables with pointers in them are relocated once and read-only from then on.
  assert.deepEqual(
    globals
      .map((line) =>
        line
          .split(" ")
          .at(-1)
          ?.replace(/\.\d+$/, ""),
      )
      .filter((name) => !/^[A-Z_]+$/.test(name ?? "")),
    [],
  );
});

test("is installed by its own Makefile, and cleaned away", MODULE, async (t) => {
  const out = await makeDirectory(t);
  const destination = await makeDirectory(t);
  const argv = [
    "make",
    "-C",
    SOURCES,
    `OUT=${out}`,
    `DESTDIR=${destination}`,
    "SECUREDIR=/security",
  ];
  await runOrThrow([...argv, "install"], { timeout: 60_000 });
  assert.deepEqual(readdirSync(join(destination, "security")), ["pam_countersign.so"]);
  await make(out, "clean");
  assert.deepEqual(readdirSync(out), []);
});

/** What the daemon can say, as fuzz names it. */
const KINDS = [
  ...["prompt-secret", "prompt", "info", "error", "open", "fault"],
  ...["accept", "exempt", "reject", "unenrolled", "throttled", "unavailable"].map(
    (verdict) => `verdict ${verdict}`,
  ),
];

test(
  "the parser stands ten seconds of noise, which reaches every kind of line",
  MODULE,
  async () => {
    const seed = String(Date.now());
    const argv = [join(await builtModule(), "fuzz"), "10", seed];
    const ended = await run(argv, { timeout: 150_000 });
    assert.equal(ended.code, 0, `seed ${seed}\n${ended.stderr}`);
    assert.match(ended.stdout, /^\d{6,} lines/);
    const parsed = [...ended.stdout.matchAll(/^(\d+) parsed as (.*)$/gm)];
    assert.deepEqual(parsed.map(([, , kind]) => kind).sort(), KINDS.sort());
    for (const [line, count] of parsed) assert.ok(Number(count) > 0, `seed ${seed}: ${line}`);
  },
);

/** Lines that are neither blank nor comment. */
function codeLines(source: string): string[] {
  const bare = source.replace(/"(?:\\.|[^"\\])*"|\/\*[\s\S]*?\*\//g, (found) =>
    found.startsWith('"') ? found : "",
  );
  return bare.split("\n").filter((line) => line.trim() !== "");
}

test("the module is small enough to be read", () => {
  assert.equal(codeLines('/* a\n */\nint a; /* b */\n\nchar *c = "/*";\n').length, 2);
  const counts = readdirSync(SOURCES)
    .filter((name) => /\.[ch]$/.test(name))
    .map((name) => [name, codeLines(readFileSync(join(SOURCES, name), "utf8")).length] as const);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  assert.ok(total > 0 && total <= 740, `${total} lines: ${JSON.stringify(counts)}`);
});

test("functions fit a screen", () => {
  for (const file of readdirSync(SOURCES).filter((name) => name.endsWith(".c"))) {
    const bodies = readFileSync(join(SOURCES, file), "utf8").split(/^\{$/m).slice(1);
    for (const body of bodies) {
      const lines = body.split(/^\}/m)[0]?.split("\n").length ?? 0;
      assert.ok(lines <= 60, `${file}: ${lines} lines\n${body.slice(0, 200)}`);
    }
  }
});
