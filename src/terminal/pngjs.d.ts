/** The part of pngjs that is used. */
declare module "pngjs" {
  export interface Image {
    readonly width: number;
    readonly height: number;
    /** Four bytes a pixel: red, green, blue, alpha. */
    readonly data: Buffer;
  }
  export class PNG implements Image {
    readonly width: number;
    readonly height: number;
    readonly data: Buffer;
    constructor(size: { readonly width: number; readonly height: number });
    static readonly sync: {
      write(image: Image, options?: { readonly colorType?: 0 | 2 | 4 | 6 }): Buffer;
      read(bytes: Buffer): Image;
    };
  }
}
