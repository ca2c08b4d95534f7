import { User, UserRole, UserStatus } from '@parley/contract';
import type { Pool, PoolClient, UserRole as Role, UserStatus as Status } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import { type UserCaller, userRoles, userStatuses } from '@parley/service-kit';
import { requireUserId } from '../members/membership.js';
import type { ChatServers } from '../placement/chat-servers.js';
import { type EndedSeats, endSeats } from '../placement/seat-store.js';
import { endingSeats } from '../transactions/locked.js';
import { type Account, readAccount, setUser } from './operator-store.js';

export interface SetUserDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
}

interface Change {
  readonly id: string;
  readonly role: Role | null;
  readonly status: Status | null;
  /** Email address to mark as verified, or null. */
  readonly verifiedEmail: string | null;
}

function roleOf(asked: UserRole): Role | null {
  if (asked === UserRole.UNSPECIFIED) return null;
  if (asked === UserRole.USER) return 'user';
  if (asked === UserRole.ADMIN) return 'admin';
  throw refuse('invalid-profile', { message: 'Invalid role. Use user or admin.' });
}

function statusOf(asked: UserStatus): Status | null {
  if (asked === UserStatus.UNSPECIFIED) return null;
  if (asked === UserStatus.ACTIVE) return 'active';
  if (asked === UserStatus.SUSPENDED) return 'suspended';
  throw refuse('invalid-profile', { message: 'Invalid status. Use active or suspended.' });
}

/**
 * Returns the email address to mark as verified, or null. The operator must name the address, so
 * that an address that the user enters meanwhile is not marked by mistake.
 */
function verifiedEmailOf({ email, emailVerified }: User): string | null {
  if (!emailVerified) return null;
  if (email === '' || email.length > limits.emailCharacters || email.includes('\0')) throw refuse('invalid-email');
  return email;
}

function changeOf(request: User): Change {
  requireUserId(request.id);
  const { id, role, status } = request;
  const change = { id, role: roleOf(role), status: statusOf(status), verifiedEmail: verifiedEmailOf(request) };
  if (change.role === null && change.status === null && change.verifiedEmail === null) {
    throw refuse('invalid-profile', {
      message: 'Nothing to change. Set a role, a status or a verified email address.',
    });
  }
  return change;
}

interface AccountOutcome {
  readonly row: Account;
  /** Servers that must end streams of the user. */
  readonly ended: readonly EndedSeats[];
}

async function setIn(
  client: PoolClient,
  { id, role, status, verifiedEmail }: Change,
  me: UserCaller,
): Promise<AccountOutcome> {
  const [requested] = await readAccount.run(client, { userId: id });
  const userId = requested?.id ?? id;
  const [answer] = await setUser.run(client, { actorId: me.id, userId, role, status, verifiedEmail });
  const [row] = await readAccount.run(client, { userId: id });
  if (answer === undefined || row === undefined) throw refuse('user-not-found');
  if (answer.outcome !== 'done') throw refuse(answer.outcome);
  return {
    row,
    ended: row.status === 'suspended' ? await endSeats.run(client, { channelId: null, userId: row.id }) : [],
  };
}

/**
 * Handles SetUser: sets role and status, or marks the email address as verified. A suspension ends
 * sessions, seats and streams, at once if the server is reachable, otherwise within a second.
 */
export function createSetUser({ pool, servers }: SetUserDeps) {
  return async (request: User, me: UserCaller): Promise<User> => {
    const change = changeOf(request);
    const { row, ended } = await endingSeats(pool, (client) => setIn(client, change, me));
    for (const server of ended) servers.endStreams(server, { userId: row.id }, 'suspended');
    const { id, name, number, role, status } = row;
    return User.fromPartial({ id, name, number, role: userRoles[role], status: userStatuses[status] });
  };
}
