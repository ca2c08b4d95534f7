import type { TestPerson, Trio } from '@parley/testkit';
import { type Conversation, type ConversationEvent, createClient, type ParleyClient, textOf } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';

export { entryEvent } from '../src/events.js';

/** A client of a person whose session was made by SQL. */
export function clientOf(trio: Trio, { token }: TestPerson, userService = '127.0.0.1:1', manager = 0): ParleyClient {
  const channelService = trio.managers[manager]?.grpc ?? '';
  return createClient({ transport: grpcTransport({ userService, channelService }), token });
}

/** Reads a conversation, and remembers all of it. */
export class Listener {
  readonly events: ConversationEvent[] = [];
  readonly done: Promise<void>;

  constructor(conversation: Conversation) {
    this.done = this.#read(conversation);
  }

  async #read(conversation: Conversation): Promise<void> {
    for await (const event of conversation) this.events.push(event);
  }

  /** What was said, in the order it came. */
  get texts(): (string | undefined)[] {
    return this.of('message').map(textOf);
  }

  /** The events of a type. */
  of<T extends ConversationEvent['type']>(type: T): Extract<ConversationEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<ConversationEvent, { type: T }> => event.type === type);
  }
}

/** Waits until it holds. Throws after `withinMs`. */
export async function until(what: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error(`not in ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
