import { randomBytes } from 'node:crypto';
import { type Channel, Invite, ListInvitesResponse } from '@parley/contract';
import type { DatabaseClock, Pool, Queryable, Rate } from '@parley/database';
import { limits, type Reason, Refusal, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { withManagedChat } from '../members/managed-chat.js';
import { throttleChanges } from '../members/membership.js';
import { oneChannel } from '../requests/channel-id.js';
import { limitRate } from '../requests/rate-limit.js';
import { audit } from '../transactions/audit.js';
import { createInvite, listInvites, readInvite, revokeInvite, type StoredInvite } from './invite-store.js';

/** Number of random bytes in an id. An id of 128 bits cannot be guessed. */
const idBytes = 16;
/**
 * Last millisecond of the year 9999, in Unix ms. Until then, the database stores each millisecond
 * exactly.
 */
const lastExpiryMs = 253_402_300_799_999;
/**
 * Limits the invite links that one user creates. Each of them adds at most two lines to the audit.
 */
const inviteRate: Rate = { key: 'invite', secondsPerCall: 60, burst: 100 };
/**
 * Id that no channel has. A call for it runs the statements of a call for a channel that the caller
 * cannot see.
 */
export const noChannelId = 0;
const inviteForm = /^[A-Za-z0-9_-]{22}$/;

/**
 * Returns the id of an invitation.
 * @throws {Refusal} `invite-not-found`, the same as for an invitation that does not exist.
 */
export function inviteIdOf({ id }: Pick<Invite, 'id'>): string {
  if (!inviteForm.test(id)) throw refuse('invite-not-found');
  return id;
}

function toInvite(row: StoredInvite): Invite {
  return Invite.fromPartial({
    id: row.id,
    channelId: row.channelId ?? 0,
    maxUses: row.maxUses ?? 0,
    useCount: row.useCount,
    expiresAt: row.expiresMs ?? 0,
    expired: row.expired,
    createdAt: row.createdMs,
    createdBy: row.createdBy,
  });
}

/**
 * Returns the channel whose invitations a request names: null for the invitations to register.
 * @throws {Refusal} `invalid-channel-id`.
 */
function inviteChannel(id: number): number | null {
  return id === 0 ? null : oneChannel({ id });
}

/**
 * Runs `work` with the channel locked, for a caller who may manage its invitations. For an
 * operator, `channelId` null stands for the invitations to register, and no channel is locked.
 * @throws {Refusal} `not-operator`, or what `withManagedChat` throws.
 */
async function asInviter<T>(
  pool: Pool,
  me: UserCaller,
  channelId: number | null,
  work: (client: Queryable) => Promise<T>,
): Promise<T> {
  if (channelId === null) {
    if (me.role !== 'admin') throw refuse('not-operator');
    return work(pool);
  }
  return withManagedChat(pool, me, { channelId, things: 'invite links' }, work);
}

function checkBounds({ maxUses, expiresAt }: Invite, nowMs: number): void {
  if (maxUses > limits.inviteUses) {
    throw refuse('invalid-invite', { message: `Too many uses. An invite link can have at most ${limits.inviteUses}.` });
  }
  if (expiresAt !== 0 && expiresAt <= nowMs) {
    throw refuse('invalid-invite', { message: 'The expiry is in the past. Choose a later time, or 0 for none.' });
  }
  if (expiresAt > lastExpiryMs) {
    throw refuse('invalid-invite', {
      message: 'The expiry is after the year 9999. Choose an earlier time, or 0 for none.',
    });
  }
}

/**
 * Handles CreateInvite: creates an invite link of a chat, or an invitation to register. `clock` is
 * the clock of the database.
 */
export function createCreateInvite({
  pool,
  clock,
}: {
  readonly pool: Pool;
  readonly clock: Pick<DatabaseClock, 'now'>;
}) {
  return async (request: Invite, me: UserCaller, call: Call): Promise<Invite> => {
    call.facts.channel = request.channelId;
    await throttleChanges(pool, me);
    checkBounds(request, clock.now());
    const channelId = inviteChannel(request.channelId);
    return asInviter(pool, me, channelId, async (client) => {
      if (channelId !== null) await limitRate(client, inviteRate, me, 'create-too-often');
      const [made] = await createInvite.run(client, {
        id: randomBytes(idBytes).toString('base64url'),
        channelId,
        createdBy: me.id,
        maxUses: request.maxUses || null,
        expiresAtMs: request.expiresAt || null,
        most: limits.invitesPerChannel,
      });
      if (made === undefined) throw refuse('too-many-invites');
      await audit(client, auditLine('invite.create', me, made));
      return toInvite(made);
    });
  };
}

/**
 * Returns the audit line of an invitation. Keeps only the start of the id, because anyone who knows
 * the whole id can join.
 */
function auditLine(action: string, me: UserCaller, { id, channelId, maxUses, expiresMs }: StoredInvite) {
  const detail = { invite: id.slice(0, 6), maxUses, expiresAt: expiresMs };
  return { actor: me.id, action, target: String(channelId ?? ''), detail };
}

/**
 * Handles ListInvites: returns the valid invitations of a chat, or those to register, and then the
 * newest others.
 */
export function createListInvites(pool: Pool) {
  return async ({ id }: Channel, me: UserCaller, call: Call): Promise<ListInvitesResponse> => {
    call.facts.channel = id;
    await throttleChanges(pool, me);
    const channelId = inviteChannel(id);
    const rows = await asInviter(pool, me, channelId, (client) =>
      listInvites.run(client, { channelId, most: 2 * limits.invitesPerChannel }),
    );
    return ListInvitesResponse.fromPartial({ invites: rows.map(toInvite) });
  };
}

/** Reasons that would tell a stranger that an invitation exists or existed. */
const revealing: ReadonlySet<string> = new Set<Reason>(['channel-not-found', 'not-a-member', 'not-operator']);

/**
 * Returns the error for a caller who tried to use an invitation, or another thing of a channel.
 * Replaces reasons that would reveal it to a stranger with `notFound`.
 */
export function withoutTrace(thrown: unknown, notFound: Reason = 'invite-not-found'): unknown {
  return thrown instanceof Refusal && revealing.has(thrown.reason) ? refuse(notFound) : thrown;
}

/** Handles RevokeInvite. Does nothing if the invitation is revoked already. */
export function createRevokeInvite(pool: Pool) {
  return async (request: Invite, me: UserCaller): Promise<Record<string, never>> => {
    await throttleChanges(pool, me);
    const id = inviteIdOf(request);
    const [found] = await readInvite.run(pool, { id });
    const isHidden = found === undefined || (found.channelId === null && me.role !== 'admin');
    try {
      await asInviter(pool, me, isHidden ? noChannelId : found.channelId, async (client) => {
        const [revoked] = await revokeInvite.run(client, { id });
        if (revoked !== undefined) await audit(client, auditLine('invite.revoke', me, revoked));
      });
    } catch (thrown) {
      throw withoutTrace(thrown);
    }
    return {};
  };
}
