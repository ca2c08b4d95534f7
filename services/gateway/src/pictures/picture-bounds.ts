/** Bounds of the process that decodes one picture. */
export interface PictureBounds {
  /** Size of a picture as it is uploaded. */
  readonly inputBytes: number;
  /** Pixels of all frames together. */
  readonly pixels: number;
  readonly memoryBytes: number;
  readonly cpuMs: number;
  /** Time from the start of the process to its end. */
  readonly withinMs: number;
  /** Longest side of a thumbnail, in pixels. */
  readonly thumbnailEdge: number;
  readonly thumbnailBytes: number;
}

export const pictureBounds: PictureBounds = {
  inputBytes: 33_554_432,
  pixels: 50_000_000,
  memoryBytes: 1_073_741_824,
  cpuMs: 20_000,
  withinMs: 60_000,
  thumbnailEdge: 640,
  thumbnailBytes: 1_048_576,
};

/** Message of the process to the gateway, before it writes the bytes of the picture. */
export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  /** Size of the picture as it is stored, in bytes. */
  readonly size: number;
  /** A smaller copy of the first frame, as WebP. */
  readonly thumbnail: Buffer;
}

/** Exit codes of the process, except 0 and those of Node. */
export const pictureExitCodes = { withoutSharp: 10, notDecoded: 11, overBounds: 12 } as const;
