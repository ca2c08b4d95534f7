import type { TestPerson, Trio } from '@parley/testkit';
import { type Conversation, type ConversationEvent, createClient, type ParleyClient, textOf } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';

export { until } from '@parley/testkit';
export { entryEvent } from '../src/events.js';

/** Returns a client of a test user, whose session was inserted by SQL. */
export function clientOf(trio: Trio, { token }: TestPerson, userService = '127.0.0.1:1', manager = 0): ParleyClient {
  const channelService = trio.managers[manager]?.grpc ?? '';
  return createClient({ transport: grpcTransport({ userService, channelService }), token });
}

/** Reads a conversation and records every event. */
export class Listener {
  readonly events: ConversationEvent[] = [];
  readonly done: Promise<void>;

  constructor(conversation: Conversation) {
    this.done = this.#read(conversation);
  }

  async #read(conversation: Conversation): Promise<void> {
    for await (const event of conversation) this.events.push(event);
  }

  /** Texts of the messages, in order. */
  get texts(): (string | undefined)[] {
    return this.of('message').map(textOf);
  }

  /** Returns the events of one type. */
  of<T extends ConversationEvent['type']>(type: T): Extract<ConversationEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<ConversationEvent, { type: T }> => event.type === type);
  }
}
