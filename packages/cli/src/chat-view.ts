import type { ConversationEvent } from '@parley/client';
import type { Refusal } from '@parley/runtime';

/** What a person or a program reading along is told. */
export interface ChatView {
  event(event: ConversationEvent): void;
  /** Something of this user was not taken; `what` says what did not happen. */
  refused(why: Refusal, what: string): void;
}
