import type { Page } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import * as z from 'zod';

/** A time in requests and responses. */
export const timeField = z.iso.datetime({ offset: true }).meta({ description: 'time by RFC 3339' });
const digits = /^\d{1,16}$/;

/** Returns the schema of a whole number in a path or a query, in decimal digits. */
const numberText = (most: number) =>
  z.preprocess((text) => (digits.test(String(text)) ? Number(text) : text), z.int().min(1).max(most));
export const channelIdText = numberText(limits.channelId);
export const channelIdField = z.int().min(1).max(limits.channelId);
/** Largest seq: integers above its successor have no exact JSON number. */
const maxSeq = Number.MAX_SAFE_INTEGER - 1;
export const seqText = numberText(maxSeq);
export const seqField = z.int().min(1).max(maxSeq);

/** Returns the schema of a text by its number of characters: code points, as JSON Schema counts them. */
export function textUpTo(most: number): z.ZodString {
  const fits = (text: string) => text.length <= most || [...text].length <= most;
  return z.string().refine(fits, `Use at most ${most} characters.`).meta({ maxLength: most });
}

/**
 * Texts whose format a service checks, and refuses with a reason of its own. The format here is
 * only for the OpenAPI document.
 */
export const servedText = {
  userId: z.string().meta({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$', maxLength: limits.userIdCharacters }),
  name: z.string().meta({ pattern: '\\S', maxLength: limits.nameCharacters }),
  password: z.string().meta({ minLength: 2, maxLength: limits.passwordMaxBytes, description: '8 to 72 bytes' }),
  email: z.string().meta({ pattern: '^[^\\s@]+@[^\\s@]+$', maxLength: limits.emailCharacters }),
};

export const userIdField = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
  .max(limits.userIdCharacters);
/** A flag in a query, where everything is text. */
export const flagField = z.enum(['true', 'false']).transform((word) => word === 'true');

/** Parameters of a page in a query. */
export const pageFields = {
  size: numberText(limits.pageEntries).optional(),
  after: z.string().min(1).max(4_096).optional().meta({ description: '`next` of the previous page' }),
};
export const pageQuery = z.strictObject(pageFields);

/** End of a page: the token of the next one, or null on the last page. */
export const nextField = z.string().nullable();

/** Returns the page that a query asks for. */
export function askedPage({ size = 0, after = '' }: { size?: number | undefined; after?: string | undefined }): Page {
  return { size, after };
}

/** Returns a page token in the form of a response: null if it is empty. */
export function nextOf(next: string): string | null {
  return next === '' ? null : next;
}

/** Returns Unix ms as text, or null for 0, which means never. */
export function timeOf(ms: number): string | null {
  return ms === 0 ? null : new Date(ms).toISOString();
}

/**
 * Returns the Unix ms of a time field, or 0 without one.
 * @throws {Refusal} `invalid-request` for a time before 1970, which the contract cannot hold.
 */
export function msOf(time: string | null | undefined): number {
  const ms = time == null ? 0 : Date.parse(time);
  if (ms < 0) throw refuse('invalid-request', { message: 'A time is before 1970.' });
  return ms;
}

/** Returns text, or null if it is empty. */
export function textOrNull(text: string): string | null {
  return text === '' ? null : text;
}

/** Returns the fields of an object whose value is not undefined. */
export function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

export const channelParams = z.object({ channel_id: channelIdText });
export const webhookParams = z.object({ webhook_id: z.string().max(limits.userIdCharacters) });
export const userParams = z.object({ user_id: userIdField });
