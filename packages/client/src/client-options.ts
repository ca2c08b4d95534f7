import type { Channel, ChannelSettingName, Retention, User } from '@parley/contract';
import type { Abortable, PageRange } from './calls/ask.js';
import type { Transport } from './transport.js';

/** Options of `createClient`. */
export interface ClientOptions {
  /** The connection to the services: `grpcTransport` in Node, `webTransport` in a browser. */
  readonly transport: Transport;
  /** The token of an earlier session. Default: none, so call `login` first. */
  readonly token?: string;
}

/** A new account. */
export interface NewUser {
  /**
   * User id: 1 to 64 of A-Z a-z 0-9 . _ - with a letter or a digit first. It cannot be changed
   * later.
   */
  readonly userId: string;
  /** Password of 8 to 72 bytes of UTF-8. */
  readonly password: string;
  /** Display name. */
  readonly name: string;
  readonly email?: string;
  /** The id of an operator's invitation, if the server requires one. */
  readonly invite?: string;
}

/** The result of `login`. */
export interface OpenSession {
  /** Session token. Store it to log in later without a password. */
  readonly token: string;
  readonly user: User | undefined;
  /** Expiry of the token, in Unix ms. */
  readonly expiresAt: number;
  /**
   * Whether the password was a one-time password. Then `account.changePassword` must come next:
   * every other call but `logout` is refused with `must-change-password`.
   */
  readonly mustChangePassword: boolean;
}

/**
 * Fields of a new channel. Absent ones get the server's defaults; `limit` is the maximum number of
 * users.
 */
export type NewChannel = Partial<
  Pick<Channel, 'name' | 'limit' | 'kind' | 'metadata' | 'closedHistory' | ChannelSettingName>
> & {
  /** Retention. Default: nothing for a room, everything for other kinds. */
  readonly retention?: Partial<Retention>;
};

/**
 * The entries to fetch: by default the last ones. With `before`, the entries before that seq
 * (newest first); with `after`, the entries after that seq (oldest first).
 */
export interface HistoryRange extends Abortable {
  readonly before?: number;
  readonly after?: number;
  /** Page size, 1 to 100. Default: 100. */
  readonly size?: number;
  /** Only pinned messages, newest first. Not with `after`. Default: false. */
  readonly pinned?: boolean;
}

/** A page of the channel list, the most recently active first. */
export interface ChannelsRange extends PageRange {
  /**
   * If true, lists the user's own and offered channels; if false, the public list. Default: false.
   */
  readonly mine?: boolean;
  /** Only with `mine`: leaves out chats that the user is in, which an inbox carries. Default: false. */
  readonly withoutChats?: boolean;
  /** Name of the channels to list, ignoring case. Default: any name. */
  readonly name?: string;
  /**
   * Channels that the caller already has; the response repeats them only if their version differs.
   * At most 100.
   */
  readonly known?: readonly Pick<Channel, 'id' | 'version'>[];
}
