import type { PoolClient } from '@parley/database';
import type { UserCaller } from '@parley/service-kit';
import type { LockedChannel } from '../transactions/locks.js';
import type { FoundUser, OfferedRole } from './member-store.js';
import type { ChannelMembership } from './membership-rules.js';

/** Input of a membership change. The channel is locked. */
export interface ChangeContext {
  readonly client: PoolClient;
  readonly channel: LockedChannel;
  readonly me: UserCaller;
  readonly mine: ChannelMembership;
  readonly user: FoundUser;
  readonly theirs: ChannelMembership;
}

/** Outcome of a change: the user's rank, and whether their seats in the channel end. */
export interface ChangedMember {
  readonly rank: ChannelMembership['rank'];
  readonly out: boolean;
  /** Role offered to the user by the change. */
  readonly offered?: OfferedRole;
  /** Details for the audit, if the caller used the rights of an operator. */
  readonly audit?: object;
}

export type Change = (context: ChangeContext) => Promise<ChangedMember>;
