/** The namespaces of a PSKC file (RFC 6030), and how one of its elements is read. */
import { Misfit } from "./misfit.ts";
import type { XmlElement } from "./xml-children.ts";

export const PSKC = "urn:ietf:params:xml:ns:keyprov:pskc";
export const XMLDSIG = "http://www.w3.org/2000/09/xmldsig#";
export const XMLENC = "http://www.w3.org/2001/04/xmlenc#";
export const XMLENC11 = "http://www.w3.org/2009/xmlenc11#";
export const PKCS5 = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#";

/**
 * The one child of that name, or undefined. Two would leave it to the reader which of them
 * counts, and another reader might have taken the other.
 * @throws Misfit
 */
export function childOf(
  element: XmlElement | undefined,
  local: string,
  uris: readonly string[] = [PSKC],
): XmlElement | undefined {
  const found = element?.children.filter((each) => each.local === local && uris.includes(each.uri));
  if (found && found.length > 1) throw new Misfit(`it has more than one ${local}`);
  return found?.[0];
}

/** What stands in an element, without the white space around it. */
export function textOf(element: XmlElement | undefined): string | undefined {
  return element?.text.trim();
}

/** A whole number, or undefined for anything else. */
export function integerOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^[+-]?\d{1,19}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Bytes in base64, white space allowed (xs:base64Binary); undefined for anything else. */
export function base64Of(text: string | undefined, most: number): Buffer | undefined {
  const tight = text?.replace(/[\t\n\r ]/g, "");
  if (tight === undefined || tight.length > Math.ceil(most / 3) * 4) return undefined;
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(tight)) {
    return undefined;
  }
  // Out of Buffer's shared pool, so that zeroing it zeroes its only copy.
  const bytes = Buffer.alloc(Buffer.byteLength(tight, "base64"));
  bytes.write(tight, "base64");
  return bytes.length <= most ? bytes : undefined;
}
