import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { COMMANDS } from "../../src/commands/index.ts";
import { settingSchemas } from "../../src/settings/schema.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import { ROOT } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { checkLine } from "./invocations.ts";
import { examples, flagsIn, items, PAGES, section, source } from "./mdoc.ts";

/** Commands of oclif's plugins, and what every command has. */
const FOREIGN_COMMANDS = ["help", "autocomplete"];
const FOREIGN_FLAGS = ["help", "version", "refresh-cache"];
/** About the machine that lints, not about the page. */
const NOT_THE_PAGE = /referenced manual not found|outdated mandoc\.db/;

for (const page of PAGES) {
  test(`${page} is clean mdoc`, needs("mandoc"), async () => {
    const path = join(ROOT, "man", page);
    const { stdout } = await run(["mandoc", "-T", "lint", "-W", "style", path]);
    const complaints = stdout.split("\n").filter((line) => line && !NOT_THE_PAGE.test(line));
    assert.deepEqual(complaints, []);
  });

  test(
    `${page} is whole in groff, too, which takes a word that is a macro for one`,
    needs("groff"),
    async () => {
      const { stderr } = await run(["groff", "-mandoc", "-T", "ascii", join(ROOT, "man", page)]);
      assert.equal(stderr, "");
    },
  );

  test(`${page} fits 80 columns`, needs("mandoc"), async () => {
    const { stdout } = await run([
      "mandoc",
      "-T",
      "ascii",
      "-O",
      "width=78",
      join(ROOT, "man", page),
    ]);
    const lines = stdout.replace(/.\x08/g, "").split("\n");
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
  });

  test(`every example in ${page} is one that countersign understands`, () => {
    const lines = examples(source(page));
    assert.ok(lines.length > 0);
    for (const line of lines) checkLine(line);
  });
}

describe("countersign(1)", () => {
  const page = source("countersign.1");
  const documented = items(section(page, "COMMANDS"));

  for (const [id, { args = {}, flags = {} }] of Object.entries(COMMANDS)) {
    const name = id.replaceAll(":", " ");
    test(`has ${name} with the arguments and flags it has`, () => {
      const item = documented.find((each) => each.name === name);
      assert.ok(item, `${name} is not documented`);
      assert.deepEqual([...item.flags].sort(), Object.keys(flags).sort());
      for (const arg of Object.keys(args)) assert.ok(item.args.has(arg.toUpperCase()), arg);
    });
  }

  test("has no command and no flag that there is not", () => {
    const names = Object.keys(COMMANDS).map((id) => id.replaceAll(":", " "));
    const others = documented.map(({ name }) => name).filter((name) => !names.includes(name));
    assert.deepEqual(others.sort(), FOREIGN_COMMANDS.toSorted());
    const flags = Object.values(COMMANDS).flatMap((command) => Object.keys(command.flags ?? {}));
    const known = new Set([...flags, ...FOREIGN_FLAGS]);
    assert.deepEqual(
      [...flagsIn(page)].filter((flag) => !known.has(flag)),
      [],
    );
  });

  test("names every exit status of verify", () => {
    const text = section(page, "EXIT STATUS");
    for (const status of [0, 1, 2, 3, 4, 5])
      assert.match(text, new RegExp(`^\\.It ${status}$`, "m"));
  });
});

describe("countersign.json(5)", () => {
  const page = source("countersign.json.5");
  const documented = items(section(page, "SETTINGS"));

  test("has the settings of the schema, in its order", () => {
    const names = settingSchemas().map(({ name }) => name);
    assert.deepEqual(
      documented.map(({ name }) => name),
      names,
    );
  });

  for (const { name, schema } of settingSchemas()) {
    test(`${name} has its range and default`, () => {
      const body = documented.find((each) => each.name === name)?.body.replaceAll("\n", " ") ?? "";
      if (schema.type === "integer") {
        assert.ok(body.includes(` ${schema.minimum} to ${schema.maximum}.`), body);
        assert.match(body, new RegExp(`Default: ${schema.default ?? "none"}[.,]`));
        return;
      }
      for (const value of schema.enum ?? []) assert.match(body, new RegExp(`\\bLi ${value}\\b`));
      if (schema.maxLength) assert.ok(body.includes(`${schema.maxLength}`), body);
      if (schema.default) assert.ok(body.includes(`Default: .Li ${schema.default} `), body);
      else assert.match(body, /Default: the /);
    });
  }

  test("its example is a settings file", () => {
    const [, json = ""] = /^\.Bd -literal.*\n(\{[\s\S]*?)^\.Ed/m.exec(page) ?? [];
    assert.ok(parseSettings(Buffer.from(json), "example"));
  });
});
