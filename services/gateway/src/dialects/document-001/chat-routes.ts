import { ChannelKind } from '@parley/contract';
import { type Refusal, refuse } from '@parley/runtime';
import * as z from 'zod';
import { type ApiRoute, route } from '../../api/route.js';
import { channelIdText } from '../../rest/fields.js';
import { ChatEditor } from './chat-editor.js';
import { chatsWithMembers } from './chat-list.js';
import { type Directory, maxMembersShown } from './directory.js';
import type { NewChats } from './new-chats.js';
import { chatSchema, wireChat } from './shapes.js';

const tag = 'chats';
const chatParams = z.object({ chat_id: channelIdText });
const numberField = z.int().min(1).max(2_147_483_647);
/** Words for a public channel. With any other word, the field `public` decides. */
const publicWord = /^public_?channel$/i;
const leastNameCharacters = 3;
const mostWithoutName = 8;

const chatFields = z.object({
  name: z.string().nullish(),
  members: z.array(numberField).max(maxMembersShown).nullish(),
  users: z.array(numberField).max(maxMembersShown).nullish(),
  user_id: numberField.nullish().meta({ description: 'the other user of a single chat' }),
  public: z.boolean().nullish(),
  type: z.string().nullish().meta({ description: 'follows from name, members and public' }),
  chatType: z.string().nullish(),
});
type ChatFields = z.infer<typeof chatFields>;

function invalidChat(message: string): Refusal {
  return refuse('invalid-channel', { message });
}

/** Returns whether a request asks for a public channel, or undefined if it does not say. */
function asksForPublic({ public: flag, type, chatType }: ChatFields): boolean | undefined {
  if (flag != null) return flag;
  const word = type ?? chatType;
  return word == null ? undefined : publicWord.test(word);
}

/** Returns the numbers of the members that a request names, each once, or undefined if it names none. */
function namedMembers({ members, users, user_id: other }: ChatFields, me: number): number[] | undefined {
  const named = members ?? users ?? (other == null ? undefined : [me, other]);
  return named == null ? undefined : [...new Set(named)];
}

/**
 * Checks the members of a new chat by the rules of document 001. @throws {Refusal}
 * `invalid-channel`.
 */
function checkMembers(numbers: readonly number[], hasName: boolean, me: number): void {
  if (numbers.length < 2) throw invalidChat('A chat has at least 2 members.');
  if (!numbers.includes(me)) throw invalidChat('You must be a member of the chat.');
  if (!hasName && numbers.length > mostWithoutName)
    throw invalidChat(`A chat with more than ${mostWithoutName} members needs a name.`);
}

/** Returns the name of a request, or undefined if it has none. @throws {Refusal} `invalid-channel`. */
function nameIn({ name }: ChatFields): string | undefined {
  if (name == null) return undefined;
  if ([...name.trim()].length < leastNameCharacters)
    throw invalidChat(`The name of a chat has at least ${leastNameCharacters} characters.`);
  return name;
}

function listRoute(directory: Directory): ApiRoute {
  return route({
    ...{ method: 'GET', path: '/chats', tag },
    summary: 'Lists the chats of the caller, the most active first.',
    answer: z.array(chatSchema),
    run: async ({ calls }) => {
      const chats = await chatsWithMembers(calls, directory);
      return chats.map(({ channel, members }) => {
        const numbers = members.map(({ number }) => number);
        return wireChat(channel, numbers);
      });
    },
  });
}

function createRoute(directory: Directory, newChats: NewChats): ApiRoute {
  return route({
    ...{ method: 'POST', path: '/chats', tag, status: 201 },
    summary: 'Creates a chat. Its kind follows from name, members and public.',
    body: chatFields,
    answer: chatSchema,
    run: async ({ calls, body }) => {
      const me = await calls.me();
      const name = nameIn(body);
      const numbers = namedMembers(body, me.number) ?? [];
      checkMembers(numbers, name !== undefined, me.number);
      const others = await directory.usersOf(
        calls,
        numbers.filter((number) => number !== me.number),
      );
      const editor = new ChatEditor(calls, directory);
      const [other] = others;
      const isSingle = name === undefined && others.length === 1 && other !== undefined;
      const kind = asksForPublic(body) === true ? ChannelKind.PUBLIC : ChannelKind.PRIVATE;
      const make = isSingle
        ? () => editor.openSingle(other)
        : () => editor.create(name === undefined ? ChannelKind.GROUP : kind, name, others);
      return editor.show(await newChats.create(me.number, make));
    },
  });
}

function readRoute(directory: Directory): ApiRoute {
  return route({
    ...{ method: 'GET', path: '/chats/{chat_id}', tag },
    summary: 'Returns one chat of the caller.',
    params: chatParams,
    answer: chatSchema,
    run: async ({ calls, params: { chat_id: id } }) => {
      const editor = new ChatEditor(calls, directory);
      return editor.show(await editor.read(id));
    },
  });
}

function changeRoute(directory: Directory): ApiRoute {
  return route({
    ...{ method: 'PATCH', path: '/chats/{chat_id}', tag },
    summary: 'Changes name, members or publicity of a chat. `members` are all members from then on.',
    params: chatParams,
    body: chatFields,
    answer: chatSchema,
    run: async ({ calls, params: { chat_id: id }, body }) => {
      const me = await calls.me();
      const editor = new ChatEditor(calls, directory);
      const channel = await editor.read(id);
      const [name, isForAll, numbers] = [nameIn(body), asksForPublic(body), namedMembers(body, me.number)];
      if (numbers !== undefined) checkMembers(numbers, true, me.number);
      const members = numbers && (await directory.usersOf(calls, numbers));
      const kind = isForAll === true ? ChannelKind.PUBLIC : ChannelKind.PRIVATE;
      if (members !== undefined) await editor.setMembers(channel, members);
      if (name !== undefined && name !== channel.name) await editor.rename(id, name);
      if (isForAll !== undefined && kind !== channel.kind) await editor.setKind(id, kind);
      return editor.show(await editor.read(id));
    },
  });
}

function deleteRoute(directory: Directory): ApiRoute {
  return route({
    ...{ method: 'DELETE', path: '/chats/{chat_id}', tag },
    summary: 'Deletes a chat of which the caller is the owner.',
    params: chatParams,
    run: async ({ calls, params: { chat_id: id } }) => {
      const editor = new ChatEditor(calls, directory);
      await editor.read(id);
      await editor.delete(id);
    },
  });
}

/** Routes of document 001 for chats. */
export function chatRoutesOf(directory: Directory, newChats: NewChats): ApiRoute[] {
  return [
    listRoute(directory),
    createRoute(directory, newChats),
    readRoute(directory),
    changeRoute(directory),
    deleteRoute(directory),
  ];
}
