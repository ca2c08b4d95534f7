import type { SetNotifyRequest } from '@parley/contract';
import type { Bell, Notify, Pool } from '@parley/database';
import { refuse } from '@parley/runtime';
import { type Call, notifyWords, type UserCaller } from '@parley/service-kit';
import { throttleChanges } from '../members/membership.js';
import { oneChannel } from '../requests/channel-id.js';
import { readAsMember } from './membership.js';
import { setNotify } from './receipt-store.js';

function wordOf({ notify }: SetNotifyRequest): Notify {
  const word = (Object.keys(notifyWords) as Notify[]).find((one) => notifyWords[one] === notify);
  if (word === undefined) throw refuse('invalid-notify');
  return word;
}

/**
 * Handles SetNotify: sets which messages of a chat notify the caller. `membershipBell` notifies the
 * gateways, which tell the devices of the caller.
 */
export function createSetNotify(pool: Pool, membershipBell: Bell) {
  return async (request: SetNotifyRequest, me: UserCaller, call: Call): Promise<object> => {
    const id = oneChannel({ id: request.channelId });
    call.facts.channel = id;
    const notify = wordOf(request);
    await throttleChanges(pool, me);
    await readAsMember(pool, me, id);
    const [changed] = await setNotify.run(pool, { channelId: id, userId: me.id, notify });
    if (changed === undefined) throw refuse('channel-not-found');
    membershipBell.ring(`${id} ${me.id}`);
    return {};
  };
}
