/**
 * What the Duo prompt is set up with, looked at here: the SDK takes an API host with a
 * scheme, a path or a port, and any redirect URL.
 */
import { X509Certificate } from "node:crypto";
import { Fault } from "../core/fault.ts";
import { isCallbackUri } from "../core/redirect.ts";

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
  /** Milliseconds for one request, from the name's look-up to the last byte. */
  readonly timeout?: number;
}

const CLIENT_ID = /^[A-Z0-9]{20}$/;
const CLIENT_SECRET = /^[A-Za-z0-9]{40}$/;
const DUO_HOST = /^api-[0-9a-f]{8}\.duosecurity\.com$/;
const ANY_HOST = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$/;

/**
 * Refuses what does not have its form. A secret is never part of what is said.
 * @throws Fault `settings-invalid`
 */
export function checkSettings(settings: PromptSettings): void {
  if (!CLIENT_ID.test(settings.clientId)) {
    throw invalid("the client id is not 20 capital letters and digits");
  }
  if (!CLIENT_SECRET.test(settings.clientSecret)) {
    throw invalid("the client secret is not 40 letters and digits");
  }
  if (!DUO_HOST.test(settings.apiHost) && !(settings.allowHost && isHost(settings.apiHost))) {
    throw invalid("the API host is not of the form api-XXXXXXXX.duosecurity.com");
  }
  if (settings.ca !== undefined) checkCertificates(settings.ca);
}

/**
 * Refuses any address but `callbackUri` of core/redirect.ts, since Duo sends the code there.
 * @throws Fault `usage`
 */
export function checkRedirectUri(uri: string): void {
  if (!isCallbackUri(uri))
    throw new Fault("usage", "the callback is not on this machine's localhost");
}

/** True for a host, with a port or without, that a URL holds unchanged. */
function isHost(host: string): boolean {
  const url = `https://${host}`;
  return ANY_HOST.test(host) && URL.canParse(url) && new URL(url).host === host;
}

/** With none that can be read, every certificate would fail, and look like Duo's fault. */
function checkCertificates(pem: string): void {
  const [, ...begun] = pem.split("-----BEGIN CERTIFICATE-----");
  const areCertificates = begun.every((rest) =>
    isCertificate(`-----BEGIN CERTIFICATE-----${rest}`),
  );
  if (begun.length > 0 && areCertificates) return;
  throw new Fault("settings-invalid", "the CA file is not of certificates that can be read", {
    hint: "give it in PEM: -----BEGIN CERTIFICATE----- and so on",
  });
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

function invalid(message: string): Fault {
  return new Fault("settings-invalid", message, {
    hint: "copy it from the application's page in the Duo Admin Panel: Web SDK",
  });
}
