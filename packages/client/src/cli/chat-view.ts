import type { ConversationEvent } from '../events.js';

/** What a person or a program reading along is told. */
export interface ChatView {
  event(event: ConversationEvent): void;
  /** Something of this user was not taken. */
  refused(reason: string, words: string): void;
}
