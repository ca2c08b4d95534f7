import {
  Channel,
  type ChannelKind,
  ChannelService,
  channelSettings,
  ListChannelsRequest,
  UpdateChannelRequest,
  User,
} from '@parley/contract';
import { limits } from '@parley/runtime';
import * as z from 'zod';
import { type ApiRequest, route } from '../api/route.js';
import {
  channelJson,
  channelKindWords,
  channelShape,
  chatJson,
  chatShape,
  retentionOfJson,
  retentionShape,
} from './channel-shape.js';
import {
  askedPage,
  channelParams,
  flagField,
  nextField,
  nextOf,
  pageFields,
  pageQuery,
  present,
  servedText,
  textUpTo,
  userParams,
} from './fields.js';
import { ifMatch } from './headers.js';

const tag = 'channels';

/** Settings that `Create` and `Update` have in common. */
const settingFields = {
  name: servedText.name.optional(),
  description: z.string().optional().meta({ maxLength: channelSettings.description.max }),
  limit: z.int().min(1).max(10_000).optional().meta({ description: 'maximum number of seats or members' }),
  slow_mode_s: z.int().min(0).max(21_600).optional(),
  retention: retentionShape.optional(),
  metadata: textUpTo(limits.metadataJsonBytes).optional().meta({ description: 'a JSON object as text' }),
};
type SettingValues = z.infer<z.ZodObject<typeof settingFields>>;

function settingsOf({ name, description, limit, slow_mode_s: slowModeS, ...rest }: SettingValues) {
  const { retention, metadata } = rest;
  return present({
    ...{ name, description, limit, slowModeS, metadata },
    retention: retention === undefined ? undefined : retentionOfJson(retention),
  });
}

const kindField = channelKindWords.schema;
const asKind = (word: z.infer<typeof kindField>) => channelKindWords.numberOf(word) as ChannelKind;

const overview = route({
  ...{ method: 'GET', path: '/chats', tag: 'chats' },
  summary: 'Lists the chats of the caller with last message, unread counts and receipts, the most active first.',
  query: pageQuery,
  answer: z.strictObject({
    chats: z.array(chatShape),
    next: nextField,
    inbox: z.string().meta({ description: 'position for /events?after=, from which the events continue' }),
  }),
  run: async ({ calls, query }) => {
    const { chats, next, inbox } = await calls.overview(askedPage(query));
    return { chats: chats.map(chatJson), next: nextOf(next), inbox };
  },
});

const listChannels = route({
  ...{ method: 'GET', path: '/channels', tag },
  summary:
    'Lists the channels that anyone can enter or join, or with `mine` those of the caller, the most active first.',
  query: z.strictObject({
    mine: flagField.optional(),
    name: textUpTo(limits.nameCharacters)
      .min(1)
      .optional()
      .meta({ description: 'only channels of this name, ignoring case' }),
    ...pageFields,
  }),
  answer: z.strictObject({ channels: z.array(channelShape), next: nextField }),
  run: async ({ calls, query: { mine = false, name = '', ...page } }) => {
    const request = ListChannelsRequest.fromPartial({ mine, name, page: askedPage(page) });
    const { channels, next } = await calls.managers(ChannelService.listChannels, request);
    return { channels: channels.map(channelJson), next: nextOf(next) };
  },
});

const create = route({
  ...{ method: 'POST', path: '/channels', tag, status: 201 },
  summary: 'Creates a room, a group, or a public or private chat. The caller becomes its owner.',
  body: z.strictObject({
    ...settingFields,
    name: servedText.name,
    kind: z.enum(['room', 'group', 'public', 'private']).optional().meta({ description: 'default: room' }),
    closed_history: z.boolean().optional().meta({ description: 'members see only what comes after they joined' }),
  }),
  answer: channelShape,
  run: async ({ calls, body, setHeader }) => {
    const { kind, closed_history: closedHistory, ...settings } = body;
    const asked = { ...settingsOf(settings), ...(kind && { kind: asKind(kind) }), ...present({ closedHistory }) };
    const channel = await calls.managers(ChannelService.create, Channel.fromPartial(asked));
    setHeader('location', `/api/v1/channels/${channel.id}`);
    return channelJson(channel);
  },
});

const openDirect = route({
  ...{ method: 'PUT', path: '/users/{user_id}/direct-chat', tag: 'chats' },
  summary: 'Returns the direct chat with a user, and creates it if there is none.',
  params: userParams,
  answer: channelShape,
  run: async ({ calls, params: { user_id: id } }) =>
    channelJson(await calls.managers(ChannelService.openDirect, User.fromPartial({ id }))),
});

async function read({
  calls,
  params,
}: Pick<ApiRequest<z.infer<typeof channelParams>, unknown, unknown>, 'calls' | 'params'>) {
  return channelJson(await calls.channel(params.channel_id));
}

const readChannel = route({
  ...{ method: 'GET', path: '/channels/{channel_id}', tag },
  summary: 'Returns one channel, with the users in it now.',
  params: channelParams,
  answer: channelShape,
  run: read,
});

const update = route({
  ...{ method: 'PATCH', path: '/channels/{channel_id}', tag },
  summary: 'Changes settings of a channel. Fields that are missing stay as they are.',
  headers: ifMatch('the channel'),
  params: channelParams,
  body: z.strictObject({ ...settingFields, kind: z.enum(['public', 'private']).optional() }),
  answer: channelShape,
  current: read,
  run: async ({ calls, params: { channel_id: id }, body: { kind, ...settings } }) => {
    const change = { id, ...settingsOf(settings), ...(kind && { kind: asKind(kind) }) };
    return channelJson(await calls.managers(ChannelService.update, UpdateChannelRequest.fromPartial(change)));
  },
});

const remove = route({
  ...{ method: 'DELETE', path: '/channels/{channel_id}', tag },
  summary: 'Deletes a channel, for its owner or an operator.',
  headers: ifMatch('the channel'),
  params: channelParams,
  current: read,
  run: async ({ calls, params: { channel_id: id } }) => {
    await calls.managers(ChannelService.delete, Channel.fromPartial({ id }));
  },
});

const listen = route({
  ...{ method: 'POST', path: '/channels/{channel_id}/seats', tag, status: 201 },
  summary: 'Reserves a seat, for a client that connects to the chat server itself over gRPC.',
  params: channelParams,
  answer: z.strictObject({ address: z.string(), tls: z.boolean(), token: z.string(), connect_by: z.string() }),
  run: async ({ calls, params: { channel_id: id } }) => {
    const { server, token, connectBy } = await calls.managers(ChannelService.listen, Channel.fromPartial({ id }));
    const { addr = '', tls = false } = server ?? {};
    return { address: addr, tls, token, connect_by: new Date(connectBy).toISOString() };
  },
});

/** Channels of every kind, and the chats of the caller. */
export const channelRoutes = [overview, listChannels, create, openDirect, readChannel, update, remove, listen];
