import type { PoolClient } from '@parley/database';
import type { UserCaller } from '@parley/service-kit';
import type { LockedChannel } from '../store/channels.js';
import type { OfferResult, PersonRow } from '../store/members.js';
import type { MembershipRules } from './standing.js';

/** One change that is asked for, with all that it depends on; the channel is locked. */
export interface Scene {
  readonly client: PoolClient;
  readonly channel: LockedChannel;
  readonly me: UserCaller;
  readonly mine: MembershipRules;
  readonly person: PersonRow;
  readonly theirs: MembershipRules;
}

/** What came of a change: what the user is now, and whether their seats in the channel end. */
export interface ChangedMember {
  readonly rank: MembershipRules['rank'];
  readonly out: boolean;
  /** What the user was offered by it. */
  readonly offered?: OfferResult;
  /** For the audit, where an administrator of the server did it as one. */
  readonly audit?: object;
}

export type Change = (scene: Scene) => Promise<ChangedMember>;
