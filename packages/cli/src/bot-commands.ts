import type { ParleyClient } from '@parley/client';
import type { BotCommand } from '@parley/contract';
import { textTable } from '@parley/runtime';
import { usage } from './failure.js';
import { findOnly } from './find-channel.js';
import { firstOf } from './first-of.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** Maximum number of commands that the list prints. */
const mostListed = 1_000;

/** Returns the commands of the bots in a chat. */
export function commandsIn(client: ParleyClient, channelId: number): Promise<readonly BotCommand[]> {
  const onMore = () => output.complain(`* there are more than ${mostListed} commands; the list shows the first ones`);
  return firstOf(client.bots.commands(channelId), mostListed, onMore);
}

/** Returns commands as a table, or a sentence if there are none. */
export function commandTable(commands: readonly BotCommand[]): string {
  if (commands.length === 0) return 'The bots of this chat have no commands.';
  const rows = commands.map(({ name, botId, description }) => [`/${name}`, botId, description].map(terminalLine));
  return textTable(['command', 'bot', 'what it does'], rows);
}

/** Lists the commands of the bots in a chat. */
export async function commands(session: CommandSession, wanted: string): Promise<void> {
  const client = await session.loggedIn();
  const found = await commandsIn(client, (await findOnly(client, wanted)).id);
  const values = found.map(({ botId, botName, ...rest }) => ({ ...rest, bot_id: botId, bot_name: botName }));
  session.print(commandTable(found), values);
}

/** Parses `name=description`. */
function commandOf(pair: string): Pick<BotCommand, 'name' | 'description'> {
  const at = pair.indexOf('=');
  if (at === -1) throw usage(`Write each command as name=description, not ${JSON.stringify(pair)}.`);
  return { name: pair.slice(0, at), description: pair.slice(at + 1) };
}

/** Replaces the commands of a bot. */
export async function setCommands(session: CommandSession, botId: string, pairs: readonly string[]): Promise<void> {
  const given = pairs.map(commandOf);
  await (await session.loggedIn()).bots.setCommands(given, { botId });
  const words = given.length === 0 ? 'no commands' : given.map(({ name }) => `/${name}`).join(', ');
  session.print(`The bot ${terminalLine(botId)} now handles ${words}.`, { id: botId, commands: given });
}
