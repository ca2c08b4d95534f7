import type { Page } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import * as z from 'zod';

/** A time in requests and responses. */
export const timeField = z.iso.datetime({ offset: true }).meta({ description: 'time by RFC 3339' });
export const channelIdField = z.coerce.number().int().min(1).max(limits.channelId);
/** Largest seq: integers beyond it have no exact JSON number. */
export const seqField = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
export const userIdField = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
  .max(limits.userIdCharacters);
/** A number or flag in a query, where everything is text. */
export const flagField = z.enum(['true', 'false']).transform((word) => word === 'true');

/** Parameters of a page in a query. */
export const pageFields = {
  size: z.coerce.number().int().min(1).max(limits.pageEntries).optional(),
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

export const channelParams = z.object({ channel_id: channelIdField });
export const userParams = z.object({ user_id: userIdField });
