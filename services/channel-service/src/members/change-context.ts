import type { PoolClient } from '@parley/database';
import type { UserCaller } from '@parley/service-kit';
import type { LockedChannel } from '../transactions/locks.js';
import type { FoundUser, OfferedRole } from './member-store.js';
import type { ChannelMembership } from './membership-rules.js';

/** The user who changes memberships, and the locked channel. */
export interface ChangeActor {
  readonly client: PoolClient;
  readonly channel: LockedChannel;
  readonly me: UserCaller;
  readonly mine: ChannelMembership;
}

/** The user whom a change concerns, with their membership. */
export interface ChangeSubject {
  readonly user: FoundUser;
  readonly theirs: ChannelMembership;
}

/** Input of one change of one membership. */
export type ChangeContext = ChangeActor & ChangeSubject;

/** Outcome of a change: the user's rank, and whether their seats in the channel end. */
export interface ChangedMember {
  readonly rank: ChannelMembership['rank'];
  readonly out: boolean;
  /** Role offered to the user by the change. */
  readonly offered?: OfferedRole;
  /** Details for the audit, if the caller used the rights of an operator. */
  readonly audit?: object;
}

type ApplyChange = (context: ChangeContext) => Promise<ChangedMember>;

/** A change of one membership. */
export interface Change {
  /**
   * Checks that the caller may make the change. Runs before anything is read about the other user,
   * so a refusal says nothing about that user. @throws {Refusal} if the caller may not.
   */
  readonly checkCaller: (actor: ChangeActor) => void;
  /** Applies the change. Run after `checkCaller`. */
  readonly apply: ApplyChange;
  /** Replaces `checkCaller` and `apply` if the caller names themselves. */
  readonly applyToSelf?: ApplyChange;
}
