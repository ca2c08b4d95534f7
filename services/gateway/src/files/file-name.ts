import { basename } from 'node:path';
import { savableName } from '@parley/runtime';

/** Control characters, direction marks and other characters that show nothing, and lone surrogates. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const maxCharacters = 255;
const maxExtension = 16;

/** Shortens a name to 255 characters of UTF-16, but keeps a short extension. */
function shortened(name: string): string {
  if (name.length <= maxCharacters) return name;
  const [extension = ''] = /\.[^.]{1,15}$/.exec(name) ?? [];
  return `${name.slice(0, maxCharacters - maxExtension)}${extension}`.replace(/\p{Cs}/gu, '');
}

/**
 * Returns a file name that is safe to show and to save: without a path, without characters that
 * hide or reorder others, and not empty.
 */
export function cleanName(given: string): string {
  const visible = basename(given.replaceAll('\\', '/')).normalize('NFC').replace(hidden, '');
  return shortened(savableName(visible.replace(/\s+/g, ' ')));
}

/** Returns the value of Content-Disposition by RFC 6266. */
export function dispositionOf(name: string, isInline: boolean): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const exact = encodeURIComponent(name).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${isInline ? 'inline' : 'attachment'}; filename="${plain}"; filename*=UTF-8''${exact}`;
}
