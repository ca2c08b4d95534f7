import type { PoolClient } from '@parley/database';
import type { UserCaller } from '@parley/service-kit';
import type { LockedChannel } from '../transactions/locks.js';
import type { OfferResult, PersonRow } from './member-store.js';
import type { MembershipRules } from './membership-rules.js';

/** Everything a requested membership change depends on. The channel is locked. */
export interface ChangeContext {
  readonly client: PoolClient;
  readonly channel: LockedChannel;
  readonly me: UserCaller;
  readonly mine: MembershipRules;
  readonly person: PersonRow;
  readonly theirs: MembershipRules;
}

/** Outcome of a change: the user's rank, and whether their seats in the channel end. */
export interface ChangedMember {
  readonly rank: MembershipRules['rank'];
  readonly out: boolean;
  /** Role offered to the user by the change. */
  readonly offered?: OfferResult;
  /** Details for the audit, if an operator acted as one. */
  readonly audit?: object;
}

export type Change = (context: ChangeContext) => Promise<ChangedMember>;
