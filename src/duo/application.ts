/** An application at Duo as the settings name it. Each of Duo's two methods has one of its own. */
import type { FailMode } from "../contracts/method.ts";

export interface DuoApplication {
  /** `host` or `host:port`, as written in the settings: not looked at yet. */
  readonly apiHost: string;
  /** True when an administrator allowed a host that is not of Duo's form. */
  readonly anyHost: boolean;
  /**
   * Certificates in PEM that are trusted in place of Duo's pinned roots; undefined for those.
   * @throws Fault of a `file-…` code when the file cannot be read
   */
  readonly authorities: () => string | undefined;
  /** `host:port` of an HTTP proxy that tunnels. */
  readonly proxy: string | undefined;
  readonly failMode: FailMode;
  /** A user's name at Duo, unless an alias was set. */
  readonly nameOf: (user: string) => string;
  /** This host's, for Duo to show. */
  readonly hostName: string;
}

/** Of the type Auth API. */
export interface PushApplication extends DuoApplication {
  readonly integrationKey: string;
}

/** Of the type Web SDK. */
export interface PromptApplication extends DuoApplication {
  readonly clientId: string;
  /** 0: any that is free. */
  readonly callbackPort: number;
}
