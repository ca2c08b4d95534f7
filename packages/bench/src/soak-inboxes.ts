import { setTimeout as pause } from 'node:timers/promises';
import { ChannelKind, type InboxPlace, type ParleyClient, type UserInbox } from '@parley/client';
import { type Soak, soakMessageBytes } from './soak-visits.js';

/** Group of the soak: its host adds and removes guests, and its members post. */
interface SoakGroup {
  readonly id: number;
  readonly host: ParleyClient;
  /** Ids of the users whom the host adds and removes in turn. */
  readonly guests: readonly string[];
}

const groupCount = 4;
/** Time between two changes of the members of a group. */
const changeEveryMs = 2_000;
/** Share of the guests among the users. */
const guestShare = 4;

/** A user of the soak, with a client. */
export interface SoakUser {
  readonly id: string;
  readonly client: ParleyClient;
}

/**
 * Users with inboxes. They open their inboxes, post, cut and resume them, while hosts add and
 * remove guests.
 */
export class SoakInboxes {
  resumes = 0;
  changes = 0;
  readonly #soak: Soak;
  readonly #users: readonly SoakUser[];
  readonly #groups: SoakGroup[] = [];

  constructor(users: readonly SoakUser[], soak: Soak) {
    this.#users = users;
    this.#soak = soak;
  }

  /** Creates the groups. Every user but the guests is a member of each. */
  async open(): Promise<void> {
    const guests = this.#users.slice(-Math.ceil(this.#users.length / guestShare)).map(({ id }) => id);
    const members = this.#users.map(({ id }) => id).filter((id) => !guests.includes(id));
    for (const { client: host } of this.#users.slice(0, groupCount)) {
      const { id } = await host.create({
        name: 'soak',
        kind: ChannelKind.GROUP,
        limit: 500,
        retention: { seconds: 60 },
      });
      await host.members.addAll(id, members);
      this.#groups.push({ id, host, guests });
    }
  }

  /** Runs until the soak is over. */
  async run(): Promise<void> {
    const members = this.#users.slice(0, this.#users.length - (this.#groups[0]?.guests.length ?? 0));
    await Promise.all([
      ...this.#users.map(({ client }) =>
        this.#hold(
          client,
          members.some((one) => one.client === client),
        ),
      ),
      ...this.#groups.map((group) => this.#soak.repeat(() => this.#changeMembers(group))),
    ]);
  }

  async #hold(client: ParleyClient, posts: boolean): Promise<void> {
    let place: InboxPlace | undefined;
    await this.#soak.repeat(async () => {
      const inbox = client.inbox({ after: place });
      const read = this.#read(inbox);
      for (let left = 1 + Math.random() * 4; left > 0; left--) {
        if (posts) await this.#post(inbox);
        await pause(1_000 * Math.random());
      }
      place = inbox.place;
      await inbox.close();
      await read;
      this.resumes += 1;
    });
  }

  async #post(inbox: UserInbox): Promise<void> {
    const group = this.#groups[Math.floor(Math.random() * this.#groups.length)];
    await inbox.post(group?.id ?? 0, 'x'.repeat(soakMessageBytes));
    this.#soak.sends += 1;
  }

  async #read(inbox: UserInbox): Promise<void> {
    for await (const event of inbox)
      if (event.type === 'ended' && event.reason !== 'closed') this.#soak.faults.push(`inbox: ${event.reason}`);
  }

  async #changeMembers({ id, host, guests }: SoakGroup): Promise<void> {
    const guest = guests[this.changes % guests.length] ?? '';
    await host.members.add(id, guest);
    await pause(changeEveryMs);
    await host.members.remove(id, guest);
    await pause(changeEveryMs);
    this.changes += 1;
  }
}
