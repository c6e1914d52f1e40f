/** Holds what the doctor makes of a stack against what libpam does with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePamLines } from "../../src/doctor/pam/lines.ts";
import { outcomesOf } from "../../src/doctor/pam/outcome.ts";
import { asksCountersign } from "../../src/doctor/pam/service.ts";
import type { Step } from "../../src/doctor/pam/services.ts";
import { needs } from "../support/parts.ts";
import { Sandbox } from "../support/sandbox.ts";

const ASK = "pam_exec.so quiet /opt/guard/countersign verify --pam";

const ASKING = { asks: asksCountersign, counts: "all" } as const;

const STATUS = "/opt/guard/status";

/** A login to the service `outer`, once these services are written and that was done. */
interface Login {
  readonly services: Readonly<Record<string, string>>;
  readonly before?: string;
}

/** Which of them pamtester let in: in one shell, for they are many. */
async function logins(sandbox: Sandbox, all: readonly Login[]): Promise<readonly boolean[]> {
  const script = all.flatMap(({ services, before = ":" }) => [
    ...Object.entries(services).map(
      ([name, text]) => `cat > /etc/pam.d/${name} <<'END'\n${text}END`,
    ),
    before,
    "pamtester outer sentry authenticate < /dev/null > /dev/null 2>&1 && echo in || echo out",
  ]);
  const input = `${script.join("\n")}\n`;
  const { stdout } = await sandbox.run(["sh", "-eu"], { input, timeout: 120_000 });
  const said = stdout.trim().split("\n");
  assert.equal(said.length, all.length);
  return said.map((word) => word === "in");
}

const CONTROLS = [
  "required",
  "requisite",
  "sufficient",
  "optional",
  "[success=ok default=ignore]",
  "[success=done default=ignore]",
  "[success=1 default=ignore]",
  "[success=2 default=ignore]",
  "[success=3 default=bad]",
  "[success=ok default=1]",
  "[success=ok default=reset]",
  "[success=ok system_err=ok default=bad]",
  "[default=done]",
  "[success=ok default=die]",
];

const FRAMES: ((asks: string) => string)[] = [
  (asks) => `${asks}`,
  (asks) => `auth required pam_permit.so\n${asks}`,
  (asks) => `${asks}auth required pam_permit.so\n`,
  (asks) => `${asks}auth requisite pam_deny.so\nauth required pam_permit.so\n`,
  (asks) =>
    `auth optional pam_permit.so\n${asks}auth sufficient pam_permit.so\nauth required pam_deny.so\n`,
];

/** The steps of a text; what stands between "{" and "}" lines is a substack. */
function stepsOf(text: string, inSubstack: boolean): Step[] {
  const lines = parsePamLines(text, "t");
  return inSubstack ? [{ substack: lines }] : lines;
}

test(
  "a refused code gets in by libpam where the doctor says that it does",
  needs("root", "mount namespaces", "pamtester"),
  async (t) => {
    const sandbox = await Sandbox.open(t);
    await sandbox.addUser("sentry");
    await sandbox.sh(
      `mkdir /opt/guard && printf '#!/bin/sh\\nexit $(cat ${STATUS})\\n' > /opt/guard/countersign && chmod 755 /opt/guard/countersign`,
    );
    const cases = CONTROLS.flatMap((control) =>
      FRAMES.flatMap((frame) => [false, true].map((nested) => ({ control, frame, nested }))),
    );
    const after = "auth required pam_permit.so\n";
    const real = await logins(
      sandbox,
      cases.flatMap(({ control, frame, nested }) => {
        const text = frame(`auth ${control} ${ASK}\n`);
        const services = nested
          ? { inner: text, outer: `auth substack inner\n${after}` }
          : { outer: text };
        return [1, 0].map((status) => ({ services, before: `echo ${status} > ${STATUS}` }));
      }),
    );
    const seen = new Set<string>();
    for (const [index, { control, frame, nested }] of cases.entries()) {
      const text = frame(`auth ${control} ${ASK}\n`);
      const steps = [...stepsOf(text, nested), ...(nested ? parsePamLines(after, "t") : [])];
      const { refusedGetsIn, passedGetsIn } = outcomesOf(steps, ASKING);
      const two = real.slice(2 * index, 2 * index + 2);
      seen.add(two.join());
      assert.deepEqual([refusedGetsIn, passedGetsIn], two, `${nested ? "substack\n" : ""}${text}`);
    }
    assert.equal(seen.size, 4, "every outcome came up");
  },
);

/** Controls that tell apart what the module alone returns. */
const MODULE_CONTROLS = [
  ...CONTROLS,
  "[success=ok ignore=ignore default=die]",
  "[success=ok ignore=ok default=die]",
  "[success=ok ignore=1 default=die]",
  "[success=ok authinfo_unavail=ignore default=die]",
  "[success=done maxtries=1 default=bad]",
];
/** Exempted, passed, and every refusal. */
const RETURNED = ["ignore", "success", "auth_err", "maxtries", "authinfo_unavail", "service_err"];

test(
  "so it is with what the module returns, as pam_debug returns it",
  needs("root", "mount namespaces", "pamtester"),
  async (t) => {
    const sandbox = await Sandbox.open(t);
    await sandbox.addUser("sentry");
    const texts = MODULE_CONTROLS.flatMap((control) =>
      FRAMES.map((frame) => frame(`auth ${control} pam_countersign.so\n`)),
    );
    const real = await logins(
      sandbox,
      texts.flatMap((text) =>
        RETURNED.map((answer) => ({
          services: { outer: text.replace("pam_countersign.so", `pam_debug.so auth=${answer}`) },
        })),
      ),
    );
    const seen = new Set<string>();
    for (const [index, text] of texts.entries()) {
      const outcomes = outcomesOf(parsePamLines(text, "t"), ASKING);
      const begin = index * RETURNED.length;
      const [exempted, passed, ...refused] = real.slice(begin, begin + RETURNED.length);
      const two = [refused.includes(true), passed];
      seen.add([exempted, ...two].join());
      assert.deepEqual([outcomes.refusedGetsIn, outcomes.passedGetsIn], two, text);
      assert.deepEqual(outcomes.waysPast, [], text);
    }
    assert.ok(seen.size >= 6, [...seen].join(" "));
  },
);
