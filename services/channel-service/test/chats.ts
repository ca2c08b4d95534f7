import type { Client } from '@grpc/grpc-js';
import {
  AddMembersRequest,
  type AddMembersResponse,
  ChangeMemberRequest,
  type Channel,
  ChannelService,
  HistoryRequest,
  type HistoryResponse,
  Invite,
  ListMembersRequest,
  type ListMembersResponse,
  SearchRequest,
  UpdateChannelRequest,
  User,
} from '@parley/contract';
import { callPatiently } from '@parley/testkit';
import type { Person, Rig } from './rig.js';

export const kinds = { room: 1, direct: 2, group: 3, public: 4, private: 5 } as const;
export const ranks = { none: 0, member: 1, admin: 2, owner: 3 } as const;

type Partial<T extends { fromPartial(value: never): unknown }> = Parameters<T['fromPartial']>[0];

const options = ({ token }: Person) => ({ token, withinMs: 30_000 });

/** Calls to one manager about chats. */
export class Chats {
  readonly #rig: Rig;
  readonly #manager: Client;

  constructor(rig: Rig, manager = rig.manager) {
    this.#rig = rig;
    this.#manager = manager;
  }

  /** Creates a chat and returns its id. */
  async make(who: Person, kind: keyof typeof kinds, more: Parameters<Rig['create']>[1] = {}): Promise<number> {
    const limit = kind === 'room' ? 25 : 0;
    return (await this.#rig.create(who, { name: `a ${kind}`, kind: kinds[kind], limit, ...more })).id;
  }

  update(who: Person, id: number, more: Partial<typeof UpdateChannelRequest>): Promise<Channel> {
    const request = UpdateChannelRequest.fromPartial({ id, ...more });
    return callPatiently(this.#manager, ChannelService.update, request, options(who));
  }

  direct(who: Person, id: string): Promise<Channel> {
    return callPatiently(this.#manager, ChannelService.openDirect, User.fromPartial({ id }), options(who));
  }

  join(who: Person, channelId: number): Promise<Channel> {
    return callPatiently(this.#manager, ChannelService.join, Invite.fromPartial({ channelId }), options(who));
  }

  change(
    who: Person,
    channelId: number,
    whom: Pick<Person, 'id'>,
    change: Partial<typeof ChangeMemberRequest>,
  ): Promise<User> {
    const request = ChangeMemberRequest.fromPartial({ channelId, userId: whom.id, ...change });
    return callPatiently(this.#manager, ChannelService.changeMember, request, options(who));
  }

  add(who: Person, channelId: number, ...whom: readonly Person[]): Promise<User[]> {
    return Promise.all(whom.map((one) => this.change(who, channelId, one, { add: true })));
  }

  addAll(who: Person, channelId: number, userIds: readonly string[]): Promise<AddMembersResponse> {
    const request = AddMembersRequest.fromPartial({ channelId, userIds: [...userIds] });
    return callPatiently(this.#manager, ChannelService.addMembers, request, options(who));
  }

  members(who: Person, channelId: number, size = 0, after = ''): Promise<ListMembersResponse> {
    const request = ListMembersRequest.fromPartial({ channelId, page: { size, after } });
    return callPatiently(this.#manager, ChannelService.listMembers, request, options(who));
  }

  history(who: Person, channelId: number, more: Partial<typeof HistoryRequest> = {}): Promise<HistoryResponse> {
    const request = HistoryRequest.fromPartial({ channelId, ...more });
    return callPatiently(this.#manager, ChannelService.history, request, options(who));
  }

  search(who: Person, request: Partial<typeof SearchRequest>): Promise<HistoryResponse> {
    const asked = SearchRequest.fromPartial(request);
    return callPatiently(this.#manager, ChannelService.search, asked, options(who));
  }

  /** Appends messages like a chat server, one for each text. Returns the last seq. */
  async tell(channelId: number, who: Person, ...texts: readonly string[]): Promise<number> {
    const { last_seq } = await this.#rig.one<{ last_seq: number }>(
      `WITH head AS (
         UPDATE chat.channel_head SET last_seq = last_seq + cardinality($3::text[]), last_at = clock_timestamp()
         WHERE channel_id = $1 RETURNING last_seq - cardinality($3::text[]) AS base_seq, last_seq, last_at
       ), said AS (
         INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, content_type, data, digest)
         SELECT $1, base_seq + n, 0, $2, gen_random_uuid(), last_at, 'text/plain', convert_to(text, 'UTF8'), sha256('')
         FROM head, unnest($3::text[]) WITH ORDINALITY AS t (text, n)
       )
       SELECT last_seq FROM head`,
      channelId,
      who.id,
      texts,
    );
    return last_seq;
  }

  /** Appends entries like a chat server, of kind 0 unless `kind` is given. Returns the last seq. */
  async say(channelId: number, who: Person, count = 1, kind = 0): Promise<number> {
    const { last_seq } = await this.#rig.one<{ last_seq: number }>(
      `WITH head AS (
         UPDATE chat.channel_head SET last_seq = last_seq + $3, last_at = now() WHERE channel_id = $1 RETURNING last_seq, last_at
       ), said AS (
         INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, content_type, data, digest)
         SELECT $1, s, $4::smallint, $2, gen_random_uuid(), last_at, CASE WHEN $4::smallint > 0 THEN 1 END, 'text/plain', convert_to('m' || s, 'UTF8'), sha256('')
         FROM head, generate_series(last_seq - $3 + 1, last_seq) s
       )
       SELECT last_seq FROM head`,
      channelId,
      who.id,
      count,
      kind,
    );
    return last_seq;
  }

  /** Moves the first `count` entries into the past. */
  async age(channelId: number, count: number, interval: string): Promise<void> {
    const aged = 'UPDATE chat.message SET sent_at = sent_at - $3::interval WHERE channel_id = $1 AND seq <= $2';
    await this.#rig.owner.query(aged, [channelId, count, interval]);
  }

  /** Reads the seqs in the table. */
  async stored(channelId: number): Promise<number[]> {
    const held = 'SELECT seq FROM chat.message WHERE channel_id = $1 ORDER BY seq';
    return (await this.#rig.owner.query<{ seq: number }>(held, [channelId])).rows.map(({ seq }) => seq);
  }

  head(channelId: number): Promise<Head> {
    return this.#rig.one<Head>('SELECT * FROM chat.channel_head WHERE channel_id = $1', channelId);
  }

  /** Returns the seqs of a page of History. */
  async seqs(who: Person, channelId: number, more: Partial<typeof HistoryRequest> = {}): Promise<number[]> {
    return (await this.history(who, channelId, more)).messages.map(({ seq }) => seq);
  }
}

interface Head {
  readonly epoch: number;
  readonly instance_id: string | null;
  readonly log_id: string;
  readonly last_seq: number;
  readonly first_seq: number;
  readonly revision: number;
}

export const reason = (word: string) => expect.objectContaining({ reason: word });
