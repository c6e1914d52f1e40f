/**
 * What the Duo prompt is set up with, looked at here: the SDK takes an API host with a
 * scheme, a path or a port, and any redirect URL.
 */
import { Fault } from "../core/fault.ts";
import { isCallbackUri } from "../core/redirect.ts";
import { parseAuthorities } from "../https/authorities.ts";
import { authority, parseApiHost } from "./api-host.ts";
import { isKeyId, isSecret } from "./keys.ts";
import { duoRoute, type ProxyAddress, type Route } from "./route.ts";

export interface PromptSettings {
  /** 20 capital letters and digits. */
  readonly clientId: string;
  /** 40 letters and digits. */
  readonly clientSecret: string;
  readonly apiHost: string;
  /** True when an administrator allowed a host that is not of Duo's form, `host` or `host:port`. */
  readonly allowHost?: boolean;
  /** Certificates in PEM that are trusted instead of the roots that Duo's SDK pins. */
  readonly ca?: string;
  /** The only one: none of the environment's is asked. */
  readonly proxy?: ProxyAddress;
  /** Milliseconds for one request, from the name's look-up to the last byte. */
  readonly timeout?: number;
}

/**
 * Refuses what does not have its form. A secret is never part of what is said.
 * @returns the same, with the API host as it stands in addresses and id tokens
 * @throws Fault `settings-invalid`
 */
export function checkSettings(settings: PromptSettings): PromptSettings {
  if (!isKeyId(settings.clientId)) {
    throw invalid("the client id is not 20 capital letters and digits");
  }
  if (!isSecret(settings.clientSecret)) {
    throw invalid("the client secret is not 40 letters and digits");
  }
  // With none that can be read, every certificate would fail, and look like Duo's fault.
  if (settings.ca !== undefined) parseAuthorities(settings.ca);
  return { ...settings, apiHost: authority(parseApiHost(settings.apiHost, settings.allowHost)) };
}

/**
 * The way to Duo that checked settings name.
 * @throws Fault `settings-invalid`
 */
export function promptRoute({ apiHost, allowHost, ca, proxy }: PromptSettings): Route {
  const route = duoRoute(parseApiHost(apiHost, allowHost));
  const trusted = ca === undefined ? route : { ...route, authorities: parseAuthorities(ca) };
  return proxy ? { ...trusted, proxy } : trusted;
}

/**
 * Refuses any address but `callbackUri` of core/redirect.ts, since Duo sends the code there.
 * @throws Fault `usage`
 */
export function checkRedirectUri(uri: string): void {
  if (!isCallbackUri(uri))
    throw new Fault("usage", "the callback is not on this machine's localhost");
}

function invalid(message: string): Fault {
  return new Fault("settings-invalid", message, {
    hint: "copy it from the application in Duo's Admin Panel, of the type Web SDK",
  });
}
