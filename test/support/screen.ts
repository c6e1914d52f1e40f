/**
 * A terminal's screen as a picture: characters and colours, as `tmux capture-pane -e -p`
 * gives them or as a program writes them, drawn in cells, so that a real reader of QR codes
 * can look at what a person's phone would see.
 */
import { PNG } from "pngjs";

type Rgb = readonly [number, number, number];

export interface Theme {
  readonly foreground: Rgb;
  readonly background: Rgb;
  /** The sixteen colours of SGR 30–37 and 90–97. */
  readonly palette: readonly Rgb[];
  /** A terminal of eight colours knows nothing of SGR 90–97 and 100–107. */
  readonly isEightColours?: boolean;
}

const XTERM: readonly Rgb[] = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
  [127, 127, 127],
  [255, 0, 0],
  [0, 255, 0],
  [255, 255, 0],
  [92, 92, 255],
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 255],
];

/** Solarized gives black and white colours of their own: the hardest palette in wide use. */
const SOLARIZED: readonly Rgb[] = XTERM.map((colour, index) => {
  const own: Record<number, Rgb> = { 0: [7, 54, 66], 7: [238, 232, 213], 15: [253, 246, 227] };
  return own[index] ?? colour;
});

export const THEMES: Readonly<Record<string, Theme>> = {
  light: { foreground: [0, 0, 0], background: [255, 255, 255], palette: XTERM },
  dark: { foreground: [229, 229, 229], background: [0, 0, 0], palette: XTERM },
  "solarized light": {
    foreground: [101, 123, 131],
    background: [253, 246, 227],
    palette: SOLARIZED,
  },
  "solarized dark": { foreground: [131, 148, 150], background: [0, 43, 54], palette: SOLARIZED },
  "eight colours, light": {
    foreground: [0, 0, 0],
    background: [255, 255, 255],
    palette: XTERM,
    isEightColours: true,
  },
  "eight colours, dark": {
    foreground: [229, 229, 229],
    background: [0, 0, 0],
    palette: XTERM,
    isEightColours: true,
  },
};

export interface Cell {
  readonly character: string;
  readonly foreground: Rgb;
  readonly background: Rgb;
}

/** Reads lines with SGR sequences. Any other sequence is an error: nothing else was expected. */
export function readScreen(text: string, theme: Theme): Cell[][] {
  const pen = new Pen(theme);
  return text.split("\n").map((line) => {
    const cells: Cell[] = [];
    for (const [piece, parameters] of line.matchAll(/\x1b\[([0-9;]*)m|[\s\S]/gu)) {
      if (parameters !== undefined) pen.set(parameters);
      else if (piece < " ")
        throw new Error(`an unexpected control character in ${JSON.stringify(line)}`);
      else cells.push({ character: piece, foreground: pen.foreground, background: pen.background });
    }
    return cells;
  });
}

class Pen {
  readonly #theme: Theme;
  foreground: Rgb;
  background: Rgb;

  constructor(theme: Theme) {
    this.#theme = theme;
    this.foreground = theme.foreground;
    this.background = theme.background;
  }

  set(parameters: string): void {
    for (const parameter of parameters.split(";").map(Number)) this.#setOne(parameter);
  }

  #setOne(parameter: number): void {
    const { palette, isEightColours = false } = this.#theme;
    const bright = isEightColours ? undefined : (first: number) => palette[parameter - first + 8];
    if (parameter === 0 || parameter === 39) this.foreground = this.#theme.foreground;
    if (parameter === 0 || parameter === 49) this.background = this.#theme.background;
    if (parameter >= 30 && parameter <= 37)
      this.foreground = palette[parameter - 30] ?? this.foreground;
    if (parameter >= 40 && parameter <= 47)
      this.background = palette[parameter - 40] ?? this.background;
    if (parameter >= 90 && parameter <= 97) this.foreground = bright?.(90) ?? this.foreground;
    if (parameter >= 100 && parameter <= 107) this.background = bright?.(100) ?? this.background;
  }
}

export const CELL_WIDTH = 8;
export const CELL_HEIGHT = 16;

/** Draws the cells on a screen of `columns` × `rows`, as a PNG. Letters are drawn as a stroke. */
export function paint(
  cells: readonly (readonly Cell[])[],
  size: { readonly columns: number; readonly rows: number },
  theme: Theme,
): Buffer {
  const image = new PNG({ width: size.columns * CELL_WIDTH, height: size.rows * CELL_HEIGHT });
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      const cell = cells[Math.floor(y / CELL_HEIGHT)]?.[Math.floor(x / CELL_WIDTH)];
      const colour = cell ? pixel(cell, x % CELL_WIDTH, y % CELL_HEIGHT) : theme.background;
      image.data.set([...colour, 255], 4 * (y * image.width + x));
    }
  }
  return PNG.sync.write(image);
}

/**
 * The same as a camera sees it from where the whole screen fits: every point has something of
 * the cells around it, so that a sign's strokes run together.
 */
export function paintBlurred(...painted: Parameters<typeof paint>): Buffer {
  const sharp = PNG.sync.read(paint(...painted));
  const blurred = new PNG({ width: sharp.width >> 2, height: sharp.height >> 2 });
  const [reach, far] = [CELL_WIDTH, sharp.width];
  for (let y = 0; y < blurred.height; y++) {
    for (let x = 0; x < blurred.width; x++) {
      let [sum, count] = [0, 0];
      for (let down = 4 * y - reach; down < 4 * y + reach; down += 1) {
        for (let right = 4 * x - reach; right < 4 * x + reach; right += 1) {
          const isOn = down >= 0 && down < sharp.height && right >= 0 && right < far;
          if (isOn) [sum, count] = [sum + (sharp.data[4 * (down * far + right)] ?? 0), count + 1];
        }
      }
      const grey = Math.round(sum / count);
      blurred.data.set([grey, grey, grey, 255], 4 * (y * blurred.width + x));
    }
  }
  return PNG.sync.write(blurred);
}

/** The colour of one pixel of a cell. */
export function pixel(cell: Cell, x: number, y: number): Rgb {
  return isInk(cell.character, x, y) ? cell.foreground : cell.background;
}

function isInk(character: string, x: number, y: number): boolean {
  if (character === " ") return false;
  if (character === "█") return true;
  if (character === "▀") return y < CELL_HEIGHT / 2;
  if (character === "▄") return y >= CELL_HEIGHT / 2;
  if (character === "#") {
    // The number sign of a common bitmap font: two strokes each way.
    return y > 2 && y < 13 && x < 7 && (x === 2 || x === 4 || y === 6 || y === 10);
  }
  return y > 3 && y < 12 && x > 2 && x < 5;
}
