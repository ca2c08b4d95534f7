import type { PoolClient } from '@parley/database';
import { limits, type Refusal, refuse } from '@parley/runtime';
import { lockUser } from '../transactions/locks.js';
import type { FoundUser } from './member-store.js';

/** A locked user who is about to own one more channel. */
export interface NextOwner {
  readonly isNew: boolean;
  /** Maximum number of channels that the user may own. */
  readonly maxChannels: number;
}

/** Locks a user who is about to own one more channel. */
export async function lockNextOwner(client: PoolClient, userId: string): Promise<NextOwner> {
  const [user] = await lockUser.run(client, { userId });
  const isNew = user?.isNew === true;
  return { isNew, maxChannels: isNew ? limits.channelsPerNewUser : limits.channelsPerUser };
}

/**
 * Checks that a user may become the owner of somebody else's channel. A bot may not, because its
 * account may end at any time, and then nobody could manage the channel.
 * @throws {Refusal} `invalid-member-change`.
 */
export function checkMayOwn({ isBot }: Pick<FoundUser, 'isBot'>): void {
  if (isBot) throw refuse('invalid-member-change', { message: 'A bot cannot own a channel. Choose a person.' });
}

/** Returns the refusal for a user who already owns the maximum number of channels. */
export function tooManyChannels({ isNew, maxChannels }: NextOwner): Refusal {
  if (!isNew) return refuse('too-many-channels');
  return refuse('too-many-channels', {
    message: `An account less than a day old can own at most ${maxChannels} channels. Delete one or try again tomorrow.`,
  });
}
