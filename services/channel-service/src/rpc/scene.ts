import type { PoolClient } from '@parley/database';
import type { UserCaller } from '@parley/rpc';
import type { LockedChannel } from '../store/channels.js';
import type { Offered, PersonRow } from '../store/members.js';
import type { Standing } from './standing.js';

/** One change that is asked for, with all that it depends on; the channel is locked. */
export interface Scene {
  readonly client: PoolClient;
  readonly channel: LockedChannel;
  readonly me: UserCaller;
  readonly mine: Standing;
  readonly person: PersonRow;
  readonly theirs: Standing;
}

/** What came of a change: what the user is now, and whether their seats in the channel end. */
export interface Changed {
  readonly rank: Standing['rank'];
  readonly out: boolean;
  /** What the user was offered by it. */
  readonly offered?: Offered;
  /** For the audit, where an administrator of the server did it as one. */
  readonly audit?: object;
}

export type Change = (scene: Scene) => Promise<Changed>;
