import { resolve } from "node:path";
import { Args, Flags } from "@oclif/core";
import { DUO_METHODS, DUO_WORDS, type DuoMethod } from "../../client/duo.ts";
import { configureDuo, type DuoSetUp, type DuoWishes } from "../../client/duo-set-up.ts";
import { FAIL_MODES } from "../../contracts/method.ts";
import { Fault } from "../../core/fault.ts";
import { LOWEST_PORT } from "../../core/redirect.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json } from "../base.ts";
import { warnUnrecorded } from "../config/unrecorded.ts";
import { askForSecret, demandNoMore } from "./secret.ts";

/** By what the old Web SDK is known: its keys are good for nothing any more. */
const IFRAME = "the iframe prompt ended on 2024-03-30, and its keys with it";
const UPGRADE =
  "in Duo's Admin Panel, open the application, activate the Universal Prompt, " +
  "then give its client id and client secret: countersign duo configure duo-prompt";

export class DuoConfigure extends CountersignCommand {
  static override summary = "Set up Duo: push, or the prompt in the browser.";

  static override description =
    `Each method is an application of its own in Duo's Admin Panel: duo-push one of the type
Auth API, duo-prompt one of the type Web SDK. Its secret is asked for on the terminal, or
read from standard input, and kept sealed in the store; it is never an argument.

What is said of an application replaces what was said before: host, id and secret, and
whether --allow-host and --ca-file hold. The other flags change what they name alone.

A user's name at Duo is made from the template: {user} stands for the login name, {host}
for the first part of this host's name, and {domain} for the rest. For a user who is
called something else at Duo: user alias.`;

  static override examples = [
    {
      description: "Approvals on the phone",
      command:
        "sudo <%= config.bin %> duo configure duo-push \\\n  --api-host api-XXXXXXXX.duosecurity.com \\\n  --integration-key DIXXXXXXXXXXXXXXXXXX",
    },
    {
      description: "The prompt in the browser, with the secret from a file",
      command:
        "sudo <%= config.bin %> duo configure duo-prompt \\\n  --api-host api-XXXXXXXX.duosecurity.com --client-id DIXXXXXXXXXXXXXXXXXX \\\n  --secret-stdin < secret",
    },
    {
      description: "Whose names at Duo are addresses of mail",
      command: "sudo <%= config.bin %> config set duo.usernameTemplate '{user}@example.org'",
    },
  ];

  static override args = {
    method: Args.string({
      ignoreStdin: true,
      required: true,
      options: [...DUO_METHODS],
      description: "duo-push or duo-prompt",
    }),
  };

  // What is too much may be a secret: oclif would repeat it.
  static override strict = false;

  static override flags = {
    "api-host": Flags.string({
      required: true,
      helpValue: "HOST",
      description: "of the application: api-XXXXXXXX.duosecurity.com",
    }),
    "integration-key": Flags.string({
      helpValue: "KEY",
      description: "of the application, for duo-push",
    }),
    "client-id": Flags.string({
      helpValue: "ID",
      description: "of the application, for duo-prompt",
    }),
    "secret-stdin": Flags.boolean({
      description: "read the secret key or client secret from standard input",
    }),
    "fail-mode": Flags.option({
      options: FAIL_MODES,
      description: "safe: while Duo is out of reach, let in who is enrolled in nothing else",
    })(),
    "username-template": Flags.string({
      helpValue: "TEMPLATE",
      description: "a user's name at Duo, for both methods; at first {user}",
    }),
    "callback-port": Flags.integer({
      min: 0,
      max: 65_535,
      helpValue: "N",
      description: "where duo-prompt waits for the browser; 0, as at first: any free port",
    }),
    proxy: Flags.string({
      helpValue: "HOST:PORT",
      description: "HTTP proxy on the way to Duo, for both methods",
    }),
    "allow-host": Flags.boolean({
      description: "take an API host that is not of Duo's form",
    }),
    "ca-file": Flags.string({
      helpValue: "FILE",
      description: "PEM file of authorities that vouch for the API host, in place of Duo's",
    }),
    akey: Flags.string({
      helpValue: "KEY",
      description: "refused: of the iframe prompt, which ended on 2024-03-30",
    }),
    json,
  };

  override async run(): Promise<void> {
    const { args, argv, flags } = await this.parse(DuoConfigure);
    demandNoMore("duo configure", "one method and no more", argv.slice(1).map(String));
    const method: DuoMethod = args.method === "duo-prompt" ? "duo-prompt" : "duo-push";
    if (flags.akey !== undefined) throw new Fault("usage", IFRAME, { hint: UPGRADE });
    const wishes: DuoWishes = {
      method,
      apiHost: flags["api-host"],
      id: idOf(method, flags["integration-key"], flags["client-id"]),
      allowHost: flags["allow-host"] === true,
      caFile: flags["ca-file"] === undefined ? undefined : resolve(flags["ca-file"]),
      proxy: flags.proxy,
      failMode: flags["fail-mode"],
      usernameTemplate: flags["username-template"],
      callbackPort: callbackPortOf(method, flags["callback-port"]),
    };
    const setUp = await configureDuo(wishes, () =>
      askForSecret(DUO_WORDS[method].secret, flags["secret-stdin"] === true),
    );
    warnUnrecorded(setUp.unrecorded);
    if (flags.json) sayJson(document(setUp));
    else say(...lines(setUp));
  }
}

/** The id of this method, and only of this: the other's is that of another kind of application. */
function idOf(method: DuoMethod, integrationKey?: string, clientId?: string): string {
  const [own, other] =
    method === "duo-push" ? [integrationKey, clientId] : [clientId, integrationKey];
  if (other !== undefined) throw notThisMethod(method);
  if (own !== undefined) return own;
  throw new Fault("usage", `${method} takes ${DUO_WORDS[method].idFlag}`, {
    hint: "countersign help duo configure",
  });
}

function notThisMethod(method: DuoMethod): Fault {
  if (method === "duo-prompt") {
    return new Fault("usage", `duo-prompt takes no integration key: ${IFRAME}`, { hint: UPGRADE });
  }
  return new Fault("usage", "duo-push takes no client id: that is of a Web SDK application", {
    hint:
      "in Duo's Admin Panel, protect an application of the type Auth API, then give its " +
      "integration key and secret key",
  });
}

function callbackPortOf(method: DuoMethod, port?: number): number | undefined {
  if (port === undefined) return port;
  if (method === "duo-prompt") {
    if (port === 0 || port >= LOWEST_PORT) return port;
    throw new Fault("usage", `--callback-port is 0, or at least ${LOWEST_PORT}`, {
      hint: "countersign help duo configure",
    });
  }
  throw new Fault("usage", "--callback-port is for duo-prompt: duo-push opens no browser", {
    hint: "countersign help duo configure",
  });
}

function document({ method, apiHost, failMode, usernameTemplate, caFile }: DuoSetUp): object {
  return { method, apiHost, failMode, usernameTemplate, caFile: caFile ?? null };
}

function lines(setUp: DuoSetUp): string[] {
  const { method, apiHost, isDuosHost, caFile, failMode } = setUp;
  return [
    ...(isDuosHost ? [] : [`${apiHost} is not a host of Duo's: from now on it says who gets in.`]),
    ...(caFile === undefined
      ? []
      : [`Whom ${caFile} vouches for is taken for Duo, and nobody else.`]),
    ...(failMode === "safe"
      ? ["While Duo is out of reach, users who are enrolled in nothing else are let in."]
      : []),
    `${method} is on, with ${apiHost}.`,
    `try: countersign duo check ${method}`,
  ];
}
