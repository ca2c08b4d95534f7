import type { ConversationState } from '../state/conversation-state.js';
import type { MessageParts, Outgoing } from '../state/outgoing.js';

/** A room or a chat that the user sees. A room has a stream of its own; a chat is in the inbox. */
export interface OpenConversation {
  readonly channelId: number;
  readonly state: () => ConversationState;
  readonly subscribe: (listener: () => void) => () => void;
  /**
   * Queues a new message. `mentions` are ids of users who are in the conversation, and `fileIds` those
   * of uploaded files of the user.
   */
  say(text: string, replyTo: number | undefined, parts?: MessageParts): void;
  /** Queues a change of a message. `text` is the new text or the emoji. */
  change(what: Exclude<Outgoing['do'], 'say'>, target: number, text?: string): void;
  /** Sends a failed message or change again. */
  retry(id: string): void;
  discard(id: string): void;
  /** Marks everything as read. */
  read(): void;
  typing(stopped: boolean): void;
  /** Loads the next older page. */
  older(): Promise<void>;
  /** Drops old lines while the user reads at the end. The server still has them. */
  atEnd(): void;
  /** Reconnects at once. */
  rejoin(): void;
}
