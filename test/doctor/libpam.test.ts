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
      "mkdir /opt/guard && printf '#!/bin/sh\\nexit $(cat /opt/guard/status)\\n' > /opt/guard/countersign && chmod 755 /opt/guard/countersign",
    );
    const login = async (service: string, status: number): Promise<boolean> => {
      await sandbox.sh(`echo ${status} > /opt/guard/status`);
      return (await sandbox.run(["pamtester", service, "sentry", "authenticate"])).code === 0;
    };
    const seen = new Set<string>();
    for (const control of CONTROLS)
      for (const frame of FRAMES)
        for (const nested of [false, true]) {
          const text = frame(`auth ${control} ${ASK}\n`);
          await sandbox.pamService("inner", text);
          const after = "auth required pam_permit.so\n";
          await sandbox.pamService("outer", nested ? `auth substack inner\n${after}` : text);
          const steps = [...stepsOf(text, nested), ...(nested ? parsePamLines(after, "t") : [])];
          const { refusedGetsIn, passedGetsIn } = outcomesOf(steps, asksCountersign);
          const real = [await login("outer", 1), await login("outer", 0)];
          seen.add(real.join());
          assert.deepEqual(
            [refusedGetsIn, passedGetsIn],
            real,
            `${nested ? "substack\n" : ""}${text}`,
          );
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
const REFUSALS = ["auth_err", "maxtries", "authinfo_unavail", "service_err"];

test(
  "so it is with what the module returns, as pam_debug returns it",
  needs("root", "mount namespaces", "pamtester"),
  async (t) => {
    const sandbox = await Sandbox.open(t);
    await sandbox.addUser("sentry");
    const login = async (text: string, answer: string): Promise<boolean> => {
      const stack = text.replace("pam_countersign.so", `pam_debug.so auth=${answer}`);
      await sandbox.pamService("outer", stack);
      return (await sandbox.run(["pamtester", "outer", "sentry", "authenticate"])).code === 0;
    };
    const seen = new Set<string>();
    for (const control of MODULE_CONTROLS)
      for (const frame of FRAMES) {
        const text = frame(`auth ${control} pam_countersign.so\n`);
        const outcomes = outcomesOf(parsePamLines(text, "t"), asksCountersign);
        const refused = [];
        for (const answer of REFUSALS) refused.push(await login(text, answer));
        const exempted = await login(text, "ignore");
        const real = [refused.includes(true), await login(text, "success")];
        seen.add([exempted, ...real].join());
        assert.deepEqual([outcomes.refusedGetsIn, outcomes.passedGetsIn], real, text);
        assert.deepEqual(outcomes.waysPast, [], text);
      }
    assert.ok(seen.size >= 6, [...seen].join(" "));
  },
);
