import { isLoopback, type Reason, type Refusal, refusals, refuse } from '@parley/runtime';
import { addressKey } from '@parley/service-kit';
import * as z from 'zod';
import type { ApiForm } from '../../api/api-door.js';
import { type ApiRoute, route } from '../../api/route.js';
import type { GuestDoor } from '../../guests/guest-door.js';
import { guestDoorName } from '../../guests/guest-names.js';
import { shownText } from '../../rest/message-shape.js';
import type { GuestStore, PublicRoom } from '../../store/guest-store.js';
import { foldedName } from './dialect.js';
import { createdRoom, type RoomMessage, serverTime } from './frames.js';

/** The room that is always there. */
const general = 'general';
const mostMessages = 1_000;
const tag = 'rooms';

/** Refusals for which the document has a 500 with these texts. */
const texts: Partial<Record<Reason, string>> = {
  'user-not-found': 'no user registered under this name',
  'channel-not-found': 'no room with this name exists',
  'room-name-taken': 'room with this name already exists',
};

const roomShape = z.object({ Name: z.string(), Creator: z.object({ Name: z.string() }).nullable() });
type Room = z.infer<typeof roomShape>;
const messageShape = z.object({
  ...{ user: z.string(), room: z.string(), isNotification: z.boolean(), value: z.string(), serverTime: z.string() },
});
const userParams = z.object({ user: z.string() });
const roomParams = z.object({ room: z.string() });
const bothParams = z.object({ room: z.string(), user: z.string() });

/** Parts that the calls of document 003 need. */
export interface Document003Deps {
  readonly store: GuestStore;
  readonly door: Pick<GuestDoor, 'actionsOf' | 'tellRooms'>;
  /** Whether guests are let in. */
  readonly isOpen: boolean;
}

function wireRoom({ name, ownerId }: PublicRoom): Room {
  const folded = name.toLowerCase();
  return { Name: folded, Creator: folded === general ? null : { Name: guestDoorName(ownerId) } };
}

/** The HTTP calls of document 003. */
class RoomCalls {
  readonly #deps: Document003Deps;

  constructor(deps: Document003Deps) {
    this.#deps = deps;
  }

  /** Returns the rooms by their names; `general` comes first. */
  async #rooms(): Promise<{ readonly ids: ReadonlySet<number>; readonly room: Room }[]> {
    if (!this.#deps.isOpen) throw refuse('no-guests');
    const found = new Map<string, { readonly ids: Set<number>; readonly room: Room }>();
    found.set(general, { ids: new Set(), room: { Name: general, Creator: null } });
    for (const one of await this.#deps.store.rooms()) {
      const room = wireRoom(one);
      const known = found.get(room.Name) ?? { ids: new Set<number>(), room };
      found.set(room.Name, known);
      known.ids.add(one.id);
    }
    return [...found.values()];
  }

  async list(): Promise<Room[]> {
    return (await this.#rooms()).map(({ room }) => room);
  }

  async listFor(user: string): Promise<{ Room: Room; UserIsParticipant: boolean }[]> {
    const rooms = await this.#rooms();
    const guest = await this.#deps.store.find(foldedName(user));
    const joined = guest === undefined ? [] : await this.#deps.store.channelsOf(guest.userId);
    return rooms.map(({ ids, room }) => ({ Room: room, UserIsParticipant: joined.some((id) => ids.has(id)) }));
  }

  async messages(name: string): Promise<RoomMessage[]> {
    if (!this.#deps.isOpen) throw refuse('no-guests');
    const room = await this.#deps.store.room(foldedName(name), false);
    if (room === undefined) return [];
    const history = await this.#deps.store.messages(room.id, mostMessages);
    if (history === undefined) return [];
    const { createdAtMs, messages } = history;
    const { Name, Creator } = wireRoom(room);
    const said = messages.map(({ senderId, sentAtMs, ...content }) => {
      const value = shownText({ ...content, deleted: false });
      return {
        user: guestDoorName(senderId),
        room: Name,
        isNotification: false,
        value,
        serverTime: serverTime(sentAtMs),
      };
    });
    return Creator === null || said.length === mostMessages
      ? said
      : [createdRoom(Creator.Name, Name, createdAtMs), ...said];
  }

  async join(room: string, user: string, address: string): Promise<void> {
    const { store, door } = this.#deps;
    const actions = await door.actionsOf((await this.#guest(user, address)).userId);
    const name = foldedName(room);
    const known = await store.room(name, false);
    if (known !== undefined) await actions.join(known.id);
    else if (name === general) await actions.enter(general, undefined);
    else throw refuse('channel-not-found');
  }

  async create(room: string, user: string, address: string): Promise<void> {
    const { store, door } = this.#deps;
    const actions = await door.actionsOf((await this.#guest(user, address)).userId);
    const name = foldedName(room);
    await store.whileNamed(name, async () => {
      if (name === general || (await store.room(name, false)) !== undefined) throw refuse('room-name-taken');
      await actions.create(name);
    });
    door.tellRooms();
  }

  /** Returns the guest of a name. The call must come from the network of its socket. */
  async #guest(user: string, address: string) {
    if (!this.#deps.isOpen) throw refuse('no-guests');
    const guest = await this.#deps.store.find(foldedName(user));
    if (guest === undefined) throw refuse('user-not-found');
    if (networkOf(guest.network) !== networkOf(addressKey(address))) throw refuse('not-your-guest');
    return guest;
  }
}

const ipv6Loopback = addressKey('::1');

/** Returns a network, with all loopback addresses as one: a browser may use either family. */
function networkOf(network: string): string {
  return network === ipv6Loopback || isLoopback(network) ? 'loopback' : network;
}

function routesOf(calls: RoomCalls): Readonly<Record<string, readonly ApiRoute[]>> {
  const get = { method: 'GET', tag, isPublic: true } as const;
  const post = { method: 'POST', tag, isPublic: true, status: 200 } as const;
  return {
    '/rooms': [
      route({ ...get, path: '', summary: 'Lists the rooms.', answer: z.array(roomShape), run: () => calls.list() }),
      route({
        ...{ ...get, path: '/{user}', summary: 'Lists the rooms, and whether a user is in each.', params: userParams },
        answer: z.array(z.object({ Room: roomShape, UserIsParticipant: z.boolean() })),
        run: ({ params: { user } }) => calls.listFor(user),
      }),
    ],
    '/room': [
      route({
        ...{ ...get, path: '/{room}/messages', summary: 'Returns the last messages, the oldest first.' },
        params: roomParams,
        answer: z.array(messageShape),
        run: ({ params: { room } }) => calls.messages(room),
      }),
    ],
    '/join-room': [
      route({
        ...{ ...post, path: '/{room}/{user}', summary: 'Makes a user join a room.', params: bothParams },
        run: ({ params: { room, user }, address }) => calls.join(room, user, address),
      }),
    ],
    '/create-room': [
      route({
        ...{ ...post, path: '/{room}/{user}', summary: 'Makes a user create a room.', params: bothParams },
        run: ({ params: { room, user }, address }) => calls.create(room, user, address),
      }),
    ],
  };
}

/** Returns an error as document 003 has it: a line of text. */
function problemOf({ reason, message }: Refusal) {
  const text = texts[reason];
  const status = text === undefined ? refusals[reason].http : 500;
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text ?? message}\n` };
}

/** Returns the HTTP calls of document 003. */
export function document003Forms(deps: Document003Deps): ApiForm[] {
  const tokenOf = () => '';
  return Object.entries(routesOf(new RoomCalls(deps))).map(([prefix, routes]) => ({
    prefix,
    routes,
    problemOf,
    tokenOf,
  }));
}
