import { fileTypeFromBuffer } from 'file-type';
import type { StoredFile } from './file-store.js';

/** Content types of sound and films that browsers play without running anything. */
const playedTypes: ReadonlySet<string> = new Set([
  ...['audio/mpeg', 'audio/ogg', 'audio/wav', 'audio/flac', 'audio/aac', 'audio/mp4', 'audio/x-m4a'],
  ...['video/mp4', 'video/webm', 'video/ogg', 'video/quicktime'],
]);
const unknown = 'application/octet-stream';
/** Number of bytes at the start of a file that decide its type. */
const sniffedBytes = 4_100;
const plainType = /^[a-z]+\/[\w.+-]+$/;

function isText(head: Buffer): boolean {
  if (head.some((byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d))
    return false;
  // `stream` allows a character that the end of the head cuts.
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return head.length > 0;
  } catch {
    return false;
  }
}

/**
 * Returns the content type of a file that begins with these bytes. Ignores the type that the client
 * names. HTML, SVG and other text is `text/plain`.
 */
export async function contentTypeOf(start: Buffer): Promise<string> {
  const head = start.subarray(0, sniffedBytes);
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  const type = found?.mime.split(';')[0]?.trim();
  if (type !== undefined && plainType.test(type) && !type.endsWith('xml')) return type;
  return isText(head) ? 'text/plain' : unknown;
}

/** How a file is served: its content type, and whether a browser may show it in place. */
export interface Serving {
  readonly contentType: string;
  readonly isInline: boolean;
}

/**
 * Returns how a file is served. Only decoded pictures, sound and films are shown in place; a browser
 * saves everything else as bytes of an unknown type.
 */
export function servingOf({ contentType, width }: Pick<StoredFile, 'contentType' | 'width'>): Serving {
  const isInline = width > 0 || playedTypes.has(contentType);
  return { contentType: isInline ? contentType : unknown, isInline };
}
