import { type Reason, type Refusal, refusals } from '@parley/runtime';
import * as z from 'zod';
import type { ApiProblem } from '../../api/api-door.js';

/** Reasons that end a session. Clients of document 001 forget their token after 401 and 403. */
const signsOut: ReadonlySet<Reason> = new Set<Reason>([
  'invalid-token',
  'expired-token',
  'logged-out',
  'suspended',
  'must-change-password',
]);

/** Statuses of this door that do not follow from the table of reasons. */
const statuses: Partial<Record<Reason, number>> = {
  'wrong-credentials': 403,
  'invalid-request': 422,
  'not-a-member': 400,
  'wrong-kind': 400,
};

/** Error texts that clients of document 001 expect. */
const texts: Partial<Record<Reason, string>> = { 'wrong-credentials': 'Invalid email or password' };

/**
 * Returns the status of a reason at this door. A 401 or 403 makes clients sign out, so only reasons
 * that end a session have these statuses.
 */
export function statusOf(reason: Reason): number {
  if (signsOut.has(reason)) return 403;
  const status = statuses[reason] ?? refusals[reason].http;
  return status === 403 && reason !== 'wrong-credentials' ? 400 : status;
}

function detailOf({ reason, message, cause }: Refusal): string {
  if (!(cause instanceof z.ZodError)) return texts[reason] ?? message;
  const [issue] = cause.issues;
  return issue === undefined ? message : `${issue.path.join('.') || 'body'}: ${issue.message}`;
}

/**
 * Returns a refusal in the form of document 001: plain text for tokens, or else `{"error": text}`.
 */
export function errorOf(refusal: Refusal): ApiProblem {
  const { reason } = refusal;
  const status = statusOf(reason);
  const detail = detailOf(refusal);
  const isAboutToken = reason === 'unauthenticated' || signsOut.has(reason);
  if (isAboutToken) return { status, contentType: 'text/plain; charset=utf-8', body: detail };
  return { status, contentType: 'application/json', body: { error: detail } };
}
