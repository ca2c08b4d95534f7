import {
  type BotCommand,
  ChannelService,
  CreateBotRequest,
  ListBotsRequest,
  ListCommandsRequest,
  SetBotCommandsRequest,
  User,
  UserService,
} from '@parley/contract';
import { limits } from '@parley/runtime';
import * as z from 'zod';
import { route } from '../api/route.js';
import {
  askedPage,
  channelIdField,
  channelIdText,
  channelParams,
  nextField,
  nextOf,
  pageFields,
  pageQuery,
  present,
  servedText,
  textUpTo,
  userParams,
} from './fields.js';
import { userJson, userShape } from './user-shape.js';

const createBot = route({
  ...{ method: 'POST', path: '/bots', tag: 'bots', status: 201 },
  summary: 'Creates an account for a program. Its token does not expire and is not shown again.',
  body: z.strictObject({
    user_id: servedText.userId,
    name: servedText.name.optional(),
    channel_id: channelIdField.optional().meta({ description: 'the only channel it may be in' }),
  }),
  answer: z.strictObject({ user: userShape, token: z.string() }),
  run: async ({ calls, body: { user_id: userId, name, channel_id: channelId } }) => {
    const request = CreateBotRequest.fromPartial(present({ userId, name, channelId }));
    const { user, token } = await calls.users(UserService.createBot, request);
    return { user: userJson(user ?? User.create()), token };
  },
});

const botShape = userShape.extend({ created_by: z.string() }).meta({ id: 'Bot' });

const listBots = route({
  ...{ method: 'GET', path: '/bots', tag: 'bots' },
  summary: 'Lists the bots of a channel. Operators can leave out the channel, to list all bots.',
  query: z.strictObject({ channel_id: channelIdText.optional(), ...pageFields }),
  answer: z.strictObject({ bots: z.array(botShape), next: nextField }),
  run: async ({ calls, query }) => {
    const request = ListBotsRequest.fromPartial({ channelId: query.channel_id ?? 0, page: askedPage(query) });
    const { users, next } = await calls.users(UserService.listBots, request);
    return { bots: users.map((bot) => ({ ...userJson(bot), created_by: bot.createdBy })), next: nextOf(next) };
  },
});

const revokeBot = route({
  ...{ method: 'DELETE', path: '/bots/{user_id}', tag: 'bots' },
  summary: 'Ends a bot permanently.',
  params: userParams,
  run: async ({ calls, params: { user_id: id } }) => {
    await calls.users(UserService.revokeBot, User.fromPartial({ id }));
  },
});

const commandFields = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9_-]+$/)
    .max(limits.commandNameCharacters),
  description: textUpTo(limits.commandDescriptionCharacters).meta({ pattern: '\\S' }),
});

const setCommands = route({
  ...{ method: 'PUT', path: '/bots/{user_id}/commands', tag: 'bots' },
  summary: 'Replaces the commands that a bot handles. For the bot itself, and for users who may end it.',
  params: userParams,
  body: z.strictObject({ commands: z.array(commandFields).max(limits.commandsPerBot) }),
  run: async ({ calls, params: { user_id: botId }, body: { commands } }) => {
    await calls.users(UserService.setBotCommands, SetBotCommandsRequest.fromPartial({ botId, commands }));
  },
});

const commandShape = commandFields.extend({ bot_id: z.string(), bot_name: z.string() }).meta({ id: 'BotCommand' });

function commandJson({ name, description, botId, botName }: BotCommand): z.infer<typeof commandShape> {
  return { name, description, bot_id: botId, bot_name: botName };
}

const listCommands = route({
  ...{ method: 'GET', path: '/channels/{channel_id}/commands', tag: 'bots' },
  summary: 'Lists the commands of the bots in a chat, for its members.',
  params: channelParams,
  query: pageQuery,
  answer: z.strictObject({ commands: z.array(commandShape), next: nextField }),
  run: async ({ calls, params: { channel_id: channelId }, query }) => {
    const request = ListCommandsRequest.fromPartial({ channelId, page: askedPage(query) });
    const { commands, next } = await calls.managers(ChannelService.listCommands, request);
    return { commands: commands.map(commandJson), next: nextOf(next) };
  },
});

/** Bots and their commands. */
export const botRoutes = [createBot, listBots, revokeBot, setCommands, listCommands];
