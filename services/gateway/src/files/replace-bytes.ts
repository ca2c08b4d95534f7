import type { PictureStream } from '../pictures/pictures.js';
import type { FileStore } from './file-store.js';
import { FileWriter } from './file-writer.js';

/**
 * Replaces the bytes of a file with those of its decoded picture, and completes it: in one
 * transaction, so that nobody ever reads the bytes that were uploaded. Returns false if the file is
 * already complete, or gone.
 * @throws {Refusal} `file-too-large`, `file-quota` or `files-full`, because pixels may take more than
 * what was uploaded.
 */
export function replaceBytes(
  store: FileStore,
  fileId: string,
  picture: PictureStream & { readonly contentType: string },
): Promise<boolean> {
  return store.inTransaction(async (inside) => {
    if (!(await inside.restart(fileId, picture.size))) return false;
    const writer = new FileWriter(inside, fileId, 0, () => {});
    for await (const bytes of picture.bytes) await writer.write(bytes);
    await writer.flush();
    const { contentType, width, height, thumbnail } = picture;
    await inside.completePicture(fileId, { contentType, width, height, thumbnail });
    return true;
  });
}
