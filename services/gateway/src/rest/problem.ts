import { type Reason, type Refusal, refusals } from '@parley/runtime';
import * as z from 'zod';
import type { ApiProblem } from '../api/api-door.js';
import { problemJson, problemType } from '../http/problem-json.js';

/** An error by RFC 9457, with the reason and the retry hint of Parley. */
export const problemShape = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    reason: z.string().meta({ description: 'stable word; the table in docs/protocol.md has them all' }),
    retry_after_ms: z.int().meta({ description: '0: do not retry unchanged' }),
    errors: z
      .array(z.strictObject({ pointer: z.string(), detail: z.string() }))
      .optional()
      .meta({ description: 'fields that do not fit' }),
  })
  .meta({ id: 'Problem' });

/** Statuses of REST that differ from the table of reasons. */
const statuses: Partial<Record<Reason, number>> = { 'client-id-reused': 422 };
const maxErrors = 20;

/** Returns the status of a reason in `/api/v1`. */
export function restStatus(reason: Reason): number {
  return statuses[reason] ?? refusals[reason].http;
}

/** Returns the fields that do not match the schema, each as a JSON pointer. */
function errorsIn(cause: unknown): { pointer: string; detail: string }[] | undefined {
  if (!(cause instanceof z.ZodError)) return undefined;
  return cause.issues.slice(0, maxErrors).map(({ path, message }) => ({
    pointer: `#${path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`,
    detail: message,
  }));
}

/** Returns a refusal as `application/problem+json`. */
export function restProblem(refusal: Refusal): ApiProblem {
  const errors = errorsIn(refusal.cause);
  const status = restStatus(refusal.reason);
  const body = { ...problemJson(refusal, status), ...(errors !== undefined && { errors }) };
  return { status, contentType: problemType, body };
}
