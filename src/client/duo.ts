/** Duo's two methods as the settings have them. */
import type { FailMode } from "../contracts/method.ts";
import type { DuoApplicationSettings, Settings } from "../settings/schema.ts";

export const DUO_METHODS = ["duo-push", "duo-prompt"] as const;
export type DuoMethod = (typeof DUO_METHODS)[number];

/** What Duo calls the parts of an application, and where the settings keep them. */
export const DUO_WORDS = {
  "duo-push": {
    group: "duo.push",
    id: "integration key",
    idSetting: "duo.push.integrationKey",
    idFlag: "--integration-key",
    secret: "secret key",
    type: "Auth API",
  },
  "duo-prompt": {
    group: "duo.prompt",
    id: "client id",
    idSetting: "duo.prompt.clientId",
    idFlag: "--client-id",
    secret: "client secret",
    type: "Web SDK",
  },
} as const satisfies Record<DuoMethod, object>;

export interface DuoMethodSettings extends DuoApplicationSettings {
  readonly method: DuoMethod;
  /** The integration key, or the client id. */
  readonly id: string | undefined;
}

/** Both methods, set up or not. */
export function duoMethods({ duo }: Settings): readonly DuoMethodSettings[] {
  return [
    { ...duo.push, method: "duo-push", id: duo.push.integrationKey },
    { ...duo.prompt, method: "duo-prompt", id: duo.prompt.clientId },
  ];
}

/** True once a method has a host and an id: then it is on. */
export function isOn({ apiHost, id }: Pick<DuoMethodSettings, "apiHost" | "id">): boolean {
  return apiHost !== undefined && id !== undefined;
}

/** The fail mode of each method that is on. */
export function failModesOf(settings: Settings): Partial<Record<DuoMethod, FailMode>> {
  const on = duoMethods(settings).filter(isOn);
  return Object.fromEntries(on.map(({ method, failMode }) => [method, failMode]));
}

export function isDuoMethod(method: string): method is DuoMethod {
  return DUO_METHODS.some((each) => each === method);
}
