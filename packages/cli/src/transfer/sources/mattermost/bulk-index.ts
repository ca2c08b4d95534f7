import type { NewLine } from '../../format.js';
import { firstName, UserIds } from '../people-names.js';
import type { BulkFile, BulkLine } from './bulk-file.js';
import type { MattermostChannel, MattermostPost, MattermostReply, MattermostUser } from './forms.js';

/** Place of a post or a reply in the file. */
export interface PostPlace {
  readonly at: number;
  /** Position of the line of the post. */
  readonly start: number;
  readonly length: number;
  readonly where: string;
  /** Index of the reply; -1 for the post itself. */
  readonly reply: number;
}

/** A member of a channel. */
export interface BulkMember {
  readonly person: string;
  readonly isAdmin: boolean;
  /** Time of the last visit, in Unix ms; undefined if it is not known. */
  readonly viewedMs: number | undefined;
}

/** A channel of Mattermost, with the places of its posts. */
export interface IndexedChannel {
  readonly id: string;
  readonly channel: MattermostChannel | undefined;
  /** People of a direct chat or a group; empty for a channel of a team. */
  readonly people: readonly string[];
  readonly header: string;
  readonly members: BulkMember[];
  /** Humans who have written in it. */
  readonly authors: Set<string>;
  readonly posts: PostPlace[];
}

const directId = (people: readonly string[]) => [...new Set(people)].toSorted().join(',');

/** What a bulk export contains: its people, its channels, and the place of each post. */
export class BulkIndex {
  readonly people = new Map<string, NewLine & { readonly type: 'person' }>();
  readonly channels = new Map<string, IndexedChannel>();
  readonly #ids = new UserIds();
  team = '';

  /** Reads a whole file. @throws {Failure} */
  static async of(file: BulkFile): Promise<BulkIndex> {
    const index = new BulkIndex();
    for await (const line of file.lines()) index.#take(line);
    for (const { posts } of index.channels.values()) posts.sort((one, other) => one.at - other.at);
    return index;
  }

  #take(bulk: BulkLine): void {
    const { line } = bulk;
    if (line.type === 'team') this.team ||= line.team.name;
    else if (line.type === 'channel') this.#addChannel(line.channel);
    else if (line.type === 'user') this.#addUser(line.user);
    else if (line.type === 'bot') this.#addPerson(line.bot.username, [line.bot.display_name], { bot: true });
    else if (line.type === 'direct_channel')
      this.#direct(line.direct_channel.members, line.direct_channel.header ?? '');
    else if (line.type === 'post')
      this.#addPost(this.#channel(`${line.post.team}/${line.post.channel}`, line.post), line.post, bulk);
    else if (line.type === 'direct_post')
      this.#addPost(
        this.#direct(
          line.direct_post.channel_members.map((person) => ({ person, viewedMs: undefined })),
          '',
        ),
        line.direct_post,
        bulk,
      );
  }

  #addPerson(
    name: string,
    names: readonly (string | null | undefined)[],
    facts: { bot?: true; status?: 'suspended' },
  ): void {
    if (this.people.has(name)) return;
    const shown = firstName(...names.map((one) => one ?? undefined), name);
    this.people.set(name, { type: 'person', id: name, user_id: this.#ids.take(name, name), name: shown, ...facts });
  }

  #addUser({
    username,
    nickname,
    first_name: first,
    last_name: last,
    delete_at: deletedMs,
    teams,
  }: MattermostUser): void {
    const full = [first, last].filter(Boolean).join(' ');
    this.#addPerson(username, [nickname, full], deletedMs ? { status: 'suspended' } : {});
    for (const team of teams ?? []) {
      for (const { name, roles, last_viewed_at: viewedMs } of team.channels ?? []) {
        const isAdmin = (roles ?? '').split(' ').includes('channel_admin');
        this.channels
          .get(`${team.name}/${name}`)
          ?.members.push({ person: username, isAdmin, viewedMs: viewedMs ?? undefined });
      }
    }
  }

  #addChannel(channel: MattermostChannel): void {
    const id = `${channel.team}/${channel.name}`;
    if (this.channels.has(id)) return;
    const header = [channel.header, channel.purpose].filter(Boolean).join('\n');
    this.channels.set(id, { id, channel, people: [], header, members: [], authors: new Set(), posts: [] });
  }

  isBot(id: string): boolean {
    return this.people.get(id)?.bot === true;
  }

  /** Returns a channel of a team. One that the file only mentions is private. */
  #channel(id: string, { team, channel: name }: { readonly team: string; readonly channel: string }): IndexedChannel {
    if (!this.channels.has(id)) this.#addChannel({ team, name, type: 'P' });
    return this.channels.get(id) as IndexedChannel;
  }

  #direct(everyone: readonly Omit<BulkMember, 'isAdmin'>[], header: string): IndexedChannel {
    const people = everyone.map(({ person }) => person);
    const id = directId(people);
    const known = this.channels.get(id);
    if (known !== undefined) return known;
    for (const person of people) this.#addPerson(person, [], {});
    const members = everyone.map((one) => ({ ...one, isAdmin: false }));
    const about = { id, channel: undefined, people: [...new Set(people)], header };
    const made: IndexedChannel = { ...about, members, authors: new Set(), posts: [] };
    this.channels.set(id, made);
    return made;
  }

  #addPost({ authors, posts }: IndexedChannel, post: MattermostPost, { where, start, length }: BulkLine): void {
    for (const [at, one] of [post, ...(post.replies ?? [])].entries()) {
      this.#notePeople(one);
      if (!this.isBot(one.user)) authors.add(one.user);
      posts.push({ at: one.create_at, where, start, length, reply: at - 1 });
    }
  }

  #notePeople({ user, reactions }: MattermostReply): void {
    for (const name of [user, ...(reactions ?? []).map((one) => one.user)]) this.#addPerson(name, [], {});
  }
}
