import { type Refusal, refusals } from '@parley/runtime';

/** Returns whether a refusal is about the state of a service or a rate, not about the request. */
export function isTemporary({ reason }: Pick<Refusal, 'reason'>): boolean {
  const { http } = refusals[reason];
  return http >= 500 || http === 429;
}
