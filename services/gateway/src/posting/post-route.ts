import type { Reason } from '@parley/runtime';
import type { RelayLink } from '../relay/relay-link.js';

/** The route of the posts of one user to one channel. */
export interface PostRoute {
  /**
   * Returns the relay to the chat server for the next attempt, after this number of earlier
   * attempts. @throws {Refusal} if there is no such server, or none yet.
   */
  find(tries: number): Promise<RelayLink>;
  /**
   * Returns the handle of the user at this chat server.
   * @throws {Refusal} of the chat server, or `unreachable`.
   */
  attach(link: RelayLink): number | Promise<number>;
  /** Called when the chat server did not accept the post. Another server may accept it. */
  notTaken(link: RelayLink, handle: number, reason: Reason): void;
  /**
   * Returns whether another chat server now owns the channel. Called when this chat server is
   * silent.
   */
  hasMoved(link: RelayLink): Promise<boolean>;
  /**
   * Calls `changed` whenever the next attempt may find another chat server. Returns a function that
   * ends this.
   */
  onChange(changed: () => void): () => void;
  /** Returns whether a post that is sent twice is shown only once. */
  keepsHistory(): Promise<boolean>;
}
