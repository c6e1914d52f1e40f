/** How a person is challenged, as parameters of `auth`. */
import { printable } from "../core/printable.ts";
import { canonicalParameters, type Parameters } from "./signature.ts";

/** What the phone shows beside the question. */
export interface PushText {
  /** Before the word "request", such as "sudo". */
  readonly type?: string;
  /** The user, as the person knows them. */
  readonly displayName?: string;
  /** In order of weight: what no longer fits is left out. */
  readonly info?: Parameters;
}

export type Challenge =
  | ({
      readonly factor: "push";
      /** Duo's identifier, or "auto". */
      readonly device: string;
      /** Of a verified push, from preauth. */
      readonly transaction?: string;
    } & PushText)
  /** Push or call, as Duo thinks best. */
  | ({ readonly factor: "auto"; readonly device: string } & PushText)
  | { readonly factor: "phone"; readonly device: string }
  /** Sends passcodes, and ends as denied, with the status "sent". */
  | { readonly factor: "sms"; readonly device: string }
  | { readonly factor: "passcode"; readonly passcode: string };

/** Duo takes fewer than 20,000 bytes. */
const LONGEST_INFO = 19_999;

export function challengeParameters(challenge: Challenge): Parameters {
  const { factor } = challenge;
  if (factor === "passcode") return { factor, passcode: challenge.passcode };
  const parameters: Record<string, string> = { factor, device: challenge.device };
  if (factor !== "push" && factor !== "auto") return parameters;
  const { type, displayName, info } = challenge;
  if (type !== undefined) parameters.type = printable(type, 64);
  if (displayName !== undefined) parameters.display_username = printable(displayName);
  const shown = info === undefined ? "" : pushInfo(info);
  if (shown !== "") parameters.pushinfo = shown;
  if (factor === "push" && challenge.transaction !== undefined) {
    parameters.txid = challenge.transaction;
  }
  return parameters;
}

/** Escaped pairs, in a parameter that is escaped once more. */
function pushInfo(info: Parameters): string {
  let text = "";
  for (const [name, value] of Object.entries(info)) {
    const pair = canonicalParameters({ [printable(name, 64)]: printable(value) });
    const longer = text === "" ? pair : `${text}&${pair}`;
    if (longer.length > LONGEST_INFO) break;
    text = longer;
  }
  return text;
}
