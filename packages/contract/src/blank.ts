import type { Message } from './gen/chat/v1/types.js';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Matches a visible character: not a space, joiner, direction mark or filler. Other control
 * characters match too, because they may be data.
 */
const visible = /[^\s\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]/u;

/**
 * Returns true for text that shows nothing: no bytes, or only spaces and invisible characters. Data
 * that is not text is never blank, nor is a message with files.
 */
export function isBlank({
  data,
  contentType,
  fileIds,
}: Pick<Message, 'data' | 'contentType'> & Partial<Pick<Message, 'fileIds'>>): boolean {
  if (fileIds !== undefined && fileIds.length > 0) return false;
  if (contentType !== '' && !contentType.startsWith('text/')) return false;
  if (data.some((byte) => byte > 0x20 && byte < 0x7f)) return false;
  try {
    return !visible.test(strict.decode(data));
  } catch {
    return false;
  }
}
