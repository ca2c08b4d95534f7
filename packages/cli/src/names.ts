import type { ConversationEvent } from '@parley/client';
import type { User } from '@parley/contract';
import { terminalLine } from './plain-text.js';

/** Maximum number of users of one entry who are named. */
export const mostNamed = 5;

type NamedUser = Pick<User, 'id' | 'name'>;

/** Returns the ids of the users whom an event concerns. */
function idsOf(event: ConversationEvent): string[] {
  const ids = [
    ...('sender' in event ? [event.sender] : []),
    ...('userId' in event ? [event.userId] : []),
    ...('userIds' in event ? event.userIds.slice(0, mostNamed) : []),
    ...('by' in event ? [event.by] : []),
  ];
  return ids.filter((id) => id !== '');
}

/** Returns the users whose names an event carries. */
function usersOf(event: ConversationEvent): readonly NamedUser[] {
  if (event.type === 'welcome') return [event.me, ...event.channel.users];
  return event.type === 'presence' ? [...event.came, ...event.went] : [];
}

/** Display names of users, by id. */
export class UserNames {
  readonly #fetchUser: (id: string) => Promise<NamedUser>;
  /**
   * Names by user id, including those of users who left. The name is the id if it could not be
   * fetched.
   */
  readonly #names = new Map<string, string>();

  constructor(fetchUser: (id: string) => Promise<NamedUser>) {
    this.#fetchUser = fetchUser;
  }

  /**
   * Records the names that events carry. Fetches the names of all other users whom the events
   * concern.
   */
  async learn(events: readonly ConversationEvent[]): Promise<void> {
    for (const { id, name } of events.flatMap(usersOf)) this.#names.set(id, name);
    await this.learnUsers(events.flatMap(idsOf));
  }

  /** Fetches the names of users, unless they are known. */
  async learnUsers(ids: Iterable<string>): Promise<void> {
    const unknown = new Set([...ids].filter((id) => !this.#names.has(id)));
    await Promise.all([...unknown].map((id) => this.#fetch(id)));
  }

  /** Fetches one name. Users who are hidden or gone keep their id as their name. */
  async #fetch(id: string): Promise<void> {
    const { name } = await this.#fetchUser(id).catch(() => ({ name: id }));
    this.#names.set(id, name);
  }

  /** Returns the name, or the id if the name is unknown. */
  readonly of = (id: string): string => this.#names.get(id) ?? id;

  /** Returns the name for a terminal, with the id if name and id differ. */
  readonly label = (id: string): string => {
    const name = this.of(id);
    return name === id ? terminalLine(id) : `${terminalLine(name)} (${terminalLine(id)})`;
  };
}
