import { Hold, ListHoldsResponse, type Page, type SetHoldRequest } from '@parley/contract';
import { type Pool, type PoolClient, transaction } from '@parley/database';
import { isPrintable, limits, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { requireUserId } from '../members/membership.js';
import { oneChannel } from '../requests/channel-id.js';
import { nextAfter, pageNumber, pageSize } from '../requests/page.js';
import { audit } from '../transactions/audit.js';
import { countHolds, findHoldSubject, listHolds, releaseHold, type StandingHold, setHold } from './hold-store.js';

type HoldSubject = Pick<StandingHold, 'channelId' | 'userId'>;

const maxId = 2_147_483_647;

function toHold({ channelId, userId, setMs, ...hold }: StandingHold): Hold {
  return Hold.fromPartial({ ...hold, channelId: channelId ?? 0, userId: userId ?? '', setAt: setMs });
}

const subjectOf = ({ channelId, userId }: HoldSubject) =>
  channelId === null ? { user: userId } : { channel: channelId };

/** Returns what the request names. @throws {Refusal} if it names nothing, or both, or has no good reason. */
function askedOf({ channelId, userId, reason }: SetHoldRequest): HoldSubject {
  const hasReason = reason.trim() !== '' && [...reason].length <= limits.holdReasonCharacters && isPrintable(reason);
  if (!hasReason || (channelId === 0) === (userId === '')) throw refuse('invalid-hold');
  if (userId === '') return { channelId: oneChannel({ id: channelId }), userId: null };
  requireUserId(userId);
  return { channelId: null, userId };
}

async function setIn(client: PoolClient, request: SetHoldRequest, { id: setBy }: UserCaller): Promise<Hold> {
  const asked = askedOf(request);
  const [subject] = await findHoldSubject.run(client, asked);
  if (subject === undefined) throw refuse(asked.userId === null ? 'channel-not-found' : 'user-not-found');
  const [standing] = await countHolds.run(client);
  if ((standing?.count ?? 0) >= limits.holds) throw refuse('too-many-holds');
  const { reason } = request;
  const [made] = await setHold.run(client, { ...subject, reason, setBy });
  if (made === undefined) throw refuse('already-held');
  const detail = { ...subjectOf(subject), reason };
  await audit(client, { actor: setBy, action: 'hold.set', target: String(made.id), detail });
  return toHold({ ...subject, ...made, reason, setBy });
}

/** Handles SetHold: sets a legal hold on a channel or a user, deleted or not. */
export function createSetHold(pool: Pool) {
  return (request: SetHoldRequest, me: UserCaller): Promise<Hold> =>
    transaction(pool, (client) => setIn(client, request, me));
}

/** Handles ListHolds: returns a page, newest first. */
export function createListHolds(pool: Pool) {
  return async (page: Page): Promise<ListHoldsResponse> => {
    const size = pageSize(page.size);
    const rows = await listHolds.run(pool, { beforeId: pageNumber(page), size: size + 1 });
    return ListHoldsResponse.fromPartial({
      holds: rows.slice(0, size).map(toHold),
      next: nextAfter(rows, size, ({ id }) => String(id)),
    });
  };
}

/** Returns the id of a hold. @throws {Refusal} `hold-not-found` if no hold can have it. */
export function requireHoldId({ id }: Pick<Hold, 'id'>): number {
  if (id === 0 || id > maxId) throw refuse('hold-not-found');
  return id;
}

/** Handles ReleaseHold. Retention deletes the copies afterwards. */
export function createReleaseHold(pool: Pool) {
  return async (request: Hold, me: UserCaller): Promise<object> => {
    const holdId = requireHoldId(request);
    await transaction(pool, async (client) => {
      const [released] = await releaseHold.run(client, { holdId });
      if (released === undefined) throw refuse('hold-not-found');
      await audit(client, {
        actor: me.id,
        action: 'hold.release',
        target: String(holdId),
        detail: subjectOf(released),
      });
    });
    return {};
  };
}
