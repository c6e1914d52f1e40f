/**
 * Bundles src/ into the directory given. One file for each program instead of some hundred, oclif
 * among them: finding and linking modules is most of what a command would wait for. Types are
 * checked by npm run check, and not again here.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = process.argv[2];

/**
 * An import of a built-in module sets up all that it exports, lazy parts too: node:fs alone
 * brings streams, promises and readline with it, some 10 ms. Taken from the process, only
 * what is named is.
 */
const BUILTIN_IMPORT = /^import (type )?\{([^}]*)\} from "(node:[^"]+)";$/gm;

function takeBuiltins(source) {
  return source.replace(BUILTIN_IMPORT, (_, isType, names, module) => {
    const values = names
      .split(",")
      .map((name) => name.trim().replace(/ as /, ": "))
      .filter((name) => name !== "" && !name.startsWith("type "));
    if (isType || values.length === 0) return "";
    return `const { ${values.join(", ")} } = process.getBuiltinModule("${module}");`;
  });
}

const leanBuiltins = {
  name: "lean-builtins",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: takeBuiltins(readFileSync(path, "utf8")),
      loader: "ts",
    }));
  },
};

const common = {
  outdir: target,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node26",
  logLevel: "warning",
  // These load late, or find their own files; and oclif's compiler is for what is not built.
  external: [
    "@duosecurity/*",
    "@oclif/plugin-*",
    "keytar",
    "koffi",
    "nodemailer",
    "open",
    "pngjs",
    "qrcode-terminal",
    "typescript",
  ],
};

/**
 * What main leaves to the rest, by name and file: nothing but plain values passes between them,
 * for each has classes of its own.
 */
const PARTS = {
  "verify-either-side": "commands/verify-either-side",
  "login-run": "commands/login-run",
  dispatch: "commands/dispatch",
  address: "terminal/address",
};

/** The part that has oclif and every command in it. */
const COMMANDS = "dispatch";

const partsElsewhere = {
  name: "parts-elsewhere",
  setup({ onResolve }) {
    onResolve({ filter: /\.ts$/ }, ({ path, kind, resolveDir }) => {
      const file = resolve(resolveDir, path);
      const part = Object.keys(PARTS).find((name) => file === `${root}src/${PARTS[name]}.ts`);
      if (part === undefined || kind !== "dynamic-import") return undefined;
      return { path: `./parts/${part}.js`, external: true };
    });
  },
};

// One file, since finding and linking another takes longer than what most of them do; small, and
// CommonJS, since Node has that loaded sooner. Names stay, for whoever reads a stack.
await build({
  ...common,
  entryPoints: { main: `${root}src/main.ts` },
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  minifySyntax: true,
  minifyWhitespace: true,
  define: { "import.meta.url": "mainUrl" },
  banner: {
    js: 'const mainUrl = process.getBuiltinModule("node:url").pathToFileURL(__filename).href;',
  },
  plugins: [leanBuiltins, partsElsewhere],
});

await build({
  ...common,
  entryPoints: {
    ...Object.fromEntries(
      Object.entries(PARTS)
        .filter(([name]) => name !== COMMANDS)
        .map(([name, file]) => [`parts/${name}`, `${root}src/${file}.ts`]),
    ),
    daemon: `${root}src/daemon/main.ts`,
    // Looked for beside the file that starts it.
    "keyring-process": `${root}src/keys/keyring-process.ts`,
    "parts/keyring-process": `${root}src/keys/keyring-process.ts`,
  },
  plugins: [leanBuiltins],
});

/**
 * What oclif loads by the names that package.json tells it, out of one file with what runs it:
 * a second one would have classes of its own.
 */
const FOUND_BY_OCLIF = { index: "COMMANDS", help: "default", "not-found": "default" };
const named = Object.entries(FOUND_BY_OCLIF).map(([file, name]) => ({
  file,
  name,
  as: name === "default" ? file.replaceAll("-", "_") : name,
}));

await build({
  ...common,
  stdin: {
    contents: [
      'export * from "./dispatch.ts";',
      'export { allPages } from "./help.ts";',
      ...named.map(({ file, name, as }) => `export { ${name} as ${as} } from "./${file}.ts";`),
    ].join("\n"),
    sourcefile: "commands.js",
    resolveDir: `${root}src/commands`,
  },
  outdir: undefined,
  outfile: `${target}/parts/${COMMANDS}.js`,
  // oclif is CommonJS, and takes these for given.
  banner: {
    js: [
      'const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);',
      "const { dirname: __dirname, filename: __filename } = import.meta;",
    ].join("\n"),
  },
  plugins: [leanBuiltins],
});

mkdirSync(`${target}/commands`, { recursive: true });
for (const { file, name, as } of named) {
  const more = file === "help" ? ", allPages" : "";
  const text = `export { ${as} as ${name}${more} } from "../parts/${COMMANDS}.js";\n`;
  writeFileSync(`${target}/commands/${file}.js`, text);
}
