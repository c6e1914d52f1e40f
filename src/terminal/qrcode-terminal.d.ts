/** The part of qrcode-terminal that is used: its vendored generator of QR symbols. */
declare module "qrcode-terminal/vendor/QRCode/index.js" {
  export default class QRCode {
    /** @param typeNumber the version, 1 to 40; -1 for the least that holds the data */
    constructor(typeNumber: number, errorCorrectLevel: number);
    /** One character a byte. */
    addData(data: string): void;
    make(): void;
    getModuleCount(): number;
    isDark(row: number, column: number): boolean;
  }
}

declare module "qrcode-terminal/vendor/QRCode/QRErrorCorrectLevel.js" {
  const levels: Readonly<Record<"L" | "M" | "Q" | "H", number>>;
  export default levels;
}
