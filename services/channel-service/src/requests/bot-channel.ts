import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';

/**
 * Checks that the caller may be in a channel (null: a new one). Refuses only a bot that was made
 * for another channel.
 * @throws {Refusal} `bot-channel`.
 */
export function checkBotChannel({ onlyChannelId }: Pick<UserCaller, 'onlyChannelId'>, channelId: number | null): void {
  if (onlyChannelId !== undefined && onlyChannelId !== channelId) throw refuse('bot-channel');
}
