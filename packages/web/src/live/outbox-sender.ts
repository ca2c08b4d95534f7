import { type Conversation, Refusal, type Sent } from '@parley/client';
import type { ConversationState, SharedAction } from '../state/conversation-state.js';
import type { Outgoing } from '../state/outgoing.js';
import { refusalWords } from '../state/refusal-words.js';
import { untilWords } from '../state/times.js';
import { words } from '../words/words.js';

function failureText(thrown: unknown): string {
  if (!(thrown instanceof Refusal)) return words().common.pageFailed;
  const { reason, retryAfterMs } = thrown;
  return reason === 'muted' && retryAfterMs > 0
    ? words().conversation.mutedHere(untilWords(retryAfterMs, Date.now()))
    : refusalWords(thrown);
}

/** The calls of a conversation that change something. */
export type SendMethods = Pick<Conversation, 'send' | 'edit' | 'remove' | 'react' | 'unreact' | 'pin' | 'unpin'>;

/**
 * Sends pending messages and changes to the server and reports the results. Never sends a message
 * or change again while its result is unknown.
 */
export class OutboxSender {
  readonly #conversation: SendMethods;
  readonly #onResult: (action: SharedAction) => void;
  readonly #inFlight = new Set<string>();
  #wasLive = false;
  #stopped = false;

  constructor(conversation: SendMethods, onResult: (action: SharedAction) => void) {
    this.#conversation = conversation;
    this.#onResult = onResult;
  }

  /**
   * Sends everything that is not in flight. Does nothing until all missed entries have arrived,
   * because they may confirm a pending message.
   */
  sendPending({ link, outgoing }: ConversationState): void {
    if (link.state === 'live') this.#wasLive = true;
    if (!this.#wasLive || this.#stopped) return;
    for (const one of outgoing) {
      if (one.failed === undefined && !this.#inFlight.has(one.id)) this.#send(one);
    }
  }

  /** Stops sending. The next leading tab takes over everything that is unconfirmed. */
  stop(): void {
    this.#stopped = true;
  }

  async #send(outgoing: Outgoing): Promise<void> {
    const { id } = outgoing;
    this.#inFlight.add(id);
    try {
      const { seq, timestamp } = await this.#call(outgoing);
      this.#onResult({ type: 'taken', id, seq, at: timestamp });
    } catch (thrown) {
      const isMention = thrown instanceof Refusal && thrown.reason === 'mention-not-found';
      if (!this.#stopped) this.#onResult({ type: 'failed', id, why: failureText(thrown), withoutMentions: isMention });
    } finally {
      this.#inFlight.delete(id);
    }
  }

  #call({ id, do: what, text, target = 0, mentions, fileIds }: Outgoing): Promise<Sent> {
    const conversation = this.#conversation;
    switch (what) {
      case 'say':
        return conversation.send(text, {
          clientId: id,
          ...(target > 0 && { replyTo: target }),
          ...(mentions !== undefined && { mentions }),
          ...(fileIds !== undefined && { fileIds }),
        });
      case 'edit':
        return conversation.edit(target, text);
      case 'delete':
        return conversation.remove(target);
      case 'react':
        return conversation.react(target, text);
      case 'unreact':
        return conversation.unreact(target, text);
      case 'pin':
        return conversation.pin(target);
      case 'unpin':
        return conversation.unpin(target);
    }
  }
}
