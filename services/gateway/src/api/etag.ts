import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Refusal, refuse } from '@parley/runtime';

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

/** Returns the refusal of If-Match by a call that does not support it. */
export function unknownCondition(): Refusal {
  return refuse('precondition-failed', { message: 'This call knows no If-Match. Leave that header out.' });
}

/** Checks If-Match against the current JSON of the resource. @throws {Refusal} `precondition-failed` */
export function checkIfMatch({ 'if-match': header = '' }: IncomingHttpHeaders, current: unknown): void {
  if (!namesOne(header, etagOf(JSON.stringify(current)))) throw refuse('precondition-failed');
}
