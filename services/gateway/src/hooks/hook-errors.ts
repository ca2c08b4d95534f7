import type { Reason, Refusal } from '@parley/runtime';
import * as z from 'zod';
import type { ApiProblem } from '../api/api-door.js';
import { restProblem, restStatus } from '../rest/problem.js';
import type { HookClient } from './hook-bodies.js';

/** Error words of Slack, by reason. */
const slackWords: Partial<Record<Reason, string>> = {
  'webhook-not-found': 'no_service',
  'invalid-request': 'invalid_payload',
  malformed: 'invalid_payload',
  'empty-message': 'no_text',
  'message-too-large': 'msg_too_long',
  'channel-not-found': 'channel_not_found',
  'not-a-member': 'action_prohibited',
  removed: 'action_prohibited',
  muted: 'action_prohibited',
  banned: 'action_prohibited',
};

/** Error codes of Discord, by reason. */
const discordCodes: Partial<Record<Reason, number>> = {
  'webhook-not-found': 10_015,
  'channel-not-found': 10_003,
  'invalid-request': 50_035,
  malformed: 50_109,
  'empty-message': 50_006,
  'not-a-member': 50_001,
};

/** Returns a refusal in words, with the first field that does not fit. */
function detailOf({ message, cause }: Refusal): string {
  if (!(cause instanceof z.ZodError)) return message;
  const [issue] = cause.issues;
  return issue === undefined ? message : [...issue.path, issue.message].join(': ');
}

function slackProblem(refusal: Refusal): ApiProblem {
  const { reason } = refusal;
  const word = slackWords[reason];
  const body = word === undefined ? detailOf(refusal) : `${word}: ${detailOf(refusal)}`;
  return { status: restStatus(reason), contentType: 'text/plain; charset=utf-8', body };
}

function discordProblem(refusal: Refusal): ApiProblem {
  const { reason, retryAfterMs } = refusal;
  const status = restStatus(reason);
  const limited = { retry_after: retryAfterMs / 1_000, global: false };
  const body = { message: detailOf(refusal), code: discordCodes[reason] ?? 0, ...(status === 429 && limited) };
  return { status, contentType: 'application/json', body };
}

/** Returns a refusal in the form that a client of an incoming webhook expects. */
export function hookProblem(refusal: Refusal, client: HookClient): ApiProblem {
  if (client === 'slack') return slackProblem(refusal);
  return client === 'discord' ? discordProblem(refusal) : restProblem(refusal);
}
