/**
 * Imports run one way (DESIGN.md section 2). This is an allow-list: what no line of the
 * table names is refused, so a new dependency is a decision taken here.
 *
 * A room is a folder of src/. `values` are rooms it may import from, `types` rooms it may
 * import types from, `packages` npm packages, `builtins` Node's modules beside PLAIN.
 */

/** Builtins without power over the machine; not for the pure rooms, which have `pure`. */
const PLAIN = [
  "path",
  "os",
  "url",
  "util",
  "events",
  "stream",
  "timers",
  "process",
  "buffer",
  "module",
  "string_decoder",
];

const ROOMS = {
  core: { pure: true, values: [], packages: ["@otplib/[^/]+"], builtins: ["crypto"] },
  contracts: { pure: true, values: [], types: ["core"] },
  protocol: { pure: true, values: [], types: ["core"] },
  // A connection that is served: the daemon's many, and the one of a verifier on its own.
  wire: { values: ["core", "contracts", "protocol"], builtins: ["net"] },
  engine: { pure: true, values: ["core", "contracts"], builtins: ["crypto"] },
  methods: {
    pure: true,
    values: ["core", "contracts", "duo", "message", "yubikey"],
    builtins: ["crypto"],
  },
  // What every client of a service does alike.
  https: { values: ["core"], builtins: ["crypto", "http", "tls"] },
  duo: {
    values: ["core", "contracts", "https"],
    packages: ["@duosecurity/[^/]+"],
    builtins: ["crypto", "http", "https", "net", "tls"],
  },
  message: {
    values: ["core", "contracts"],
    // nodemailer: SMTP and MIME, in JavaScript alone and without dependencies. Loaded for a message.
    packages: ["nodemailer"],
    // A program of the host's sends where there is no mail server.
    builtins: ["crypto", "net", "tls", "child_process"],
  },
  yubikey: { values: ["core", "contracts", "https"], builtins: ["crypto", "net", "tls"] },
  files: { values: ["core", "contracts"], builtins: ["fs", "crypto"] },
  stores: { values: ["core", "contracts", "files"], packages: ["pg"], builtins: ["fs", "sqlite"] },
  keys: {
    values: ["core", "contracts", "files"],
    packages: ["keytar"],
    // A keyring that hangs is ended as a process of its own.
    builtins: ["fs", "crypto", "worker_threads", "child_process"],
  },
  settings: { values: ["core", "contracts", "files"], builtins: ["fs"] },
  // Formats of other systems; whoever imports a file opens it.
  imports: {
    pure: true,
    values: ["core", "contracts"],
    packages: ["saxes"],
    builtins: ["crypto"],
  },
  // koffi: datagrams to a Unix socket, which Node does not offer.
  "system-log": { values: ["core"], types: ["contracts"], packages: ["koffi"] },
  doctor: {
    values: ["core", "contracts", "files"],
    types: ["settings"],
    // The store is looked into read-only, without the migration that opening it for use brings.
    builtins: ["fs", "child_process", "sqlite"],
  },
  client: {
    values: [
      ...["core", "contracts", "engine", "protocol", "wire", "methods", "duo", "message"],
      ...["yubikey", "https", "stores", "keys", "settings", "files", "doctor", "system-log"],
      "imports",
    ],
    builtins: ["fs", "crypto", "net", "child_process"],
  },
  daemon: {
    values: [
      ...["core", "contracts", "engine", "protocol", "wire", "methods", "duo", "message"],
      ...["yubikey", "stores", "keys", "settings", "files", "system-log"],
    ],
    packages: ["koffi"],
    builtins: ["fs", "crypto", "net", "child_process"],
  },
  terminal: {
    values: ["core"],
    types: ["contracts"],
    // koffi: what Node does not offer of the C library, such as poll(2).
    packages: ["qrcode-terminal", "pngjs", "open", "koffi"],
    // crypto: the hash by which a page's policy names the one style that counts.
    builtins: ["fs", "tty", "readline", "http", "net", "crypto"],
  },
  commands: {
    // Of the contracts, lists such as KEY_KINDS: what a flag may be.
    values: ["core", "contracts", "client", "terminal"],
    packages: ["@oclif/[^/]+"],
    // Finding the program to become, and the pages of help.
    builtins: ["fs", "child_process"],
  },
};

const inRooms = (rooms) => `^src/(${rooms.join("|")})/`;
const builtin = (names) => names.map((name) => `^(node:)?${name}(/|$)`);

/** What one room may import, as rules of dependency-cruiser. */
function allowancesOf([name, room]) {
  const from = { path: inRooms([name]) };
  const builtins = [...(room.pure ? [] : PLAIN), ...(room.builtins ?? [])];
  const to = [
    { path: inRooms([name, ...room.values]) },
    { path: inRooms(room.types ?? ["-"]), dependencyTypes: ["type-only"] },
    { path: builtin(builtins.length > 0 ? builtins : ["-"]), dependencyTypes: ["core"] },
    { path: `^node_modules/(@types/)?(${(room.packages ?? ["-"]).join("|")})/` },
  ];
  return to.map((each) => ({ from, to: each }));
}

const VAGUE = { path: "[/-](utils?|helpers?|common|managers?)[/.-]", pathNot: "^node_modules/" };

module.exports = {
  allowedSeverity: "error",
  allowed: [
    ...Object.entries(ROOMS).flatMap(allowancesOf),
    // One wiring for both places where the engine runs.
    {
      from: { path: "^src/daemon/main\\.ts$" },
      to: { path: "^src/client/(in-process|daemon-socket|login-card|methods|owner)\\.ts$" },
    },
    // What a login shows is drawn as a terminal is; neither side knows of the other's rest.
    {
      from: { path: "^src/client/login-card\\.ts$" },
      to: { path: "^src/terminal/login-card\\.ts$" },
    },
    {
      from: { path: "^src/main\\.ts$" },
      to: {
        path: [
          "^src/(commands|terminal|core)/",
          "^src/client/(caller|door)\\.ts$",
          "^node_modules/@oclif/",
          ...builtin(["fs", ...PLAIN]),
        ],
      },
    },
  ],
  forbidden: [
    {
      name: "no-cycle",
      comment: "modules that need each other are one module, or lack a third",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphan",
      comment: "nothing imports it and it imports nothing: dead, or forgotten",
      severity: "error",
      from: { orphan: true, path: "^src/" },
      to: {},
    },
    {
      name: "no-vague-name",
      comment: "a file is named for what it does, not util, helper, common or manager",
      severity: "error",
      from: {},
      to: VAGUE,
    },
    {
      name: "no-vague-name",
      severity: "error",
      from: VAGUE,
      to: {},
    },
    {
      name: "no-undeclared-package",
      comment: "not among the dependencies of package.json, so not there once installed",
      severity: "error",
      from: { path: "^src/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "unknown", "undetermined"],
        dependencyTypesNot: ["type-only"],
      },
    },
  ],
  options: {
    // Not among the builtins of the older Nodes this may run on.
    builtInModules: { add: ["node:sqlite"] },
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types"],
    },
  },
};
