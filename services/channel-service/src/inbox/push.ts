import { Push, type PushSubscription, type SetPushRequest } from '@parley/contract';
import type { Pool } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { throttleChanges } from '../members/membership.js';
import { isPlainHttps } from '../requests/https-url.js';
import { readPush, removePush, savePush } from './push-store.js';

const lastDateMs = 8.64e15;

/** Handles GetPush: returns the key of the installation, and the subscription of the caller's session. */
export function createGetPush(pool: Pool) {
  return async (_: object, me: UserCaller, call: Call): Promise<Push> => {
    call.quiet = true;
    const [row] = await readPush.run(pool, { sessionId: me.sessionId });
    const { serverKey, endpoint, publicKey, secret, showsText, quietUntilMs } = row ?? {};
    if (!endpoint || !publicKey || !secret) return Push.fromPartial({ ...(serverKey && { serverKey }) });
    const subscription = { endpoint, publicKey, secret, showsText: showsText === true, quietUntil: quietUntilMs ?? 0 };
    return Push.fromPartial({ ...(serverKey && { serverKey }), subscription });
  };
}

/** @throws {Refusal} `invalid-push`. */
function checkSubscription({ endpoint, publicKey, secret, quietUntil }: PushSubscription): void {
  const isPlain = isPlainHttps(endpoint, limits.pushEndpointCharacters);
  const isPoint = publicKey.length === 65 && publicKey[0] === 4;
  if (!isPlain || !isPoint || secret.length !== 16 || quietUntil > lastDateMs) throw refuse('invalid-push');
}

/** Handles SetPush: stores or removes the subscription of the caller's session. */
export function createSetPush(pool: Pool) {
  return async ({ subscription }: SetPushRequest, me: UserCaller): Promise<object> => {
    await throttleChanges(pool, me);
    const { sessionId } = me;
    if (subscription === undefined) {
      await removePush.run(pool, { sessionId });
      return {};
    }
    checkSubscription(subscription);
    const [row] = await readPush.run(pool, { sessionId });
    if (!row?.serverKey) throw refuse('no-push');
    const { quietUntil: quietUntilMs, ...rest } = subscription;
    await savePush.run(pool, { sessionId, userId: me.id, ...rest, quietUntilMs });
    return {};
  };
}
