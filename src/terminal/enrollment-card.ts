/** What a person needs to enroll, on one screen: the QR symbol, and the key for typing it. */
import { groupsOfFour } from "../core/base32.ts";
import type { KeyParameters } from "../core/key-uri.ts";
import { printable } from "../core/printable.ts";
import { DEFAULT_PARAMETERS } from "../core/totp.ts";
import { drawingSize, drawQr, qrMatrix } from "./qr.ts";
import { chooseQrStyle, type QrChoice, type QrSetting } from "./qr-choice.ts";
import type { Environment, Output } from "./style.ts";

export interface CardContent {
  readonly issuer: string;
  readonly account: string;
  /** Base32. */
  readonly secret: string;
  readonly uri: string;
  /** Told where they are not the usual ones: an app that is typed into has to be set to them. */
  readonly parameters?: KeyParameters | undefined;
  /** The host's own words to whoever enrolls. */
  readonly banner?: string | undefined;
}

const GAP = "  ";
const LABEL = 9;
/** Least columns of text worth having beside the symbol. */
const TEXT_MIN = 30;
/** Rows that the prompt below the card takes. */
const PROMPT_ROWS = 2;

/** The lines of the card, without line breaks; they fit the columns of `output`. */
export function enrollmentCard(
  content: CardContent,
  setting: QrSetting,
  environment: Environment,
  output: Output,
): string[] {
  const columns = output.columns || 80;
  const matrix = setting === "none" ? [] : qrMatrix(content.uri);
  const choice = chooseQrStyle(environment, output, setting, matrix.length);
  if (choice.style === "none") return textOnly(content, columns, choice);

  const size = drawingSize(matrix.length, choice.style);
  const drawing = drawQr(matrix, choice.style, choice.colour);
  const beside = columns - size.columns - GAP.length;
  if (beside >= TEXT_MIN) return sideBySide(drawing, textBlock(content, beside, true));

  const below = ["", ...textBlock(content, columns, true), ""];
  const rows = size.rows + below.length + PROMPT_ROWS;
  if (output.rows && rows > output.rows) {
    const reason = `this needs ${rows} rows, the terminal has ${output.rows}`;
    return textOnly(content, columns, { style: "none", reason });
  }
  return [...drawing, ...below];
}

function textOnly(
  content: CardContent,
  columns: number,
  choice: QrChoice & { readonly style: "none" },
): string[] {
  const told = `No QR code: ${choice.reason}. enroll --qr-file FILE writes a picture of it.`;
  const reason = choice.reason === undefined ? [] : wrap(told, columns);
  return [...reason, ...textBlock(content, columns, false), ""];
}

/** The text, half-way down the symbol. */
export function sideBySide(drawing: readonly string[], text: readonly string[]): string[] {
  const top = Math.max(0, Math.floor((drawing.length - text.length) / 2));
  const height = Math.max(drawing.length, text.length);
  return Array.from({ length: height }, (_, row) => {
    const line = text[row - top];
    return line ? `${drawing[row] ?? ""}${GAP}${line}` : (drawing[row] ?? "");
  });
}

export function textBlock(content: CardContent, columns: number, hasQr: boolean): string[] {
  const lead = hasQr
    ? "Scan this with your authenticator app, or type the key into it:"
    : "Type this key into your authenticator app:";
  const room = Math.max(4, columns - LABEL);
  const { banner } = content;
  return [
    ...(banner === undefined ? [] : [...wrap(printable(banner), columns), ""]),
    ...wrap(lead, columns),
    "",
    ...labelled("Issuer", chunks(printable(content.issuer), room)),
    ...labelled("Account", chunks(printable(content.account), room)),
    ...labelled("Key", wrap(groupsOfFour(content.secret), room)),
    ...parameterLines(content.parameters, room),
  ];
}

function parameterLines(parameters: KeyParameters | undefined, room: number): string[] {
  if (parameters === undefined) return [];
  const usual = DEFAULT_PARAMETERS;
  const { algorithm, digits, period } = parameters;
  if (algorithm === usual.algorithm && digits === usual.digits && period === usual.period)
    return [];
  const name = algorithm.toUpperCase().replace("SHA", "SHA-");
  const pace = period === undefined ? "counter-based, from 0 on" : `every ${period} s`;
  return labelled("Set to", wrap(`${name}, ${digits} digits, ${pace}`, room));
}

function labelled(label: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => (index === 0 ? label : "").padEnd(LABEL) + line);
}

/** Breaks at spaces, and within a word that is longer than a line. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").flatMap((each) => chunks(each, columns))) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** Breaks anywhere: a name is shown whole, or it might be taken for another. */
function chunks(text: string, columns: number): string[] {
  const characters = [...text];
  const count = Math.max(1, Math.ceil(characters.length / columns));
  return Array.from({ length: count }, (_, index) =>
    characters.slice(index * columns, (index + 1) * columns).join(""),
  );
}
