import { limits, refuse } from '@parley/runtime';

/**
 * The id of one channel, as it was sent.
 * @throws {Refusal} `invalid-channel-id`.
 */
export function oneChannel({ id }: { readonly id: number }): number {
  if (id < 1 || id > limits.channelId) throw refuse('invalid-channel-id');
  return id;
}
