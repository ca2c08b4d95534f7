import { limits, refuse } from '@parley/runtime';

/**
 * Returns the channel id of a request.
 * @throws {Refusal} `invalid-channel-id`.
 */
export function oneChannel({ id }: { readonly id: number }): number {
  if (id < 1 || id > limits.channelId) throw refuse('invalid-channel-id');
  return id;
}
