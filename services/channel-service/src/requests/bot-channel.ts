import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';

/**
 * Checks that a caller may be in a channel; null stands for a new one. Only bots that were made for
 * another channel may not.
 * @throws {Refusal} `bot-channel`.
 */
export function checkBotChannel({ onlyChannelId }: UserCaller, channelId: number | null): void {
  if (onlyChannelId !== undefined && onlyChannelId !== channelId) throw refuse('bot-channel');
}
