import type { ConversationEvent } from '@parley/client';
import type { Refusal } from '@parley/runtime';

/** Shows a conversation to a person or a program. */
export interface ChatView {
  event(event: ConversationEvent): void;
  /**
   * Shows that an action of this user was refused. `what` names the effect that it did not have.
   */
  refused(why: Refusal, what: string): void;
}
