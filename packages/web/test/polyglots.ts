/** Files that are valid in several formats at once, one of which is a program. */
import { createServer } from 'node:http';
import { listen, tinyPng } from '@parley/testkit';

/** A file that logs `ran <name> <way>` where a browser runs it. */
export interface Polyglot {
  readonly name: string;
  readonly bytes: Buffer;
  /** Content type under which a browser would show the file as a document that runs. */
  readonly documentType: string;
  /** Whether the file is also a valid script. */
  readonly isScript: boolean;
}

/** Stands for the way in which a page loads the file. The control server replaces it. */
const wayMark = 'WAY';

const log = (name: string) => `console.log('ran ${name} ${wayMark}')`;
const script = (name: string) => `<script>${log(name)}</script>`;
const html = 'text/html';

/** Returns 3-bit codes as bytes, the lowest bits first. */
function packCodes(codes: readonly number[]): Buffer {
  const bytes = Buffer.alloc(Math.ceil((codes.length * 3) / 8) + 1);
  for (const [index, code] of codes.entries()) {
    const at = index * 3;
    const word = bytes.readUInt16LE(at >> 3) | (code << (at & 7));
    bytes.writeUInt16LE(word & 0xffff, at >> 3);
  }
  return bytes;
}

/**
 * Returns a valid GIF of 10,799 by 1 pixels that is also a script: its width, read as two
 * characters, begins a comment, which ends after the picture.
 */
function gifScript(tail: string): Buffer {
  const width = 0x2a2f; // "/*"
  const [clear, end] = [4, 5];
  const pixels = Array.from({ length: Math.ceil(width / 2) }, (_, n) =>
    n * 2 + 1 === width ? [clear, 0] : [clear, 0, 0],
  );
  const packed = packCodes([...pixels.flat(), end]);
  const blocks: Buffer[] = [];
  for (let at = 0; at < packed.length; at += 255) {
    const block = packed.subarray(at, at + 255);
    blocks.push(Buffer.from([block.length]), block);
  }
  const size = Buffer.from([0x2f, 0x2a, 1, 0]);
  const colours = Buffer.from([0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
  const image = Buffer.concat([Buffer.from([0x2c, 0, 0, 0, 0]), size, Buffer.from([0, 2])]);
  const parts = [Buffer.from('GIF89a'), size, colours, image, ...blocks, Buffer.from([0, 0x3b]), Buffer.from(tail)];
  return Buffer.concat(parts);
}

/** Returns a sound of one sample that is also a script: its size, read as characters, begins a comment. */
function wavScript(tail: string): Buffer {
  const format = Buffer.from(
    'WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\x01\0\0\0\x80',
    'latin1',
  );
  return Buffer.concat([Buffer.from('RIFF/*\0\0'), format, Buffer.from(tail)]);
}

const both = (name: string) => `${log(name)}//${script(name)}`;

/** Files that try to be harmless in one format, and to run in another. */
export const polyglots: readonly Polyglot[] = [
  {
    name: 'page.html',
    bytes: Buffer.from(`<!doctype html>${script('page.html')}`),
    documentType: html,
    isScript: false,
  },
  { name: 'code.js', bytes: Buffer.from(both('code.js')), documentType: html, isScript: true },
  {
    name: 'picture.svg',
    bytes: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${script('picture.svg')}</svg>`),
    documentType: 'image/svg+xml',
    isScript: false,
  },
  {
    name: 'page.xhtml',
    bytes: Buffer.from(
      `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">${script('page.xhtml')}</html>`,
    ),
    documentType: 'application/xhtml+xml',
    isScript: false,
  },
  { name: 'paper.pdf', bytes: Buffer.from(`%PDF-1.7\n${script('paper.pdf')}`), documentType: html, isScript: false },
  { name: 'broken.gif', bytes: Buffer.from(`GIF89a=${both('broken.gif')}`), documentType: html, isScript: true },
  { name: 'valid.gif', bytes: gifScript(`*/=${both('valid.gif')}`), documentType: html, isScript: true },
  {
    name: 'valid.png',
    bytes: Buffer.concat([tinyPng, Buffer.from(script('valid.png'))]),
    documentType: html,
    isScript: false,
  },
  { name: 'sound.wav', bytes: wavScript(`*/=${both('sound.wav')}`), documentType: html, isScript: true },
];

/** Ways in which a page can run a script, and ways in which it can show a document. */
export const scriptWays = ['script', 'module', 'import', 'worker', 'importScripts', 'serviceWorker'] as const;
export const documentWays = ['iframe', 'object', 'embed'] as const;

/** A page that loads each file in each way, and shows it as a picture, a sound and a style. */
export const trap = `<!doctype html><title>trap</title><body><script>
const append = (tag, fields) => new Promise((resolve) => {
  const element = Object.assign(document.createElement(tag), fields, { onload: resolve, onerror: resolve });
  document.body.append(element);
});
const viaBlob = (url) =>
  URL.createObjectURL(new Blob(["try { importScripts('" + location.origin + url + "') } catch {} postMessage(1)"]));
const ways = {
  script: (src) => append('script', { src }),
  module: (src) => append('script', { src, type: 'module' }),
  import: (url) => import(url).catch(() => {}),
  worker: (url) => void new Worker(url),
  importScripts: (url) => new Promise((resolve) => {
    new Worker(viaBlob(url)).onmessage = resolve;
  }),
  serviceWorker: (url, name) => navigator.serviceWorker.register(url).then(
    () => console.log('ran ' + name + ' serviceWorker'), () => {}),
  iframe: (src) => void append('iframe', { src }),
  object: (data) => void append('object', { data }),
  embed: (src) => void append('embed', { src }),
};
const shown = { img: (src) => append('img', { src }), link: (href) => append('link', { href, rel: 'stylesheet' }),
  audio: (src) => void append('audio', { src, preload: 'auto' }) };
async function load(files) {
  const tried = files.flatMap(({ name, url }) =>
    Object.entries({ ...ways, ...shown }).map(([way, run]) => run(url + '?way=' + way, name)));
  await Promise.all(tried);
}
</script>`;

/**
 * Serves the trap and the files as a server without any care does: under the content type that
 * the page wants. The path of a file is its index. Returns the address and a function that stops it.
 */
export async function serveCarelessly(): Promise<{ readonly url: string; readonly stop: () => void }> {
  const server = createServer(({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://x');
    const file = polyglots[Number(pathname.slice(1))];
    const way = searchParams.get('way') ?? 'open';
    const isScript = (scriptWays as readonly string[]).includes(way);
    response.setHeader('content-type', isScript ? 'text/javascript' : (file?.documentType ?? html));
    response.end(file === undefined ? trap : fill(file.bytes, way));
  });
  const { address, close } = await listen(server);
  return { url: `http://${address}`, stop: close };
}

const fill = (bytes: Buffer, way: string) => Buffer.from(bytes.toString('latin1').replaceAll(wayMark, way), 'latin1');
