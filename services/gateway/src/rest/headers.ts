import { refuse } from '@parley/runtime';
import * as z from 'zod';

const entityTags = /^(\*|(W\/)?"[!#-~]*"(\s*,\s*(W\/)?"[!#-~]*")*)$/;

/** Returns the header with which a change depends on the state of a resource. */
export function ifMatch(what: string) {
  return {
    'if-match': z
      .string()
      .regex(entityTags)
      .optional()
      .meta({ description: `ETag of ${what} that you have read` }),
  };
}

const key = z.string().regex(/^("[ -~]{1,255}"|[!-~]([ -~]{0,253}[!-~])?)$/);

/** The header that makes a repeated call harmless. */
export const idempotencyKey = {
  'idempotency-key': key.optional().meta({
    description: 'a UUID or other text for this message. A repeated call with it sends nothing again',
  }),
};

/**
 * Returns the key of the header, without its quotes. The draft standard of the header puts the key
 * in quotes; with or without quotes, it is the same key.
 * @throws {Refusal} `invalid-request`
 */
export function keyIn(header: string | string[]): string {
  const { success, data = '' } = key.safeParse(header);
  if (success) return data.replace(/^"(.+)"$/, '$1');
  throw refuse('invalid-request', {
    message: 'Invalid Idempotency-Key. Use 1 to 255 characters of ASCII, such as a UUID.',
  });
}
