import type { ParleyClient } from '@parley/client';
import type { User } from '@parley/contract';
import { Refusal, textTable } from '@parley/runtime';
import { setCommands } from './bot-commands.js';
import { exitCodes, Failure, usage } from './failure.js';
import { findOnly } from './find-channel.js';
import { firstOf } from './first-of.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';
import { seenWords, userValue } from './user-table.js';

/** The options of `bots`. */
export interface BotOptions {
  /** Id of a bot to create. */
  readonly create?: string;
  readonly name?: string;
  /** Id of a bot that gets other commands. */
  readonly bot?: string;
  /** The commands, each as `name=description`; true: none. */
  readonly commands?: readonly string[] | true;
  /** Id of a bot to end. */
  readonly revoke?: string;
}

/** Maximum number of bots that the list prints. */
const mostListed = 1_000;

/** Returns the id of the named channel. Without a name, returns no id, which means all channels. */
async function channelOf(client: ParleyClient, wanted: string | undefined): Promise<{ channelId?: number }> {
  return wanted === undefined ? {} : { channelId: (await findOnly(client, wanted)).id };
}

function botTable(bots: readonly User[]): string {
  const rows = bots.map((bot) => [
    terminalLine(bot.id),
    terminalLine(bot.name),
    terminalLine(bot.createdBy),
    seenWords(bot),
  ]);
  return textTable(['id', 'name', 'created by', 'seen'], rows);
}

function botValue(bot: User) {
  return { ...userValue(bot), created_by: bot.createdBy || undefined };
}

async function listBots(session: CommandSession, wanted: string | undefined): Promise<void> {
  const client = await session.loggedIn();
  const onMore = () => output.complain(`* there are more than ${mostListed} bots; the list shows the first ones by id`);
  const bots = await firstOf(client.bots.list(await channelOf(client, wanted)), mostListed, onMore);
  const none = wanted === undefined ? 'There are no bots.' : 'This channel has no bots.';
  session.print(bots.length === 0 ? none : botTable(bots), bots.map(botValue));
}

async function createBot(session: CommandSession, wanted: string | undefined, id: string, name = id): Promise<void> {
  const client = await session.loggedIn();
  const channel = await channelOf(client, wanted);
  const { token } = await client.bots.create(id, { name, ...channel }).catch((thrown: unknown) => {
    if (!(thrown instanceof Refusal) || thrown.reason !== 'user-id-taken') throw thrown;
    throw new Failure(thrown.reason, exitCodes.refused, thrown.message); // A bot does not log in, so advice to log in would be wrong.
  });
  const where = wanted === undefined ? '' : `, which may be only in channel ${channel.channelId}`;
  const words = `Created the bot ${terminalLine(id)}${where}. Its token is not shown again:\n${terminalLine(token)}`;
  session.print(words, { id, name, channel_id: channel.channelId, token });
}

/** Lists the bots of one channel or of all channels, or creates, changes or revokes a bot. */
export async function bots(
  session: CommandSession,
  wanted: string | undefined,
  { create, name, bot, commands, revoke }: BotOptions,
): Promise<void> {
  if ([create, bot, revoke].filter((id) => id !== undefined).length > 1)
    throw usage('Give only one of --create, --bot and --revoke.');
  if ((bot === undefined) !== (commands === undefined)) throw usage('Give --bot and --commands together.');
  if (bot !== undefined) return setCommands(session, bot, commands === true ? [] : (commands ?? []));
  if (name !== undefined && create === undefined) throw usage('--name works only with --create. Give both.');
  if (create !== undefined) return createBot(session, wanted, create, name);
  if (revoke === undefined) return listBots(session, wanted);
  await (await session.loggedIn()).bots.revoke(revoke);
  session.print(`The bot ${terminalLine(revoke)} has ended for good.`, { id: revoke, revoked: true });
}
