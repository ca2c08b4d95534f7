import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { refuse } from '@parley/runtime';

/** Returns the validator of a JSON text. Equal texts have equal validators. */
export function etagOf(json: string): string {
  return `"${createHash('sha256').update(json).digest('base64url').slice(0, 22)}"`;
}

function namesOne(header: string, etag: string): boolean {
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

/** Returns whether the client already has this version. */
export function isKnown({ 'if-none-match': header }: IncomingHttpHeaders, etag: string): boolean {
  return header !== undefined && namesOne(header, etag);
}

/**
 * Checks If-Match, if there is one, against the JSON that `read` returns. Two changes at the same
 * moment can both pass, because the services know no validators.
 * @throws {Refusal} `precondition-failed`
 */
export async function checkIfMatch(
  { 'if-match': header }: IncomingHttpHeaders,
  read: (() => Promise<unknown>) | undefined,
): Promise<void> {
  if (header === undefined) return;
  if (read === undefined)
    throw refuse('precondition-failed', { message: 'This call knows no If-Match. Leave that header out.' });
  if (!namesOne(header, etagOf(JSON.stringify(await read())))) throw refuse('precondition-failed');
}
