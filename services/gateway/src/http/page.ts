import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HttpHandler, HttpVisit } from './handler.js';

interface PageFile {
  readonly headers: OutgoingHttpHeaders;
  readonly bytes: Buffer;
  /** The gzipped bytes, or undefined if they are not smaller. */
  readonly zipped: Buffer | undefined;
  readonly etag: string;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const security = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

const zip = promisify(gzip);

async function readPageFile(folder: string, path: string): Promise<PageFile> {
  const bytes = await readFile(join(folder, path));
  const zipped = await zip(bytes, { level: 9 });
  const isHashed = path.startsWith('/assets/'); // The name contains a hash of the content.
  return {
    bytes,
    zipped: zipped.length < bytes.length ? zipped : undefined,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    headers: {
      ...security,
      'content-type': types[extname(path)] ?? 'application/octet-stream',
      'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    },
  };
}

async function pathsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.map'));
  return files.map((file) => `/${relative(folder, join(file.parentPath, file.name)).split(sep).join('/')}`);
}

/** The built page in memory. Paths are keys of a map, so none can leave the folder. */
export class Page {
  readonly #files: ReadonlyMap<string, PageFile>;

  private constructor(files: ReadonlyMap<string, PageFile>) {
    this.#files = files;
  }

  /** Reads all files of a folder. A missing folder is an empty page. */
  static async read(folder: string): Promise<Page> {
    const paths = await pathsBelow(folder);
    const files = await Promise.all(paths.map(async (path) => [path, await readPageFile(folder, path)] as const));
    return new Page(new Map(files));
  }

  /** Serves the file of the path. `/` is `/index.html`. */
  readonly handle: HttpHandler = (visit) => {
    const { path, request } = visit;
    const file = this.#files.get(path === '/' ? '/index.html' : path);
    if (file === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
    sendFile(file, visit);
    return true;
  };
}

function sendFile({ headers, bytes, zipped, etag }: PageFile, { request, response }: HttpVisit): void {
  response.appendHeader('vary', 'accept-encoding');
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { ...headers, etag }).end();
  const acceptsGzip = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = acceptsGzip ? (zipped ?? bytes) : bytes;
  const encoding = body === bytes ? {} : { 'content-encoding': 'gzip' };
  response.writeHead(200, { ...headers, ...encoding, etag, 'content-length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
