/**
 * What a person needs to enroll within a login, where nothing is known of the terminal but what
 * its host says of the locale: no size, no colours, and lines go by that no longer fit.
 */
import { type CardContent, sideBySide, textBlock } from "./enrollment-card.ts";
import { drawQr, type QrStyle, qrMatrix } from "./qr.ts";

/** What every terminal has at least. */
const COLUMNS = 80;
/** With a line before it, an empty one, and the question behind. */
const ROWS = 21;
const GAP = 2;
/** Least columns of text worth having beside the symbol: 24 rows hold it with its prompt then. */
const TEXT_MIN = 30;

/** The lines, without line breaks; none is wider than 80 columns. */
export function loginCard(content: CardContent, style: QrStyle | "none"): string[] {
  const drawing = style === "none" ? undefined : fittingDrawing(content.uri, style);
  if (drawing === undefined) return [...textBlock(content, COLUMNS, false), ""];
  const beside = COLUMNS - (drawing[0]?.length ?? 0) - GAP;
  if (beside >= TEXT_MIN) return sideBySide(drawing, textBlock(content, beside, true));
  return [...drawing, "", ...textBlock(content, COLUMNS, true), ""];
}

/**
 * The symbol as it fits: apps take the issuer from the label where the parameter is not there,
 * and read a symbol with one module of light around it where two are too many.
 */
function fittingDrawing(uri: string, style: QrStyle): readonly string[] | undefined {
  const drawings = [uri, uri.replace(/&issuer=[^&]*/, "")].map((each) =>
    drawQr(qrMatrix(each), style, false),
  );
  const narrow = style === "ascii" ? drawings.map(narrowed) : [];
  const wide = [...drawings, ...narrow].filter(([first = ""]) => first.length <= COLUMNS);
  return wide.find(({ length }) => length <= ROWS) ?? wide[0];
}

/** Two columns are one module, and a row is. */
function narrowed(drawing: readonly string[]): string[] {
  return drawing.slice(1, -1).map((line) => line.slice(2, -2));
}
