import { type Conversation, Refusal, type Sent } from '@parley/client';
import type { ConversationState, SharedAction } from '../state/conversation.js';
import type { Outgoing } from '../state/outgoing.js';
import { refusalWords } from '../state/refusal-words.js';
import { untilWords } from '../state/times.js';

function whyOf(thrown: unknown): string {
  if (!(thrown instanceof Refusal)) return 'Something went wrong in this page. Try again.';
  const { reason, retryAfterMs } = thrown;
  return reason === 'muted' && retryAfterMs > 0
    ? `You are muted here ${untilWords(retryAfterMs, Date.now())}.`
    : refusalWords(thrown);
}

/** What a postman needs of a conversation. */
export type Mouth = Pick<Conversation, 'send' | 'edit' | 'remove' | 'react' | 'unreact'>;

/** Brings what is outgoing to the server, each once at a time, and tells what became of it. */
export class Postman {
  readonly #conversation: Mouth;
  readonly #tell: (action: SharedAction) => void;
  readonly #underway = new Set<string>();
  #begun = false;
  #over = false;

  constructor(conversation: Mouth, tell: (action: SharedAction) => void) {
    this.#conversation = conversation;
    this.#tell = tell;
  }

  /** Nothing goes before all that was missed has come: it may have been said already. */
  look({ link, outgoing }: ConversationState): void {
    if (link.state === 'live') this.#begun = true;
    if (!this.#begun || this.#over) return;
    for (const one of outgoing) {
      if (one.failed === undefined && !this.#underway.has(one.id)) this.#bring(one);
    }
  }

  /** What is under way is left to whoever leads next. */
  stop(): void {
    this.#over = true;
  }

  async #bring(outgoing: Outgoing): Promise<void> {
    const { id } = outgoing;
    this.#underway.add(id);
    try {
      const { seq, timestamp } = await this.#hand(outgoing);
      this.#tell({ type: 'taken', id, seq, at: timestamp });
    } catch (thrown) {
      if (!this.#over) this.#tell({ type: 'failed', id, why: whyOf(thrown) });
    } finally {
      this.#underway.delete(id);
    }
  }

  #hand({ id, do: what, text, target = 0 }: Outgoing): Promise<Sent> {
    const conversation = this.#conversation;
    switch (what) {
      case 'say':
        return conversation.send(text, { clientId: id, ...(target > 0 && { replyTo: target }) });
      case 'edit':
        return conversation.edit(target, text);
      case 'delete':
        return conversation.remove(target);
      case 'react':
        return conversation.react(target, text);
      case 'unreact':
        return conversation.unreact(target, text);
    }
  }
}
