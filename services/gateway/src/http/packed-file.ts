import { createHash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { extname } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HttpVisit } from './handler.js';

/** A file in memory, ready to be sent. */
export interface PackedFile {
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

const security = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(self)',
};

const zip = promisify(gzip);

/**
 * Returns a file with its headers. The name decides its type. `policy` is its content security
 * policy.
 */
export async function packFile(name: string, bytes: Buffer, policy: string): Promise<PackedFile> {
  const zipped = await zip(bytes, { level: 9 });
  const isHashed = name.startsWith('/assets/'); // The name contains a hash of the content.
  return {
    bytes,
    zipped: zipped.length < bytes.length ? zipped : undefined,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    headers: {
      ...{ 'content-security-policy': policy, ...security },
      'content-type': types[extname(name)] ?? 'application/octet-stream',
      'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    },
  };
}

/**
 * Sends a file: compressed if the client accepts that, or 304 if the client already has the file.
 */
export function sendFile({ headers, bytes, zipped, etag }: PackedFile, { request, response }: HttpVisit): void {
  response.appendHeader('vary', 'accept-encoding');
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { ...headers, etag }).end();
  const acceptsGzip = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = acceptsGzip ? (zipped ?? bytes) : bytes;
  const encoding = body === bytes ? {} : { 'content-encoding': 'gzip' };
  response.writeHead(200, { ...headers, ...encoding, etag, 'content-length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
