/** Pictures, decoded by real processes. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { Metrics, silentLogger } from '@parley/runtime';
import { until } from '@parley/testkit';
import sharp from 'sharp';
import { pictureBounds } from './picture-bounds.js';
import { type PictureStream, Pictures } from './pictures.js';

const opened: Pictures[] = [];
afterEach(() => {
  for (const pictures of opened.splice(0)) pictures.stop();
});

function open(more: Partial<ConstructorParameters<typeof Pictures>[0]> = {}): Pictures {
  const pictures = new Pictures({ log: silentLogger(), metrics: new Metrics(), ...more });
  opened.push(pictures);
  return pictures;
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}

function uploaded(contentType: string, bytes: Uint8Array, ownerId = 'ann') {
  return { ownerId, contentType, size: bytes.length, bytes: once(bytes) };
}

async function read({ bytes, ...facts }: PictureStream) {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return { ...facts, data: Buffer.concat(chunks) };
}

const decode = (contentType: string, bytes: Uint8Array, pictures = open()) =>
  pictures.decode(uploaded(contentType, bytes), read);

const secret = 'Here-I-live';
const place = { IFD0: { Copyright: secret }, IFD3: { GPSLatitude: '52/1 31/1 0/1', GPSLatitudeRef: 'N' } };

/** A picture whose left half is red and whose right half is blue. */
const halves = (width = 300, height = 200) =>
  sharp({ create: { width, height, channels: 3, background: 'red' } }).composite([
    { input: { create: { width: width / 2, height, channels: 3, background: 'blue' } }, gravity: 'east' },
  ]);

/** Returns the colour of a pixel, as `red`, `blue` or another word for its strongest channel. */
async function colourAt(picture: Buffer, x: number, y: number): Promise<string> {
  const { data } = await sharp(picture)
    .extract({ left: x, top: y, width: 1, height: 1 })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const [red = 0, green = 0, blue = 0] = data;
  return red > 200 && blue < 60 ? 'red' : blue > 200 && red < 60 ? 'blue' : `${red},${green},${blue}`;
}

/** Returns a PNG of one colour in 1 bit per pixel, whose size its head states. */
function pngOf(width: number, height: number): Buffer {
  const chunk = (name: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  const rows = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}

const animation = (frames: number) =>
  sharp(
    Array.from({ length: frames }, (_, at) => ({
      create: { width: 40, height: 30, channels: 3 as const, background: at % 2 === 0 ? 'red' : 'blue' },
    })) as never,
    { join: { animated: true } },
  )
    .gif({ loop: 3, delay: Array.from({ length: frames }, () => 70) })
    .toBuffer();

test.each(['jpeg', 'png', 'webp', 'avif'] as const)(
  '%s: metadata is gone, and the orientation is applied',
  async (format) => {
    const source = await halves()
      .withExif(place)
      .withMetadata({ orientation: 6 })
      .withExifMerge(place)
      [format]()
      .toBuffer();
    expect([source.includes(secret), (await sharp(source).metadata()).exif !== undefined]).toEqual([true, true]);
    const picture = await decode(`image/${format}`, source);
    if (picture === undefined) throw new Error('not decoded');
    expect([picture.width, picture.height, picture.data.length]).toEqual([200, 300, picture.size]);
    expect(picture.data.includes(secret)).toBe(false);
    const { exif, orientation, icc, xmp, width, height } = await sharp(picture.data).metadata();
    expect({ exif, icc, xmp, width, height }).toEqual({ width: 200, height: 300 });
    expect(orientation ?? 1).toBe(1);
    expect([await colourAt(picture.data, 100, 20), await colourAt(picture.data, 100, 280)]).toEqual(['red', 'blue']);
  },
);

test('the thumbnail is a small WebP of the whole picture', async () => {
  const picture = await decode('image/png', await halves(2_000, 1_000).png().toBuffer());
  const { format, width, height } = await sharp(picture?.thumbnail).metadata();
  expect({ format, width, height }).toEqual({ format: 'webp', width: 640, height: 320 });
  const small = await decode('image/png', await halves(30, 20).png().toBuffer());
  expect(await sharp(small?.thumbnail).metadata()).toMatchObject({ width: 30, height: 20 });
});

test('an animated GIF keeps its frames, delays and loops', async () => {
  const picture = await decode('image/gif', await animation(5));
  expect(picture).toMatchObject({ width: 40, height: 30 });
  const { pages, delay, loop } = await sharp(picture?.data, { animated: true }).metadata();
  expect({ pages, delay, loop }).toEqual({ pages: 5, delay: [70, 70, 70, 70, 70], loop: 3 });
});

test('data after the end of a picture, such as a page or an archive, is gone', async () => {
  const page = '<script>alert(1)</script>';
  for (const format of ['jpeg', 'png', 'webp'] as const) {
    const source = Buffer.concat([await halves()[format]().toBuffer(), Buffer.from(`PK\u0003\u0004${page}`)]);
    const picture = await decode(`image/${format}`, source);
    expect([picture?.width, picture?.data.includes(page), picture?.data.includes('PK')]).toEqual([300, false, false]);
  }
});

test('a file that is no picture of its type, or is broken, is not decoded', async () => {
  const jpeg = await halves().jpeg().toBuffer();
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  const cases: [type: string, bytes: Buffer][] = [
    ['image/jpeg', jpeg.subarray(0, jpeg.length / 2)],
    ['image/jpeg', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
    ['image/png', jpeg],
    ['image/png', Buffer.concat([pngOf(9, 9).subarray(0, 40), Buffer.alloc(2_000, 7)])],
    ['image/gif', Buffer.from('GIF89a<script>alert(1)</script>')],
    ['image/webp', Buffer.from('RIFF\u0010\u0000\u0000\u0000WEBPVP8 ')],
    ['image/jpeg', svg],
    ['image/svg+xml', svg],
    ['image/png', Buffer.alloc(0)],
  ];
  for (const [type, bytes] of cases) expect([type, await decode(type, bytes)]).toEqual([type, undefined]);
});

test('bombs end only their process: too many pixels, too many frames, too much memory or CPU time', async () => {
  const pictures = open();
  expect(await decode('image/png', pngOf(60_000, 60_000), pictures)).toBeUndefined();
  const flood = await halves(8, 8).jpeg().toBuffer();
  flood.writeUInt32BE(0xfafafafa, flood.indexOf(Buffer.from([0xff, 0xc0])) + 5);
  expect(await decode('image/jpeg', flood, pictures)).toBeUndefined();
  const frames = open({ bounds: { ...pictureBounds, pixels: 40 * 30 * 4 } });
  expect(await decode('image/gif', await animation(4), frames)).toMatchObject({ height: 30 });
  expect(await decode('image/gif', await animation(5), frames)).toBeUndefined();
  const large = await halves(1_000, 1_000).png().toBuffer();
  for (const tight of [{ memoryBytes: 1_000_000 }, { cpuMs: 1 }, { withinMs: 1 }, { inputBytes: 1_000 }])
    expect(await decode('image/png', large, open({ bounds: { ...pictureBounds, ...tight } }))).toBeUndefined();
  expect(await decode('image/png', pngOf(90, 90), pictures)).toMatchObject({ width: 90 });
});

/** Returns the ids of the processes of pictures that this process has started. */
function pictureProcesses(): number[] {
  const rows = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const isOwn = ([, parent, ...args]: string[]) =>
    Number(parent) === process.pid && args.some((one) => one.endsWith('picture-process.js'));
  return fields.filter(isOwn).map(([id]) => Number(id));
}

/** Kills these processes. Returns their number. */
function killProcesses(): number {
  const ids = pictureProcesses();
  for (const id of ids) process.kill(id, 'SIGKILL');
  return ids.length;
}

const noise = (edge: number) =>
  sharp(randomBytes(edge * edge * 3), { raw: { width: edge, height: edge, channels: 3 } })
    .png()
    .toBuffer();

test('a process that is killed while its picture is sent or read leaves an undecoded file', async () => {
  const source = await noise(1_500);
  const pictures = open();
  async function* killing() {
    yield source.subarray(0, 100_000);
    expect(killProcesses()).toBeGreaterThan(0);
    yield source.subarray(100_000);
  }
  expect(await pictures.decode({ ...uploaded('image/png', source), bytes: killing() }, read)).toBeUndefined();
  let bytesRead = 0;
  const result = await pictures.decode(uploaded('image/png', source), async ({ bytes }) => {
    for await (const chunk of bytes) {
      if (bytesRead === 0) expect(killProcesses()).toBeGreaterThan(0);
      bytesRead += chunk.length;
    }
    return 'all';
  });
  expect([result, bytesRead > 0, bytesRead < source.length]).toEqual([undefined, true, true]);
});

test('two are decoded at once, the others wait; an owner has five, and others still enter', async () => {
  const pictures = open();
  const source = await halves().jpeg().toBuffer();
  let running = 0;
  let most = 0;
  let goOn = () => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const use = async (picture: PictureStream) => {
    most = Math.max(most, ++running);
    await held;
    await read(picture);
    running -= 1;
    return picture.width;
  };
  const fiveOfAnn = Array.from({ length: 5 }, () => pictures.decode(uploaded('image/jpeg', source), use));
  await expect(pictures.decode(uploaded('image/jpeg', source), use)).rejects.toMatchObject({ reason: 'too-busy' });
  const ofBob = pictures.decode(uploaded('image/jpeg', source, 'bob'), use);
  await until(() => running === 2 && pictureProcesses().length === 2);
  goOn();
  expect(await Promise.all([...fiveOfAnn, ofBob])).toEqual(Array(6).fill(300));
  expect(most).toBe(2);
  expect(await pictures.decode(uploaded('image/jpeg', source), use)).toBe(300);
});

test('errors of the source and of the user of a picture reach the caller', async () => {
  const pictures = open();
  const source = await halves().jpeg().toBuffer();
  async function* broken() {
    yield source.subarray(0, 100);
    throw new Error('no database');
  }
  await expect(pictures.decode({ ...uploaded('image/jpeg', source), bytes: broken() }, read)).rejects.toThrow(
    'no database',
  );
  const full = () => Promise.reject(new Error('no room'));
  await expect(pictures.decode(uploaded('image/jpeg', source), full)).rejects.toThrow('no room');
});

test('when the gateway stops, uploads are cancelled and do not become downloads', async () => {
  const pictures = open();
  const source = await halves().jpeg().toBuffer();
  async function* stopping() {
    yield source.subarray(0, 100);
    pictures.stop();
    yield source.subarray(100);
  }
  for (const bytes of [stopping(), once(source)]) {
    const upload = { ...uploaded('image/jpeg', source), bytes };
    await expect(pictures.decode(upload, read)).rejects.toMatchObject({ reason: 'cancelled' });
  }
  await until(() => pictureProcesses().length === 0);
});

test('without sharp, no picture is decoded, and the log says why', async () => {
  const hooks = `export const resolve = (name, context, next) => name === 'sharp' ? Promise.reject(new Error('absent')) : next(name, context);`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});`;
  const warnings: unknown[] = [];
  const log = Object.assign(silentLogger(), { warn: (text: unknown) => warnings.push(text) });
  const pictures = open({ log, execArgv: ['--import', `data:text/javascript,${encodeURIComponent(register)}`] });
  expect(await decode('image/jpeg', await halves().jpeg().toBuffer(), pictures)).toBeUndefined();
  expect(warnings).toEqual(['sharp cannot be loaded; pictures are stored as downloads']);
});
