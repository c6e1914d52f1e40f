/**
 * Bundles src/ into the directory given. Few files instead of a hundred: finding and linking
 * modules is most of what a login would wait for. Types are checked by npm run check, and
 * not again here.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

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
  outdir: process.argv[2],
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node26",
  logLevel: "warning",
  // otplib is bundled, being many small files; these load late, or find their own files.
  external: ["@duosecurity/*", "@oclif/*", "keytar", "koffi", "open", "pngjs", "qrcode-terminal"],
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
      Object.entries(PARTS).map(([name, file]) => [`parts/${name}`, `${root}src/${file}.ts`]),
    ),
    "commands/index": `${root}src/commands/index.ts`,
    "commands/help": `${root}src/commands/help.ts`,
    "commands/not-found": `${root}src/commands/not-found.ts`,
    daemon: `${root}src/daemon/main.ts`,
    // Looked for beside the chunk that starts it.
    "keyring-process": `${root}src/keys/keyring-process.ts`,
  },
  splitting: true,
  chunkNames: "chunk-[hash]",
  plugins: [leanBuiltins],
});
