/** Which drawing of a QR symbol a terminal can show, or why it can show none. */
import { drawingSize, type QrStyle } from "./qr.ts";
import { type Environment, isUtf8, type Output, showsColour } from "./style.ts";

export type QrSetting = "auto" | QrStyle | "none";

export const QR_SETTINGS: readonly QrSetting[] = ["auto", "utf8", "utf8-inverse", "ascii", "none"];

export type QrChoice =
  | { readonly style: QrStyle; readonly colour: boolean }
  /** `reason` for people; absent when none was asked for. */
  | { readonly style: "none"; readonly reason?: string };

/**
 * Chooses for a symbol of `modules` modules a side. A drawing that is wider than the
 * terminal would wrap, and a higher one lose its top: neither can be read.
 */
export function chooseQrStyle(
  environment: Environment,
  output: Output,
  setting: QrSetting,
  modules: number,
): QrChoice {
  if (setting === "none") return { style: "none" };
  if (setting === "auto" && output.isTTY !== true) {
    return { style: "none", reason: "the output is no terminal" };
  }
  const style = setting === "auto" ? automatic(environment, output, modules) : setting;
  const reason = misfit(output, modules, style);
  if (reason !== undefined) {
    const smaller = style === "ascii" && misfit(output, modules, "utf8") === undefined;
    return { style: "none", reason: smaller ? `${reason} (--qr utf8 would fit)` : reason };
  }
  return { style, colour: showsColour(environment, output) };
}

function automatic(environment: Environment, output: Output, modules: number): QrStyle {
  if (!isUtf8(environment)) return "ascii";
  // The console's font may lack half blocks, and coloured spaces need no font.
  const isConsole = environment.TERM === "linux";
  return isConsole && misfit(output, modules, "ascii") === undefined ? "ascii" : "utf8";
}

/** Why a drawing does not fit; undefined when it does, or when the size is not known. */
function misfit(output: Output, modules: number, style: QrStyle): string | undefined {
  const needed = drawingSize(modules, style);
  for (const dimension of ["columns", "rows"] as const) {
    const available = output[dimension];
    if (available && needed[dimension] > available) {
      return `this needs ${needed[dimension]} ${dimension}, the terminal has ${available}`;
    }
  }
  return undefined;
}
