import type { Reason } from '@parley/runtime';
import type { RelayLink } from '../relay/relay-link.js';

/** The way of the posts of one user to one channel. */
export interface PostRoute {
  /**
   * Returns the relay to the chat server that takes the post, after this number of tries.
   * @throws {Refusal} if there is none, or none yet.
   */
  find(tries: number): Promise<RelayLink>;
  /**
   * Returns the handle of the user at this chat server.
   * @throws {Refusal} of the chat server, or `unreachable`.
   */
  attach(link: RelayLink): number | Promise<number>;
  /** Called when the chat server did not take the post. Another one may. */
  notTaken(link: RelayLink, handle: number, reason: Reason): void;
  /** Whether another chat server owns the channel than this one, which is silent. */
  hasMoved(link: RelayLink): Promise<boolean>;
  /** Whether a post that is sent twice is shown once. */
  keepsHistory(): Promise<boolean>;
}
