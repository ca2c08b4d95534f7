import type { Line } from './lines.js';

/** A picture among those of all loaded messages. */
export interface AlbumPlace<P> {
  /** Index of the message among those with files. */
  readonly message: number;
  /** The pictures of that message. */
  readonly pictures: readonly P[];
  /** Index of the picture among them. */
  readonly at: number;
}

/** Returns the ids of the files of each message that has some. */
export function filesByMessage(lines: readonly Line[]): readonly (readonly string[])[] {
  return lines.flatMap((line) =>
    line.type === 'said' && !line.deleted && line.fileIds !== undefined ? [line.fileIds] : [],
  );
}

/**
 * Returns the next picture, or with the step -1 the previous one; undefined if there is none.
 * `picturesOf` returns the pictures among the files of a message.
 */
export async function nextPicture<P>(
  { message, pictures, at }: AlbumPlace<P>,
  step: 1 | -1,
  messages: readonly (readonly string[])[],
  picturesOf: (fileIds: readonly string[]) => Promise<readonly P[]>,
): Promise<AlbumPlace<P> | undefined> {
  if (pictures[at + step] !== undefined) return { message, pictures, at: at + step };
  for (let next = message + step; messages[next] !== undefined; next += step) {
    const found = await picturesOf(messages[next] ?? []);
    if (found.length > 0) return { message: next, pictures: found, at: step === 1 ? 0 : found.length - 1 };
  }
  return undefined;
}
