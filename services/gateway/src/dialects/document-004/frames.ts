import { type Refusal, refuse } from '@parley/runtime';
import * as z from 'zod';
import { readObject } from '../../socket/json-frame.js';

/** A value by which a client recognises the answer to a frame. */
export type FrameRef = string | number | undefined;

/** A frame of a client. */
export interface RealtimeFrame {
  readonly type: string;
  readonly ref: FrameRef;
  readonly payload: Readonly<Record<string, unknown>>;
  /** A token with which the client logs in, or continues after another login. */
  readonly token: string | undefined;
}

const maxRefCharacters = 64;
const maxErrors = 20;

const envelope = z.strictObject({
  type: z.string(),
  ref: z.union([z.string().max(maxRefCharacters), z.number()]).optional(),
  payload: z.record(z.string(), z.unknown()).optional(),
});
const tokenOf = z.looseObject({ auth_token: z.string().min(1).optional() });

/**
 * Parses a value by its schema.
 * @throws {Refusal} `invalid-request`, whose message names the fields that do not fit
 */
export function fitted<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, maxErrors);
  const message = issues.map(({ path, message: text }) => `${path.join('.') || 'frame'}: ${text}`).join('; ');
  throw refuse('invalid-request', { message, cause: result.error });
}

/**
 * Reads a frame of a client.
 * @throws {Refusal} `malformed` or `invalid-request`
 */
export function readRealtimeFrame(payload: Buffer, isBinary: boolean): RealtimeFrame {
  const { type, ref, payload: whole = {} } = fitted(envelope, readObject(payload, isBinary));
  const { auth_token: token, ...fields } = fitted(tokenOf, whole);
  return { type, ref, payload: fields, token };
}

/** Returns a frame of the server. `ref` is that of the frame that it answers. */
export function realtimeFrame(type: string, payload: object, ref?: FrameRef): string {
  return JSON.stringify({ type, ...(ref !== undefined && { ref }), payload });
}

/** Returns the frame of a refusal. `retry_after_ms` is 0 if the client must not repeat its frame unchanged. */
export function refusalFrame({ reason, message, retryAfterMs }: Refusal, ref?: FrameRef): string {
  return realtimeFrame('error', { reason, message, retry_after_ms: retryAfterMs }, ref);
}
