/**
 * A process that decodes one picture and encodes its pixels again, so that nothing else of the
 * upload remains: no metadata, no data after the end. The picture arrives at stdin and leaves on
 * stdout. A picture that crashes the decoder or takes too much ends only this process.
 */
import { buffer } from 'node:stream/consumers';
import type { Metadata, Sharp } from 'sharp';
import { type DecodedPicture, type PictureBounds, pictureExitCodes } from './picture-bounds.js';

const [, , type = '', boundsJson = ''] = process.argv;
const bounds = JSON.parse(boundsJson) as PictureBounds;
/** How often the process looks at its own memory and CPU time, in milliseconds. */
const watchEveryMs = 25;

/** Name of a format in the metadata of sharp, its loader in libvips, and the encoder that is used. */
interface PictureFormat {
  readonly format: string;
  readonly loader: string;
  readonly hasFrames?: boolean;
  readonly encode: (picture: Sharp) => Sharp;
}

const formats: Readonly<Record<string, PictureFormat>> = {
  'image/jpeg': { format: 'jpeg', loader: 'VipsForeignLoadJpeg', encode: (one) => one.jpeg({ quality: 90 }) },
  'image/png': { format: 'png', loader: 'VipsForeignLoadPng', encode: (one) => one.png() },
  'image/gif': {
    ...{ format: 'gif', loader: 'VipsForeignLoadNsgif', hasFrames: true },
    encode: (one) => one.gif({ effort: 3 }),
  },
  'image/webp': {
    ...{ format: 'webp', loader: 'VipsForeignLoadWebp', hasFrames: true },
    encode: (one) => one.webp({ quality: 90 }),
  },
  'image/avif': { format: 'heif', loader: 'VipsForeignLoadHeif', encode: (one) => one.avif({ effort: 0 }) },
};

function watchBounds(): void {
  setInterval(() => {
    const { user, system } = process.cpuUsage();
    const isOver = process.memoryUsage.rss() > bounds.memoryBytes || (user + system) / 1_000 > bounds.cpuMs;
    if (isOver) process.exit(pictureExitCodes.overBounds);
  }, watchEveryMs).unref();
}

async function loadSharp() {
  try {
    return (await import('sharp')).default;
  } catch {
    return process.exit(pictureExitCodes.withoutSharp);
  }
}

/** @throws {Error} if the picture is in another format, or has too many pixels. */
function checkHead({ format, width, height }: Metadata, expected: string): void {
  if (format !== expected) throw new Error(`A picture in the format ${format} is not ${expected}.`);
  if (width * height > bounds.pixels) throw new Error('The picture has too many pixels.');
}

/** @throws {Error} if the bytes are not a picture of this type, or one beyond the bounds. */
async function decode(input: Buffer): Promise<readonly [DecodedPicture, Buffer]> {
  const { format, loader, hasFrames = false, encode } = formats[type] as PictureFormat;
  const sharp = await loadSharp();
  sharp.cache(false);
  sharp.concurrency(1);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: [loader] });
  const strict = { failOn: 'error', limitInputPixels: bounds.pixels } as const;
  const picture = sharp(input, { ...strict, animated: hasFrames });
  checkHead(await picture.metadata(), format);
  const { data, info } = await encode(picture.autoOrient()).toBuffer({ resolveWithObject: true });
  const { thumbnailEdge, thumbnailBytes } = bounds;
  const thumbnail = await sharp(data, strict)
    .resize(thumbnailEdge, thumbnailEdge, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 75 })
    .toBuffer();
  if (thumbnail.length > thumbnailBytes) throw new Error('The thumbnail is too large.');
  const { width, height, pageHeight = height, size } = info;
  return [{ width, height: pageHeight, size, thumbnail }, data];
}

watchBounds();
process.once('disconnect', () => process.exit()); // The gateway has ended.
try {
  const [decoded, data] = await decode(await buffer(process.stdin));
  process.send?.(decoded);
  process.stdout.write(data); // The gateway ends this process when it has all bytes.
} catch {
  process.exit(pictureExitCodes.notDecoded);
}
